"""A study: arms that are trained and evaluated alike, and the conclusions that its results must support."""

from __future__ import annotations

import sys
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from rlef_agents.ppo.settings import SETTINGS, Count, Size, ZeroOrMore
from rlef_agents.studies.start import Start
from rlef_env.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["FOLDER", "Arm", "Conclusion", "Evaluate", "Study", "find_study", "read_study", "study_names"]

FOLDER: Final = Path("experiments")
"""Folder of the studies' files, in the project's checkout."""

Feedback = Literal["public", "first", "none", "random", "private"]
Settings = dict[str, Any]


@dataclass(frozen=True, config=SETTINGS)
class Arm:
    """One way to obtain a policy. What it does not set is as the study says."""

    name: str
    """name in tables"""
    task: Settings = field(default_factory=dict)
    """changes of ``Study.task``"""
    start: Settings = field(default_factory=dict)
    """changes of ``Study.start``"""
    method: Literal["train", "none", "expert_iteration"] = "train"
    """reinforcement learning, the start as it is, or expert iteration with as many episodes"""
    train: Settings = field(default_factory=dict)
    """changes of ``Study.train``; in expert iteration ``updates`` and ``episodes`` count episodes"""
    rounds: Count = 4
    """rounds of expert iteration"""
    evaluations: list[str] = field(default_factory=list)
    """names of the evaluations of this arm; empty: those of the study that name no arms"""


@dataclass(frozen=True, config=SETTINGS)
class Evaluate:
    """An evaluation of every arm's policy."""

    name: str
    """name in tables"""
    split: Literal["train", "valid", "test"] = "test"
    """split of the problems"""
    dataset: str = ""
    """data set; empty: that of the task"""
    problems: Count = 400
    """number of problems"""
    samples: Count = 1
    """episodes of each problem"""
    turns: Size = 0
    """responses per episode; 0: those of the task"""
    feedback: Feedback | Literal[""] = ""
    """source of the feedback; empty: that of the task"""
    temperature: ZeroOrMore = 1.0
    """sampling temperature"""
    n_at_k: str = ""
    """the estimate to report, such as 10@100; empty: the share of solved episodes"""
    few_shot: Size = 0
    """worked repairs in the prompt"""
    repairs_by: str = ""
    """arm whose policy plays the turns after the first; empty: the arm's own"""
    optional: bool = False
    """made for arms that name it only"""


@dataclass(frozen=True, config=SETTINGS)
class Conclusion:
    """A sentence that the results must support.

    ``value`` and ``other`` are ``ARM/EVALUATION``; ``other`` may also be a number or the name of a ceiling.
    """

    claim: str
    """the sentence"""
    value: str
    """the result that it is about"""
    than: Literal["above", "below", "not above", "reaches", "measured"]
    """``above``, ``below``: the whole 95 % interval of the difference is above or below 0; ``not above``: none of it
    is above; ``reaches``: the whole interval of the value is at least ``share`` of ``other``; ``measured``: the
    difference is reported, whatever it is. An interval that lies on both sides decides nothing."""
    other: str | float
    """what it is compared with"""
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """for ``reaches``"""
    quick: bool = False
    """checked in the quick run as well"""


@dataclass(frozen=True, config=SETTINGS)
class Study:
    """Everything that a study does."""

    name: str
    """name of its file"""
    question: str
    """what it asks"""
    task: Settings
    """``dataset``, ``turns``, ``feedback``, ``max_new`` and ``context``"""
    arms: list[Arm]
    """ways to obtain a policy"""
    evaluations: list[Evaluate]
    """evaluations of each policy; the first is the primary one"""
    start: Settings = field(default_factory=dict)
    """settings of ``Start``"""
    train: Settings = field(default_factory=dict)
    """settings of ``TrainConfig``"""
    conclusions: list[Conclusion] = field(default_factory=list)
    """what the results must support"""
    reading: list[str] = field(default_factory=list)
    """arms whose policies are given changed feedback"""
    reading_problems: Count = 150
    """problems of which they are given it"""
    quick: list[str] = field(default_factory=list)
    """arms of the quick run; empty: the study has none"""
    paper: str = ""
    """table, figure or section of the paper"""

    def arm(self, name: str) -> Arm:
        """Return the arm of a name.

        Raises:
            UsageError: there is none.
        """
        found = [each for each in self.arms if each.name == name]
        if not found:
            raise UsageError(
                f"study {self.name}: expected one of {', '.join(each.name for each in self.arms)}, got {name!r}"
            )
        return found[0]

    def evaluations_of(self, arm: Arm) -> list[Evaluate]:
        """Return the evaluations of an arm's policy."""
        return [
            each for each in self.evaluations
            if (each.name in arm.evaluations if arm.evaluations or each.optional else True)
        ]  # fmt: skip

    def task_of(self, arm: Arm) -> Settings:
        """Return the task of an arm."""
        return {**TASK, **self.task, **arm.task}

    def start_of(self, arm: Arm) -> Start:
        """Return the recipe of an arm's start."""
        return Start(**{**self.start, **arm.start})

    def starting_from(self, model: str) -> Study:
        """Return the same study with another pretrained model.

        Raises:
            UsageError: the study makes its own small model.
        """
        if not self.start.get("model"):
            raise UsageError(f"study {self.name}: expected one that starts from a pretrained model; leave --model out")
        return replace(self, start={**self.start, "model": model})

    def shortened(self) -> Study:
        """Return the quick version: the arms of ``quick`` and the conclusions that are about them.

        Raises:
            UsageError: the study has no quick version.
        """
        if not self.quick:
            raise UsageError(f"study {self.name}: expected one with `quick` arms; run it without --quick")
        return replace(
            self,
            arms=[self.arm(name) for name in self.quick],
            conclusions=[each for each in self.conclusions if each.quick],
            reading=[name for name in self.reading if name in self.quick],
        )


TASK: Final[Settings] = {"turns": 3, "feedback": "public", "max_new": 40, "context": 768}
"""What a task has where it says nothing else."""


def study_names() -> list[str]:
    """Return the names of the studies in this checkout."""
    return sorted(each.stem for each in FOLDER.glob("*.toml"))


def find_study(name: str) -> Study:
    """Read a study by its name or file.

    Raises:
        UsageError: there is no such study, or its file is wrong.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(study_names()) or "none here: run the command in a checkout of the project"
        raise UsageError(f"study: expected one of {known}, or a TOML file; got {name!r}")
    return read_study(path)


def read_study(path: Path) -> Study:
    """Read a study from a TOML file, and check it.

    Raises:
        UsageError: the file is not TOML, has an unknown or malformed field, or names what it does not define.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        study = TypeAdapter(Study).validate_python({"name": path.stem, **table}, strict=False)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: expected TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: {place}: {first['msg'].lower()}, got {first['input']!r}"[:400]) from error
    check(study, path)
    return study


def check(study: Study, path: Path) -> None:
    """Refuse a study that names what it does not define."""
    evaluations = {each.name for each in study.evaluations}
    arms = {each.name for each in study.arms}
    if not arms or not evaluations or "dataset" not in study.task:
        raise UsageError(f"{path}: expected a task with a dataset, arms and evaluations")
    named = [(each.name, name) for each in study.arms for name in each.evaluations if name not in evaluations]
    named += [("reading", name) for name in study.reading if name not in arms]
    named += [("quick", name) for name in study.quick if name not in arms]
    named += [(each.name, each.repairs_by) for each in study.evaluations if each.repairs_by not in {"", *arms}]
    for conclusion in study.conclusions:
        sides = [conclusion.value, *([conclusion.other] if "/" in str(conclusion.other) else [])]
        named += [
            (conclusion.claim, str(side)) for side in sides
            if str(side).partition("/")[0] not in arms or str(side).partition("/")[2] not in evaluations
        ]  # fmt: skip
    if named:
        raise UsageError(f"{path}: {named[0][0]}: expected names that the study defines, got {named[0][1]!r}")
    for arm in study.arms:
        study.start_of(arm)
