# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: the cluster, what is seen of it, a controller, and the words of a test."""
