"""What an evaluation measures: rates, n@k, pass@k, tokens and CPU time, each with an interval by problem."""

from rlef_env.analysis.metrics.definitions import METRICS, Metric, ProblemRatio, metric_named, standard_metrics
from rlef_env.analysis.metrics.groups import GROUPS, metrics_by
from rlef_env.analysis.metrics.measured import MAX_NO_VERDICT, Metrics, metrics_of
from rlef_env.analysis.metrics.n_at_k import NAtK, check_n_at_k, n_at_k, parse_n_at_k
from rlef_env.analysis.metrics.pass_at_k import pass_at_k

__all__ = [
    "GROUPS",
    "MAX_NO_VERDICT",
    "METRICS",
    "Metric",
    "Metrics",
    "NAtK",
    "ProblemRatio",
    "check_n_at_k",
    "metric_named",
    "metrics_by",
    "metrics_of",
    "n_at_k",
    "parse_n_at_k",
    "pass_at_k",
    "standard_metrics",
]
