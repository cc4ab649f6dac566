# SPDX-License-Identifier: Apache-2.0
"""What a user lives through, on a real node with a real PostgreSQL. Every method is a story of its own."""
