"""Data quality: verify problems with their stored solutions, add tests, and find duplicates in other data."""

from rlef_env.quality.augment import augment
from rlef_env.quality.dedupe import find_duplicates
from rlef_env.quality.verify import verify

__all__ = [
    "augment",
    "find_duplicates",
    "verify",
]
