"""Why programs fail: a category for each failed turn, and how categories change over turns and training steps."""

from rlef_env.analysis.errors.categories import CATEGORIES, FAMILIES, Category, family_of
from rlef_env.analysis.errors.categorise import Diagnosis, categorise, diagnose
from rlef_env.analysis.errors.chrf import chrf, edit_similarities

__all__ = [
    "CATEGORIES",
    "FAMILIES",
    "Category",
    "Diagnosis",
    "categorise",
    "chrf",
    "diagnose",
    "edit_similarities",
    "family_of",
]
