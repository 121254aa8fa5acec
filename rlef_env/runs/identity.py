"""What decides the episodes of a run, and the machine and versions that played them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from rlef_env.problems import Problem
from rlef_env.problems.quality_report import digest
from rlef_env.runs.facts import ProblemFacts

__all__ = ["RunIdentity", "judge_version", "machine", "problem_facts", "problem_list"]

PACKAGES: Final = ("rlef-env", "rlef-agents", "gymnasium", "numpy", "multiprocess", "torch", "transformers")
CLUSTERS: Final = ("family", "contest", "contest_id", "cf_contest_id")
"""Fields of a problem's record that name what it shares with others."""


@dataclass(frozen=True)
class RunIdentity:
    """What decides the episodes of a run, as plain JSON values. Only runs with equal identities may share a folder.

    The number of samples is not part of it: more samples can be added to a run.

    Attributes:
        agent: the agent's name, a hash of what it answers with, and its settings (temperature, context, prompts).
        episodes: settings of the environment (turns, feedback, reward, caps, isolation) and the seed.
        problems: ``problem_list`` of the problems: data set, split, date window, number and hash.
        judge: ``judge_version()``.
    """

    agent: Mapping[str, Any] = field(default_factory=dict)
    episodes: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, Any] = field(default_factory=dict)
    judge: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, equal for equal identities."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode("ascii")).hexdigest()[:16]

    def differences(self, other: RunIdentity, sections: Sequence[str] | None = None) -> list[str]:
        """Return a line for each value that differs, such as ``"agent.temperature: 0.2, other 0.4"``.

        Args:
            other: the other identity.
            sections: names of the fields to compare; all of them if None.
        """
        found: list[str] = []
        for section in sections or [each.name for each in fields(self)]:
            mine, theirs = dict(_flat(getattr(self, section))), dict(_flat(getattr(other, section)))
            found += [
                f"{section}.{name}: {_shown(mine, name)}, other {_shown(theirs, name)}"
                for name in dict.fromkeys([*mine, *theirs])
                if mine.get(name) != theirs.get(name)
            ]
        return found


def judge_version() -> dict[str, Any]:
    """Return the versions of what verdicts depend on: this package, and the Python that runs the programs."""
    return {"rlef-env": version("rlef-env"), "python": platform.python_version()}


def machine() -> dict[str, Any]:
    """Return the versions of the packages and a description of this machine. It is no part of the identity."""
    return {
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


def problem_facts(problem: Problem) -> ProblemFacts:
    """Return the facts about a problem that a run folder keeps."""
    return ProblemFacts(
        problem_id=problem.id,
        digest=digest(problem),
        cluster=_cluster(problem),
        source=problem.source,
        difficulty=problem.difficulty,
        published=problem.date,
        tags=problem.tags,
    )


def problem_list(
    problems: Iterable[ProblemFacts], dataset: str, split: str, after: str | None = None, before: str | None = None
) -> dict[str, Any]:
    """Return the identity of a list of problems.

    Args:
        problems: the problems, in order.
        dataset: name of the data set as the user gave it, or its label.
        split: its split.
        after: first day of the date window, or None.
        before: the day after its last, or None.
    """
    total, count = hashlib.sha256(), 0
    for each in problems:
        total.update(f"{each.problem_id}\0{each.digest}\n".encode("utf-8", "surrogatepass"))
        count += 1
    return {
        "dataset": dataset,
        "split": split,
        "after": after,
        "before": before,
        "count": count,
        "digest": total.hexdigest()[:16],
    }


def _cluster(problem: Problem) -> str:
    """Return the problem's family or contest; its own id where neither is known."""
    for name in CLUSTERS:
        value = problem.extra.get(name)
        if isinstance(value, (str, int)) and value:
            return f"{problem.source or name}/{value}"
    return problem.id


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _shown(values: Mapping[str, Any], name: str) -> str:
    return json.dumps(values[name]) if name in values else "not set"
