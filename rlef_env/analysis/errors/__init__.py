"""Why programs fail: a category for each failed turn, and how categories change over turns and training steps."""

from rlef_env.analysis.errors.categories import CATEGORIES, FAMILIES, Category, family_of
from rlef_env.analysis.errors.categorise import Diagnosis, categorise, diagnose
from rlef_env.analysis.errors.chrf import chrf, edit_similarities
from rlef_env.analysis.errors.contamination import (
    DateDrop,
    DateWindow,
    Overlap,
    date_drop,
    reference_overlaps,
    solved_by_date,
)
from rlef_env.analysis.errors.flows import Flow, Repair, repairs, verdict_flows
from rlef_env.analysis.errors.problem_clusters import ProblemCluster, cluster_problems
from rlef_env.analysis.errors.shares import Grouping, TurnGroup, category_of, group_turns, share_interval
from rlef_env.analysis.errors.summary import Edits, ErrorSummary, References, edits_by_turn, summarise_errors

__all__ = [
    "CATEGORIES",
    "FAMILIES",
    "Category",
    "DateDrop",
    "DateWindow",
    "Diagnosis",
    "Edits",
    "ErrorSummary",
    "Flow",
    "Grouping",
    "Overlap",
    "ProblemCluster",
    "References",
    "Repair",
    "TurnGroup",
    "categorise",
    "category_of",
    "chrf",
    "cluster_problems",
    "date_drop",
    "diagnose",
    "edit_similarities",
    "edits_by_turn",
    "family_of",
    "group_turns",
    "reference_overlaps",
    "repairs",
    "share_interval",
    "solved_by_date",
    "summarise_errors",
    "verdict_flows",
]
