"""Statistics of evaluations: the problem is the unit, and problems of one contest or family are a cluster."""

from rlef_env.analysis.statistics.interval import Interval, mean_interval, ratio_interval

__all__ = ["Interval", "mean_interval", "ratio_interval"]
