"""Run folders: the episodes of an evaluation, a training run or a person who plays, in one format."""

from rlef_env.runs.facts import EpisodeFacts, ProblemFacts, TurnFacts
from rlef_env.runs.folder import RunFolder
from rlef_env.runs.identity import RunIdentity, judge_version, problem_facts, problem_list
from rlef_env.runs.reader import read_facts, read_records
from rlef_env.runs.record import EpisodeRecord, TurnExtra, facts_of
from rlef_env.runs.tables import connect, query
from rlef_env.runs.writer import EpisodeWriter

__all__ = [
    "EpisodeFacts",
    "EpisodeRecord",
    "EpisodeWriter",
    "ProblemFacts",
    "RunFolder",
    "RunIdentity",
    "TurnExtra",
    "TurnFacts",
    "connect",
    "facts_of",
    "judge_version",
    "problem_facts",
    "problem_list",
    "query",
    "read_facts",
    "read_records",
]
