"""Evaluations: an agent plays problems, or responses made elsewhere are judged; every episode is kept."""

from rlef_env.analysis.evaluation.engine import Observer, Played
from rlef_env.analysis.evaluation.evaluate import (
    Evaluation,
    Finished,
    Quiet,
    evaluate,
    make_evaluation,
    new_folder,
    tested_ids,
)
from rlef_env.analysis.evaluation.responses import FORMATS, StoredResponses, read_responses
from rlef_env.analysis.evaluation.schedule import PlannedEpisode, episode_seed

__all__ = [
    "FORMATS",
    "Evaluation",
    "Finished",
    "Observer",
    "PlannedEpisode",
    "Played",
    "Quiet",
    "StoredResponses",
    "episode_seed",
    "evaluate",
    "make_evaluation",
    "new_folder",
    "read_responses",
    "tested_ids",
]
