"""Statistics of evaluations: the problem is the unit, and problems of one contest or family are a cluster."""

from rlef_env.analysis.statistics.difference import Ratio, difference_interval
from rlef_env.analysis.statistics.interval import Interval, mean_interval, ratio_interval
from rlef_env.analysis.statistics.multiplicity import holm
from rlef_env.analysis.statistics.permutation import PermutationTest, permutation_test
from rlef_env.analysis.statistics.power import (
    detectable_difference,
    problems_needed,
    samples_needed,
    sampling_variance,
)

__all__ = [
    "Interval",
    "PermutationTest",
    "Ratio",
    "detectable_difference",
    "difference_interval",
    "holm",
    "mean_interval",
    "permutation_test",
    "problems_needed",
    "ratio_interval",
    "samples_needed",
    "sampling_variance",
]
