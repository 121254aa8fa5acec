"""An episode as a run folder keeps it: with its place in the run, tokens, seconds and categories of errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

from rlef_env.episodes import Episode, Turn, episode_from_row, episode_to_row
from rlef_env.judge import Verdict
from rlef_env.problems.parsing.fields import Field
from rlef_env.runs.facts import EpisodeFacts, ProblemFacts, TurnFacts

__all__ = [
    "EpisodeKey",
    "EpisodeRecord",
    "Phase",
    "TurnExtra",
    "facts_of",
    "program_hash",
    "record_from_row",
    "record_line",
    "record_to_row",
]

Phase = Literal["evaluate", "train", "play"]
"""What an episode was played for."""

_ADVICE: Final = "was this file written by a run folder?"
_NOT_RUN: Final = (Verdict.NO_PROGRAM, Verdict.NO_VERDICT)


class EpisodeKey(NamedTuple):
    """What tells the episodes of a run apart. A second record with the same key replaces the first."""

    phase: str
    evaluation: str
    step: int | None
    problem_id: str
    sample: int


@dataclass(frozen=True, slots=True)
class TurnExtra:
    """What a run keeps of a turn beside the ``Turn``.

    Attributes:
        category: kind of error (see ``rlef_env.analysis.errors``); None where the turn was not analysed.
        prompt_tokens: tokens that the model read; None where unknown.
        completion_tokens: tokens that the model wrote; None where unknown.
        seconds: wall time until the agent had answered.
        values: further numbers by name, such as ``"advantage"`` and ``"kl"`` of training; ``"executions"`` are runs of
            a program on a test that the agent has asked for itself.
    """

    category: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """An episode of a run.

    Attributes:
        episode: the episode. It has ended, or it stopped because no further response fitted into the context.
        sample: its number among the episodes of its problem, from 0.
        phase: what it was played for.
        evaluation: name of the evaluation set; empty where the run has one.
        step: number of updates that the policy had; None outside of training.
        attempt: how often this episode was played before without a verdict.
        seconds: wall time of the episode.
        turns: one for each turn of the episode; empty where nothing more is known.
    """

    episode: Episode
    sample: int = 0
    phase: Phase = "evaluate"
    evaluation: str = ""
    step: int | None = None
    attempt: int = 0
    seconds: float = 0.0
    turns: tuple[TurnExtra, ...] = ()

    @property
    def key(self) -> EpisodeKey:
        """What tells this episode apart from the others of its run."""
        return EpisodeKey(self.phase, self.evaluation, self.step, self.episode.problem_id, self.sample)

    @property
    def has_verdict(self) -> bool:
        """False where the judge itself failed."""
        return not self.episode.truncated

    def extras(self) -> tuple[TurnExtra, ...]:
        """Return one ``TurnExtra`` for each turn, empty ones where nothing more is known."""
        return self.turns or (TurnExtra(),) * len(self.episode.turns)


def facts_of(record: EpisodeRecord, problem: ProblemFacts | None = None) -> EpisodeFacts:
    """Return what analyses count of a record.

    Args:
        record: the record.
        problem: facts about its problem; only its id is known if None.
    """
    episode = record.episode
    return EpisodeFacts(
        problem=problem or ProblemFacts(episode.problem_id, cluster=episode.problem_id),
        sample=record.sample,
        phase=record.phase,
        evaluation=record.evaluation,
        step=record.step,
        max_turns=int(episode.settings.get("max_turns", len(episode.turns))),
        solved_at=episode.solved_at or 0,
        has_verdict=record.has_verdict,
        turns=tuple(
            _turn_facts(number, turn, extra)
            for number, (turn, extra) in enumerate(zip(episode.turns, record.extras(), strict=True), start=1)
        ),
        seconds=record.seconds,
    )


def _turn_facts(number: int, turn: Turn, extra: TurnExtra) -> TurnFacts:
    judgement = turn.judgement
    return TurnFacts(
        turn=number,
        verdict=judgement.verdict.value,
        # Where the judge failed, its own reason says more than that there is no verdict.
        category=judgement.category or extra.category
        if judgement.verdict is Verdict.NO_VERDICT
        else extra.category or judgement.category,
        reward=turn.reward,
        passed_public=_passed_public(turn),
        program=None if turn.program is None else program_hash(turn.program),
        cpu_seconds=judgement.cpu_seconds,
        prompt_tokens=extra.prompt_tokens,
        completion_tokens=extra.completion_tokens,
        seconds=extra.seconds,
        executions=len(judgement.results) + int(extra.values.get("executions", 0)),
    )


def _passed_public(turn: Turn) -> bool:
    """Return whether the program passed every public test. True for an accepted one of a problem without any."""
    judgement = turn.judgement
    if judgement.verdict is Verdict.ACCEPTED:
        return True
    public = [result.verdict is Verdict.ACCEPTED for result in judgement.results if result.role == "public"]
    return bool(judgement.results) and judgement.verdict not in _NOT_RUN and all(public)


def program_hash(program: str) -> str:
    """Return 16 hexadecimal digits, equal for equal programs; white space at the ends does not count."""
    return hashlib.sha256(program.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- rows ------------------------------------------------------------------------------------------------------------


def record_to_row(record: EpisodeRecord) -> dict[str, Any]:
    """Return a record as plain JSON values."""
    return {
        "phase": record.phase,
        "evaluation": record.evaluation,
        "step": record.step,
        "sample": record.sample,
        "attempt": record.attempt,
        "seconds": record.seconds,
        "turns": [
            {
                "category": extra.category,
                "prompt_tokens": extra.prompt_tokens,
                "completion_tokens": extra.completion_tokens,
                "seconds": extra.seconds,
                "values": dict(extra.values),
            }
            for extra in record.turns
        ],
        "episode": episode_to_row(record.episode),
    }


def record_line(record: EpisodeRecord) -> bytes:
    """Return a record as one line of JSON in ASCII, with its line end.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(record_to_row(record), allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def record_from_row(row: object, where: str = "record") -> EpisodeRecord:
    """Return the record of a row; the inverse of ``record_to_row``.

    Args:
        row: plain JSON values.
        where: name of the row in error messages, e.g. ``"FILE:LINE"``.

    Raises:
        DataError: a field is missing or has the wrong type, or the episode contradicts itself.
    """
    root = Field(row, where)
    phase = root.child("phase")
    if phase.value not in get_args(Phase):
        raise phase.error(f"one of {', '.join(get_args(Phase))}", _ADVICE)
    episode = episode_from_row(root.child("episode").value, f"{where}: episode")
    turns = tuple(_extra(item) for item in root.child("turns").items())
    if turns and len(turns) != len(episode.turns):
        raise root.child("turns").error(f"{len(episode.turns)} items, one for each turn of the episode", _ADVICE)
    step = root.child("step")
    return EpisodeRecord(
        episode=episode,
        sample=_whole(root.child("sample")),
        phase=phase.value,
        evaluation=_text(root.child("evaluation")),
        step=None if step.value is None else _whole(step),
        attempt=_whole(root.child("attempt")),
        seconds=_number(root.child("seconds")),
        turns=turns,
    )


def _extra(field: Field) -> TurnExtra:
    category, values = field.child("category"), field.child("values")
    return TurnExtra(
        category=None if category.value is None else _text(category),
        prompt_tokens=_whole_or_none(field.child("prompt_tokens")),
        completion_tokens=_whole_or_none(field.child("completion_tokens")),
        seconds=_number(field.child("seconds")),
        values={name: _number(values.child(name)) for name in values.table()},
    )


def _text(field: Field) -> str:
    if not isinstance(field.value, str):
        raise field.error("text", _ADVICE)
    return field.value


def _whole(field: Field) -> int:
    if type(field.value) is not int or field.value < 0:
        raise field.error("a whole number of 0 or more", _ADVICE)
    return field.value


def _whole_or_none(field: Field) -> int | None:
    return None if field.value is None else _whole(field)


def _number(field: Field) -> float:
    if type(field.value) not in (int, float):
        raise field.error("a number", _ADVICE)
    return float(field.value)
