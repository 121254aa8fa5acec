"""Common structure of all families: how a seed and a configuration become a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Generic, Literal, TypeVar

from rlef_env.errors import UsageError
from rlef_env.problems.problem import CheckerSpec, Problem, Solution
from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.task import Task, label, statement, tests

__all__ = ["MEMORY_LIMIT", "TIME_LIMIT", "Family", "FeedbackMode", "knob"]

TIME_LIMIT = 1.0
"""CPU seconds per test; solutions take a few hundredths."""
MEMORY_LIMIT = 256_000_000
"""Bytes per test."""

C = TypeVar("C")
FeedbackMode = Literal["public", "first", "none", "random", "private"]
"""Source of feedback, as in ``CodeEnv``."""


def knob(default: int, minimum: int, maximum: int) -> Any:
    """Return a dataclass field for an integer of a configuration, with its bounds."""
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, slots=True)
class Family(Generic[C]):
    """Problems of one kind, one per seed.

    Attributes:
        name: lower case with underscores.
        summary: one line for lists.
        tags: topics.
        grades: a configuration for each difficulty, 1 first; a frozen dataclass of ``knob`` and bool fields. The
            middle one is the default.
        draw: draws the tasks that the statement leaves open: one task in most families; one for each value of a
            hidden secret otherwise, all equally likely.
        ceiling: for families with a secret: the highest possible probability of solving a problem, given the
            configuration, the number of turns, and the source of feedback.
    """

    name: str
    summary: str
    tags: tuple[str, ...]
    grades: tuple[C, ...]
    draw: Callable[[Dice, C], tuple[Task, ...]]
    ceiling: Callable[[C, int, FeedbackMode], float] | None = None

    @property
    def default(self) -> C:
        """Configuration of medium difficulty."""
        return self.grades[len(self.grades) // 2]

    def generate(self, seed: int | str, config: C | None = None) -> Problem:
        """Return the problem of a seed, the same on every machine.

        Args:
            seed: any integer or text; 1 and ``"1"`` are the same seed.
            config: the configuration; None is ``default``.

        Raises:
            UsageError: a value of the configuration is out of bounds.
        """
        config = self.default if config is None else config
        return self.problem(self.task(seed, config), config, f"procedural/{self.name}/{seed}")

    def task(self, seed: int | str, config: C) -> Task:
        """Return the task that ``generate`` turns into a problem."""
        # Separate dice: nothing else in a problem may depend on the secret.
        return Dice(f"{self.name}/{seed}/hidden").pick(self.tasks(seed, config))

    def variants(self, seed: int | str, config: C | None = None) -> tuple[Problem, ...]:
        """Return all problems that the seed's statement leaves open, including the one of ``generate``."""
        config = self.default if config is None else config
        return tuple(
            self.problem(task, config, f"procedural/{self.name}/{seed}/{number}")
            for number, task in enumerate(self.tasks(seed, config))
        )

    def problem(self, task: Task, config: C, problem_id: str) -> Problem:
        """Return the task with its answers, and with labelled correct and incorrect programs."""
        public, private, generated = (tests(task.solution, inputs) for inputs in _without_repeats(task))
        if task.weak:
            private, generated = public, ()
        ordered = public + private + generated
        labelled = [(source, label(source, ordered)) for source in dict.fromkeys(task.wrong)]
        labelled += [(source, "time_limit") for source in task.endless]
        return Problem(
            id=problem_id,
            statement=statement(task),
            public_tests=public,
            private_tests=private,
            generated_tests=generated,
            time_limit=TIME_LIMIT,
            memory_limit=MEMORY_LIMIT,
            checker=CheckerSpec("tokens"),
            solutions=(Solution(task.solution),),
            incorrect_solutions=tuple(Solution(source, verdict=verdict) for source, verdict in labelled if verdict),
            tags=self.tags,
            difficulty=self.difficulty(config),
            source="procedural",
            extra={"family": self.name, "config": asdict(config)},  # type: ignore[call-overload]
        )

    def difficulty(self, config: C) -> str | None:
        """Return the grade of a configuration, ``"1"`` first; None if it is not the configuration of a grade."""
        return str(self.grades.index(config) + 1) if config in self.grades else None

    def tasks(self, seed: int | str, config: C) -> tuple[Task, ...]:
        """Return all tasks that the seed's statement leaves open, one for each value of its secret."""
        check_config(self.name, config)
        return self.draw(Dice(f"{self.name}/{seed}"), config)


def _without_repeats(task: Task) -> Iterator[tuple[str, ...]]:
    seen: set[str] = set()
    for inputs in (task.public, task.private, task.generated):
        yield tuple(text for text in dict.fromkeys(inputs) if text not in seen)
        seen.update(inputs)


def check_config(family: str, config: Any) -> None:
    """Refuse a configuration with a value out of bounds."""
    for knob_ in fields(config):
        value, bounds = getattr(config, knob_.name), knob_.metadata
        if not bounds:
            if not isinstance(value, bool):
                raise UsageError(f"{family}: {knob_.name}: expected true or false, got {value!r}")
        elif type(value) is not int or not bounds["minimum"] <= value <= bounds["maximum"]:
            raise UsageError(
                f"{family}: {knob_.name}: expected a whole number from {bounds['minimum']} to {bounds['maximum']}, "
                f"got {value!r}"
            )
