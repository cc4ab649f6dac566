# SPDX-License-Identifier: Apache-2.0
"""Faults on the wire, and what a controller does with an old picture of the world."""
