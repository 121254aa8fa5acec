"""Compares runs on the same problems: is one better, is it no worse, and which problems changed?"""

from rlef_env.analysis.comparison.compare import DEFAULT_MARGIN, assert_no_regression, compare, compare_halves
from rlef_env.analysis.comparison.result import Comparison, MetricDifference, Verdict, worst
from rlef_env.analysis.comparison.several import Comparisons, compare_several

__all__ = [
    "DEFAULT_MARGIN",
    "Comparison",
    "Comparisons",
    "MetricDifference",
    "Verdict",
    "assert_no_regression",
    "compare",
    "compare_halves",
    "compare_several",
    "worst",
]
