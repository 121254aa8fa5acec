"""Data quality: verify problems with their stored solutions, add and order tests, and find duplicates."""

from rlef_env.quality.augment import augment
from rlef_env.quality.dedupe import find_duplicates
from rlef_env.quality.order import order_tests
from rlef_env.quality.verify import verify

__all__ = [
    "augment",
    "find_duplicates",
    "order_tests",
    "verify",
]
