"""Generated problems: families of unlimited size, with tests and labelled programs made from a seed."""

from rlef_env.problems.procedural.families import FAMILIES
from rlef_env.problems.procedural.family import Family, FeedbackMode
from rlef_env.problems.procedural.generated import GeneratedProblems, generated_problems, programs_of, variants_of
from rlef_env.problems.procedural.naming import SPLITS, Recipe

__all__ = [
    "FAMILIES",
    "SPLITS",
    "Family",
    "FeedbackMode",
    "GeneratedProblems",
    "Recipe",
    "generated_problems",
    "programs_of",
    "variants_of",
]
