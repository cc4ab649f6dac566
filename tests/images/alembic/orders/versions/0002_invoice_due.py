# SPDX-License-Identifier: Apache-2.0
"""Expand: adds a nullable column."""
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("invoices", sa.Column("due", sa.Date, nullable=True))


def downgrade():
    op.drop_column("invoices", "due")
