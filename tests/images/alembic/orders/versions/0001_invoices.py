# SPDX-License-Identifier: Apache-2.0
"""Creates invoices."""
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("invoices")
