"""What every episode that an environment made obeys, so that a stored one cannot come to mean something else.

Judging an episode again rests on its settings and on which turn was scored; a file may hold anything. The rules here
are checked when episodes are read, judged again and replayed. They follow from ``scoring.py`` and ``CodeEnv``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.settings import PRIVATE_FEEDBACK_TESTS, Feedback, shown_roles
from rlef_env.errors import DataError
from rlef_env.judge import UNDECIDED, Judgement, Measured, TestResult, Verdict
from rlef_env.problems import ROLES

__all__ = ["ISOLATIONS", "NOTHING", "Violation", "check_episode", "episode_violation"]

ISOLATIONS: Final = ("locked", "none")

NOTHING: Final = object()
"""Stands for a value that is not there."""


class Violation(NamedTuple):
    """A rule that an episode breaks.

    Attributes:
        field: the field's place, as in a file of episodes, e.g. ``"settings.max_turns"``.
        expected: what it should be, in words.
        value: what it is.
    """

    field: str
    expected: str
    value: object


def check_episode(episode: Episode) -> None:
    """Check an episode that did not come from a file.

    Raises:
        DataError: it breaks a rule; the message names the field.
    """
    breach = episode_violation(episode)
    if breach is not None:
        got = "nothing" if breach.value is NOTHING else repr(breach.value)[:60]
        raise DataError(
            f"episode of {episode.problem_id!r}: field {breach.field!r}: expected {breach.expected}, got {got}; "
            "was it made by CodeEnv?"
        )


def episode_violation(episode: Episode) -> Violation | None:
    """Return the first rule that an episode breaks, None where it breaks none."""
    for rules in (_settings, _judgements, _end, _tests_that_were_run):
        # One after the other: later rules rely on the earlier ones.
        breach = next(rules(episode), None)
        if breach is not None:
            return breach
    return None


def _whole(least: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= least


def _number(value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _reward(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, Mapping) and all(map(_number, value.values())))


def _one_of(values: Sequence[object]) -> Callable[[object], bool]:
    return lambda value: type(value) is str and value in values


# What each setting is, in words, and whether a value is that.
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
    "isolation": (f"one of {', '.join(ISOLATIONS)}", _one_of(ISOLATIONS)),
}
_NEEDED: Final = ("max_turns", "feedback", "full_grid")  # to judge again; and a seed where feedback is random


def _settings(episode: Episode) -> Iterator[Violation]:
    settings = episode.settings
    random = ("feedback_seed",) if settings.get("feedback") == "random" else ()
    for name, (expected, holds) in _SETTINGS.items():
        value = settings.get(name, NOTHING)
        missing = value is NOTHING and name not in (*_NEEDED, *random)
        if not missing and not holds(value):
            yield Violation(f"settings.{name}", expected, value)


def _judgements(episode: Episode) -> Iterator[Violation]:
    """Each judgement says what its results say."""
    for number, turn in enumerate(episode.turns):
        place = f"turns[{number}]."
        judgement = turn.judgement
        if (turn.program is None) != (judgement.verdict is Verdict.NO_PROGRAM):
            expected = "no_program" if turn.program is None else "another verdict, as there is a program"
            yield Violation(f"{place}judgement.verdict", expected, judgement.verdict.value)
        for breach in _judgement(judgement):
            yield breach._replace(field=f"{place}judgement.{breach.field}")


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
    # The first test that fails for certain decides, else one without a verdict.
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


def _result(measured: Measured, place: str) -> Iterator[Violation]:
    result, cpu_seconds, peak_bytes = measured
    if result.index < 0:
        yield Violation(f"{place}index", "a whole number of at least 0", result.index)
    if result.verdict is Verdict.NO_PROGRAM:
        yield Violation(f"{place}verdict", "a verdict that a test can have", result.verdict.value)
    if result.verdict is Verdict.ACCEPTED and result.category is not None:
        yield Violation(f"{place}category", "null, as the test was accepted", result.category)
    if cpu_seconds < 0:
        yield Violation(f"{place}cpu_seconds", "at least 0", cpu_seconds)
    if peak_bytes < 0:
        yield Violation(f"{place}peak_bytes", "at least 0", peak_bytes)


def _end(episode: Episode) -> Iterator[Violation]:
    """Which turn ended the episode: the turn limit, a pass of the shown tests, or a judge that failed."""
    turns, most = episode.turns, episode.settings["max_turns"]
    if len(turns) > most:
        yield Violation("settings.max_turns", f"at least {len(turns)}, the number of turns", most)
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
        if number == most or _passed(turn, episode.settings["feedback"])
    ]
    if ends and ends[0] < len(turns):
        yield Violation("turns", f"no turn after turn {ends[0]}, which passed the tests that it was shown", len(turns))
    if not episode.truncated and episode.terminated != bool(ends):
        expected = "true where the turn limit is reached or the shown tests are passed, else false"
        yield Violation("terminated", expected, episode.terminated)


def _tests_that_were_run(episode: Episode) -> Iterator[Violation]:
    """A turn before the last was judged on the shown tests only; the last one stops at the first failure."""
    settings = episode.settings
    roles = shown_roles(settings["feedback"])
    for number, turn in enumerate(episode.turns):
        place, results = f"turns[{number}].judgement.results", turn.judgement.results
        scored = number == len(episode.turns) - 1 and episode.ended
        shown = _shown(turn, settings["feedback"])
        if len(shown) < len(results) and not scored:
            expected = f"tests that are shown ({', '.join(roles)}), as this turn was not scored"
            yield Violation(f"{place}[{len(shown)}]", expected, _name(results[len(shown)]))
        verdicts = [result.verdict for result in results]
        failed = any(verdict not in UNDECIDED for verdict in verdicts[: max(len(shown), len(verdicts) - 1)])
        if scored and failed and len(shown) < len(results) and not settings["full_grid"]:
            yield Violation("settings.full_grid", f"true, as {place} go on after a failing test", False)


def _passed(turn: Turn, feedback: Feedback) -> bool:
    """Whether the tests that decide over an early end were passed; without feedback none do."""
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
