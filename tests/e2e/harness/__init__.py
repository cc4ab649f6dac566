# SPDX-License-Identifier: Apache-2.0
"""What the stories stand on: the API server, the database, a namespace and a database for each, the report."""
