"""What a report's page knows of the episodes: columns of numbers for lists and charts, and pages of texts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rlef_env.analysis.errors import CATEGORIES
from rlef_env.analysis.report.pages import PageStore, Place, Text
from rlef_env.analysis.report.tail import EpisodeRow
from rlef_env.episodes.render import GRID_LETTERS
from rlef_env.errors import DataError, short_repr
from rlef_env.judge import Verdict
from rlef_env.runs import EpisodeFacts, ProblemFacts
from rlef_env.runs.record import EpisodeKey
from rlef_env.runs.shards import episode_number

__all__ = ["VERDICTS", "EpisodeTable", "key_of"]

VERDICTS: Final = tuple(verdict.value for verdict in Verdict)
LETTERS: Final = {verdict.value: GRID_LETTERS[verdict] for verdict in Verdict}
MAX_OUTPUT: Final = 4000
"""Characters of a test's output that a report keeps."""
MAX_FAILED: Final = 20
"""Failed tests of a turn whose outputs a report keeps."""

EPISODE_COLUMNS: Final = (
    "run", "problem", "sample", "phase", "evaluation", "step", "solved_at", "has_verdict", "turns", "seconds", "prompt",
    "page", "item", "id",
)  # fmt: skip
TURN_COLUMNS: Final = ("verdict", "category", "reward", "tokens", "cpu", "repeated")


@dataclass
class Names:
    """Numbers for names, in the order in which they came."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return the number of a name, a new one if it is new."""
        return self.numbers.setdefault(name, len(self.numbers))

    def names(self) -> list[str]:
        """Return the names by number."""
        return list(self.numbers)


class EpisodeTable:
    """Episodes of one or several runs, as the page reads them. Episodes can be added while the page is served.

    Attributes:
        pages: the texts.
        problems: facts about the problems, by number.
        prompts: place of each different prompt.
        hidden: numbers of episodes that were played again.
    """

    def __init__(self) -> None:
        self.pages = PageStore()
        self.problems: list[ProblemFacts] = []
        self.prompts: list[Place] = []
        self.hidden: list[int] = []
        self._phases, self._evaluations, self._categories = Names(), Names(), Names()
        self._problem_numbers, self._prompt_numbers = Names(), Names()
        self._by_number: dict[tuple[int, str], int] = {}
        self._episodes: dict[str, list[Any]] = {name: [] for name in EPISODE_COLUMNS}
        self._turns: dict[str, list[Any]] = {name: [] for name in TURN_COLUMNS}

    def __len__(self) -> int:
        """Return the number of episodes."""
        return len(self._episodes["id"])

    def add(self, run: int, episode: EpisodeRow) -> None:
        """Add an episode. One with the same key, which was played before, is hidden.

        Args:
            run: number of its run.
            episode: the episode.

        Raises:
            DataError: its row is damaged.
        """
        try:
            self._add(run, episode.facts, episode.row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(
                f"episode of {short_repr(episode.facts.problem.problem_id)}: expected a row of a run folder, got: "
                f"{type(error).__name__}: {error}; was this file edited?"
            ) from None

    def _add(self, run: int, facts: EpisodeFacts, row: Mapping[str, Any]) -> None:
        stored = row["episode"]
        problem = self._problem_numbers.number(facts.problem.problem_id)
        if problem == len(self.problems):
            self.problems.append(facts.problem)
        prompt = self._prompt_numbers.number(stored["prompt"])
        if prompt == len(self.prompts):
            self.prompts.append(self.pages.add("prompts", self.pages.text("prompts", stored["prompt"])))
        ended, count = stored["terminated"] or stored["truncated"], len(stored["turns"])
        place = self.pages.add(
            "episodes",
            [
                self._turn_item(turn, extra, read=number < count or not ended)
                for number, (turn, extra) in enumerate(
                    zip(stored["turns"], row["turns"] or [{}] * count, strict=True), 1
                )
            ],
        )
        number = str(episode_number(key_of(facts)))
        earlier = self._by_number.get((run, number))
        if earlier is not None:
            self.hidden.append(earlier)
        self._by_number[run, number] = len(self)
        values = (
            run, problem, facts.sample, self._phases.number(facts.phase), self._evaluations.number(facts.evaluation),
            -1 if facts.step is None else facts.step, facts.solved_at, int(facts.has_verdict), len(facts.turns),
            _short(facts.seconds), prompt, place.page, place.item, number,
        )  # fmt: skip
        for name, value in zip(EPISODE_COLUMNS, values, strict=True):
            self._episodes[name].append(value)
        self._add_turns(facts)

    def _add_turns(self, facts: EpisodeFacts) -> None:
        before: set[str] = set()
        for each in facts.turns:
            # A failure that was not analysed has its verdict as category, so that each failed turn has one.
            named = each.category or (each.verdict if each.verdict != Verdict.ACCEPTED.value else None)
            values = (
                VERDICTS.index(each.verdict),
                -1 if named is None else self._categories.number(named),
                _short(each.reward),
                -1 if each.completion_tokens is None else each.completion_tokens,
                _short(each.cpu_seconds),
                int(each.program in before),
            )
            for name, value in zip(TURN_COLUMNS, values, strict=True):
                self._turns[name].append(value)
            if each.program is not None:
                before.add(each.program)

    def names(self) -> dict[str, Any]:
        """Return the names that columns hold numbers of, and the meaning of each category."""
        categories = self._categories.names()
        return {
            "meanings": {name: CATEGORIES[name].meaning for name in categories if name in CATEGORIES},
            "verdicts": list(VERDICTS),
            "letters": list(LETTERS.values()),
            "categories": categories,
            "phases": self._phases.names(),
            "evaluations": self._evaluations.names(),
        }

    def problem_rows(self) -> list[list[Any]]:
        """Return id, cluster, source, difficulty, day of publication and tags of each problem."""
        return [
            [each.problem_id, each.cluster, each.source, each.difficulty, each.published, list(each.tags)]
            for each in self.problems
        ]

    def columns(self, start: int = 0) -> dict[str, Any]:
        """Return the columns, from episode number ``start`` on."""
        first_turn = sum(itertools.islice(self._episodes["turns"], start))
        return {
            "episodes": {name: values[start:] for name, values in self._episodes.items()},
            "turns": {name: values[first_turn:] for name, values in self._turns.items()},
        }

    def _turn_item(self, turn: Mapping[str, Any], extra: Mapping[str, Any], read: bool) -> dict[str, Any]:
        """Return what the page shows of a turn; ``read`` tells whether the agent read the feedback."""
        judgement = turn["judgement"]
        results = judgement["results"]
        before, program, after = _parts(turn["response"], turn["program"])
        failed = [each for each in results if each["verdict"] != Verdict.ACCEPTED.value]
        item = {
            "before": self._text(before),
            "program": None if program is None else self._text(program),
            "after": self._text(after),
            "feedback": self._text(turn["feedback"]),
            "read": read,
            "tests": _grid(results),
            "total": judgement["total"],
            "failed": [
                [each["role"], each["index"], VERDICTS.index(each["verdict"]), each["category"],
                 self._text(each["stdout"][:MAX_OUTPUT]), self._text(each["stderr"][:MAX_OUTPUT])]
                for each in failed[:MAX_FAILED]
            ],
        }  # fmt: skip
        cpu = [_short(each["cpu_seconds"]) for each in results]
        optional = {
            "cpu": cpu if any(cpu) else [],
            "peak": max((each["peak_bytes"] for each in results), default=0),
            "points": [[each["name"], each["earned"], each["points"]] for each in judgement["groups"]],
            "prompt_tokens": extra.get("prompt_tokens"),
            "seconds": _short(extra.get("seconds", 0.0)),
            "values": {name: _short(value) for name, value in extra.get("values", {}).items()},
        }
        return item | {name: value for name, value in optional.items() if value}

    def _text(self, text: str) -> Text:
        return self.pages.text("episodes", text)


def key_of(facts: EpisodeFacts) -> EpisodeKey:
    """Return what tells an episode apart from the others of its run."""
    return EpisodeKey(facts.phase, facts.evaluation, facts.step, facts.problem.problem_id, facts.sample)


def _parts(response: str, program: str | None) -> tuple[str, str | None, str]:
    """Return a response as the text before the program, the program, and the text after it.

    A program that is not in the response as it stands, because it was dedented, follows the whole response.
    """
    if program is None:
        return response, None, ""
    before, found, after = response.rpartition(program)
    return (before, program, after) if found else (response, program, "")


def _grid(results: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return each role and a letter for each of its tests that was run, in order."""
    return [
        [role, "".join(LETTERS[each["verdict"]] for each in group)]
        for role, group in itertools.groupby(results, key=lambda each: str(each["role"]))
    ]


def _short(value: float) -> float | int:
    """Return a number with four significant digits: a column of them compresses well."""
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
