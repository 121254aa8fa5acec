"""Data quality: verify problems with their stored solutions, add tests, and find duplicates in other data."""

from rlef_env.quality.augment import Augmentation, augment, public_only, survivors
from rlef_env.quality.dedupe import Duplicate, find_duplicates
from rlef_env.quality.verify import RunSolution, classify, verify

__all__ = [
    "Augmentation",
    "Duplicate",
    "RunSolution",
    "augment",
    "classify",
    "find_duplicates",
    "public_only",
    "survivors",
    "verify",
]
