"""Invariants of episodes: what holds for every episode that an environment made.

A stored episode is judged again by its settings and by which turn was scored, but a file may hold anything. So the
invariants are checked when episodes are read, judged again and replayed. They follow from ``EpisodeDynamics`` and
``ResponsePlan`` (``rlef_env.envs``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.settings import PRIVATE_FEEDBACK_TESTS, ActionProtocol, Feedback, shown_roles
from rlef_env.errors import DataError
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.judgement import UNDECIDED, Measured
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import ROLES

__all__ = ["ISOLATIONS", "NOTHING", "Violation", "check_episode", "episode_violation", "violation_error"]

ISOLATIONS: Final = ("locked", "none")

NOTHING: Final = object()
"""Value of a field that is missing."""


class Violation(NamedTuple):
    """An invariant that an episode violates.

    Attributes:
        field: the field's path, as in a file of episodes, e.g. ``"settings.max_turns"``.
        expected: what the field should be, as text.
        value: what it is; ``NOTHING`` if it is missing.
    """

    field: str
    expected: str
    value: object


def check_episode(episode: Episode) -> None:
    """Check an episode that did not come from a file.

    Raises:
        DataError: the episode violates an invariant; the message names the field.
    """
    violation = episode_violation(episode)
    if violation is not None:
        raise violation_error(violation, f"episode of {episode.problem_id!r}", "was it made by CodeEnv?")


def violation_error(violation: Violation, where: str, advice: str) -> DataError:
    """Return the error for a violation in the episode that ``where`` names."""
    fields = {} if violation.value is NOTHING else {violation.field: violation.value}
    return Field(fields, where).child(violation.field).error(violation.expected, advice)


def episode_violation(episode: Episode) -> Violation | None:
    """Return the first violation of an episode; None if there is none."""
    for violations in (_settings, _judgements, _end, _tests_that_were_run):
        # One after the other, because later invariants assume the earlier ones.
        violation = next(violations(episode), None)
        if violation is not None:
            return violation
    return None


def _whole(minimum: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= minimum


def _number(value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _reward(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, Mapping) and all(map(_number, value.values())))


def _one_of(values: Sequence[object]) -> Callable[[object], bool]:
    return lambda value: type(value) is str and value in values


# Each setting: what it must be, as text, and a function that checks it.
_SETTINGS: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "max_turns": ("a whole number of at least 1", _whole(1)),
    "feedback": (f"one of {', '.join(get_args(Feedback))}", _one_of(get_args(Feedback))),
    "full_grid": ("true or false", lambda value: isinstance(value, bool)),
    "feedback_seed": ("a whole number of at least 0", _whole(0)),
    "split": ("text", lambda value: isinstance(value, str)),
    "reward": ("text, or an object of numbers", _reward),
    "prompt_cap": ("a whole number of at least 0, or null", lambda value: value is None or _whole(0)(value)),
    "feedback_cap": ("a whole number of at least 0, or null", lambda value: value is None or _whole(0)(value)),
    "tokenizer": ("text or null", lambda value: value is None or isinstance(value, str)),
    "protocol": (f"one of {', '.join(get_args(ActionProtocol))}", _one_of(get_args(ActionProtocol))),
    "isolation": (f"one of {', '.join(ISOLATIONS)}", _one_of(ISOLATIONS)),
}
_REQUIRED: Final = ("max_turns", "feedback", "full_grid")  # to judge again; and a seed if feedback is random


def _settings(episode: Episode) -> Iterator[Violation]:
    settings = episode.settings
    random = ("feedback_seed",) if settings.get("feedback") == "random" else ()
    for name, (expected, holds) in _SETTINGS.items():
        value = settings.get(name, NOTHING)
        missing = value is NOTHING and name not in (*_REQUIRED, *random)
        if not missing and not holds(value):
            yield Violation(f"settings.{name}", expected, value)


def _judgements(episode: Episode) -> Iterator[Violation]:
    """Each judgement agrees with its results."""
    for number, turn in enumerate(episode.turns):
        path = f"turns[{number}]."
        judgement = turn.judgement
        if (turn.program is None) != (judgement.verdict is Verdict.NO_PROGRAM):
            expected = "no_program" if turn.program is None else "another verdict, as there is a program"
            yield Violation(f"{path}judgement.verdict", expected, judgement.verdict.value)
        for violation in _judgement(judgement):
            yield violation._replace(field=f"{path}judgement.{violation.field}")


def _judgement(judgement: Judgement) -> Iterator[Violation]:
    results = judgement.results
    if judgement.isolation not in ISOLATIONS:
        yield Violation("isolation", f"one of {', '.join(ISOLATIONS)}", judgement.isolation)
    for index, measured in enumerate(judgement.measured()):
        yield from _result(measured, f"results[{index}].")
    places = [(ROLES.index(result.role), result.index) for result in results]
    for index in range(1, len(places)):
        if places[index] <= places[index - 1]:
            last = results[index - 1]
            yield Violation(f"results[{index}]", f"a test after {last.role} test {last.index}", _name(results[index]))
    if judgement.total < len(results):
        yield Violation("total", f"at least {len(results)}, the number of results", judgement.total)
    if judgement.verdict is Verdict.NO_VERDICT:
        return
    # The first test that certainly fails decides, else the first without a verdict.
    failing = sorted(
        (result for result in results if result.verdict is not Verdict.ACCEPTED),
        key=lambda result: result.verdict is Verdict.NO_VERDICT,
    )
    if failing and (failing[0].verdict, failing[0].category) != (judgement.verdict, judgement.category):
        field = "verdict" if failing[0].verdict is not judgement.verdict else "category"
        yield Violation(field, f"that of {_name(failing[0])}: {_decision(failing[0])}", _decision(judgement))
    if failing:
        return
    if judgement.category is not None:
        yield Violation("category", "null, as no test failed", judgement.category)
    if judgement.verdict is Verdict.NO_PROGRAM:
        if results:
            yield Violation("results", "none, as there is no program", [_name(result) for result in results])
    elif judgement.verdict is not Verdict.ACCEPTED:
        yield Violation("verdict", "a failing test with this verdict", judgement.verdict.value)
    elif judgement.total != len(results):
        yield Violation("total", f"{len(results)}, the number of accepted tests", judgement.total)


def _result(measured: Measured, path: str) -> Iterator[Violation]:
    result, cpu_seconds, peak_bytes = measured
    if result.index < 0:
        yield Violation(f"{path}index", "a whole number of at least 0", result.index)
    if result.verdict is Verdict.NO_PROGRAM:
        yield Violation(f"{path}verdict", "a verdict that a test can have", result.verdict.value)
    if result.verdict is Verdict.ACCEPTED and result.category is not None:
        yield Violation(f"{path}category", "null, as the test was accepted", result.category)
    if cpu_seconds < 0:
        yield Violation(f"{path}cpu_seconds", "at least 0", cpu_seconds)
    if peak_bytes < 0:
        yield Violation(f"{path}peak_bytes", "at least 0", peak_bytes)


def _end(episode: Episode) -> Iterator[Violation]:
    """The episode ends at the turn limit, when the shown tests are passed, or when the judge fails."""
    turns, max_turns = episode.turns, episode.settings["max_turns"]
    if len(turns) > max_turns:
        yield Violation("settings.max_turns", f"at least {len(turns)}, the number of turns", max_turns)
    if episode.terminated and episode.truncated:
        yield Violation("truncated", "false, as the episode is terminated", True)
    lost = [turn.judgement.verdict is Verdict.NO_VERDICT for turn in turns]
    if True in lost[:-1]:
        yield Violation(
            f"turns[{lost.index(True)}].judgement.verdict", "no_verdict at most in the last turn", "no_verdict"
        )
    if episode.truncated != (True in lost[-1:]):
        expected = "true where the last turn has no verdict, else false"
        yield Violation("truncated", expected, episode.truncated)
    ends = [
        number
        for number, turn in enumerate(turns, start=1)
        if number == max_turns or _passed(turn, episode.settings["feedback"])
    ]
    if ends and ends[0] < len(turns):
        yield Violation("turns", f"no turn after turn {ends[0]}, which passed the shown tests", len(turns))
    if not episode.truncated and episode.terminated != bool(ends):
        expected = "true where the turn limit is reached or the shown tests are passed, else false"
        yield Violation("terminated", expected, episode.terminated)


def _tests_that_were_run(episode: Episode) -> Iterator[Violation]:
    """Turns before the last are judged on the shown tests only; the last one stops at the first failure."""
    settings = episode.settings
    roles = shown_roles(settings["feedback"])
    for number, turn in enumerate(episode.turns):
        path, results = f"turns[{number}].judgement.results", turn.judgement.results
        scored = number == len(episode.turns) - 1 and episode.ended
        shown = _shown(turn, settings["feedback"])
        if len(shown) < len(results) and not scored:
            expected = f"a shown test ({', '.join(roles)}), as this turn was not scored"
            yield Violation(f"{path}[{len(shown)}]", expected, _name(results[len(shown)]))
        verdicts = [result.verdict for result in results]
        failed = any(verdict not in UNDECIDED for verdict in verdicts[: max(len(shown), len(verdicts) - 1)])
        if scored and failed and len(shown) < len(results) and not settings["full_grid"]:
            yield Violation("settings.full_grid", f"true, as {path} continues after a failing test", False)


def _passed(turn: Turn, feedback: Feedback) -> bool:
    """Return whether the turn passed the tests that end an episode early; without feedback there are none."""
    shown = _shown(turn, feedback)
    return feedback != "none" and bool(shown) and all(result.verdict is Verdict.ACCEPTED for result in shown)


def _shown(turn: Turn, feedback: Feedback) -> Sequence[TestResult]:
    if feedback == "private":
        return turn.judgement.results[:PRIVATE_FEEDBACK_TESTS]
    return [result for result in turn.judgement.results if result.role == "public"]


def _name(result: TestResult) -> str:
    return f"{result.role} test {result.index}"


def _decision(judged: Judgement | TestResult) -> str:
    return judged.verdict.value + (f" ({judged.category})" if judged.category else "")
