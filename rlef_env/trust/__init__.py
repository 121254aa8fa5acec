"""Can it be trusted? Problems verified by their stored solutions, given more tests, and compared with other data."""

from rlef_env.trust.augment import Augmentation, augment, public_only, survivors
from rlef_env.trust.dedupe import Twin, find_twins
from rlef_env.trust.verify import RunSolution, classify, verify

__all__ = [
    "Augmentation",
    "RunSolution",
    "Twin",
    "augment",
    "classify",
    "find_twins",
    "public_only",
    "survivors",
    "verify",
]
