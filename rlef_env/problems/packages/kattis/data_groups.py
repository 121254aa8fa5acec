"""Points of a legacy Kattis scoring package, as groups of tests: the sum that its default grader computes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from rlef_env.problems.packages.kattis.data_tree import DataFolder
from rlef_env.problems.problem import TestGroup

__all__ = ["groups_of"]

AGGREGATES: Final = ("sum", "min", "avg", "max")
VERDICTS: Final = ("worst_error", "first_error", "no_errors", "always_accept")
SWITCHES: Final = ("ignore_sample", "accept_if_any_accepted")


def groups_of(root: DataFolder) -> tuple[TestGroup, ...]:
    """Return the groups whose points add up to the score of the default grader (Kattis/problemtools, default_grader).

    * ``min``: all points (``accept_score``) if every test passes. A group of such groups is one such group.
    * ``sum``: the points of its parts, each test ``accept_score``; ``avg``: ``accept_score`` in equal shares.
    * ``on_reject: break``: a part earns points only if all parts before it passed; so if ``sum`` breaks, each test is a
      group that requires the previous one.
    * ``ignore_sample``: sample tests earn nothing.

    Raises:
        DataError: a custom grader, ``max``, points for failing, or a combination that groups cannot express.
    """
    return tuple(_groups(root))


def _groups(folder: DataFolder) -> list[TestGroup]:
    aggregate, switches = _flags(folder)
    name = folder.path.removeprefix("data").removeprefix("/") or "data"
    breaks = _breaks(folder)
    parts = [item for item in folder.items if not (isinstance(item, DataFolder) and not item.places)]
    ignored = "data/sample" if "ignore_sample" in switches and folder.path == "data" else None
    if not breaks:
        parts = [item for item in parts if not (isinstance(item, DataFolder) and item.path == ignored)]
    if not parts:
        return []
    points = _accept_score(folder)
    if len(parts) == 1 and isinstance(parts[0], DataFolder):
        return _groups(parts[0])
    if aggregate == "min":
        return [_merged(folder, name, parts, points)]
    tests = [item for item in parts if not isinstance(item, DataFolder)]
    if len(tests) == len(parts) and (not breaks or len(tests) == 1):
        total = points * len(tests) if aggregate == "sum" else points
        return [TestGroup(name, total, tuple(tests), "sum")]
    if aggregate == "avg":
        raise folder.settings.child("grader_flags").error(
            "avg over tests only, with on_reject: continue", "use sum or min"
        )
    found: list[TestGroup] = []
    before: tuple[str, ...] = ()
    for number, item in enumerate(parts, start=1):
        if isinstance(item, DataFolder):
            if breaks and _lenient(item):
                raise folder.settings.child("on_reject").error(
                    f"continue, because {item.path} is accepted without all of its tests", "write on_reject: continue"
                )
            of_part = _groups(item)
            if item.path == ignored:
                of_part = [replace(group, points=0.0) for group in of_part]
        else:
            of_part = [TestGroup(f"{name}/[{number}]", points, (item,))]
        if breaks and of_part:
            of_part, before = _behind(of_part, before), _last(of_part)
        found.extend(of_part)
    return found


def _lenient(folder: DataFolder) -> bool:
    """Return whether a folder, or one below it, may be accepted although not all of its tests pass."""
    below = any(_lenient(item) for item in folder.items if isinstance(item, DataFolder))
    return below or not {"accept_if_any_accepted", "always_accept"}.isdisjoint(folder.flags("grader_flags"))


def _merged(folder: DataFolder, name: str, parts: Sequence[object], points: float) -> TestGroup:
    """Return the minimum of several parts: if all parts earn all points or none, so does the minimum."""
    inner = [group for item in parts if isinstance(item, DataFolder) for group in _groups(item)]
    of_folders = sum(isinstance(item, DataFolder) for item in parts)
    if len(inner) != of_folders or any(group.aggregate != "min" or group.requires for group in inner):
        raise folder.settings.child("grader_flags").error(
            "sum, because min is supported only over tests and groups that are min", "use sum here or min below"
        )
    worth = [group.points for group in inner] + [points] * (of_folders < len(parts))
    return TestGroup(name, min(worth), folder.places)


def _behind(part: list[TestGroup], before: tuple[str, ...]) -> list[TestGroup]:
    """Return the groups of a part that earns points only if the groups before it are complete.

    A group that requires another group of the part thereby requires those before the part.
    """
    names = {group.name for group in part}
    return [
        group if names.intersection(group.requires) else replace(group, requires=_union(group.requires, before))
        for group in part
    ]


def _last(part: list[TestGroup]) -> tuple[str, ...]:
    """Return the groups of a part that no other group requires: if they are complete, all are."""
    required = {name for group in part for name in group.requires}
    return tuple(group.name for group in part if group.name not in required)


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _flags(folder: DataFolder) -> tuple[str, set[str]]:
    field = folder.settings.child("grader_flags")
    grading = folder.settings.child("grading")
    if grading.text() != "default":
        raise grading.error("'default'", "custom graders are not supported; leave such packages out")
    aggregate, switches = "sum", set()
    for flag in folder.flags("grader_flags"):
        if flag in AGGREGATES:
            aggregate = flag
        elif flag in SWITCHES:
            switches.add(flag)
        elif flag not in VERDICTS:
            raise field.error(f"words of {', '.join((*AGGREGATES, *VERDICTS, *SWITCHES))}", "correct the flag")
    if aggregate == "max":
        raise field.error(
            "sum, min or avg, because points for the best test are not supported", "leave such packages out"
        )
    return aggregate, switches


def _breaks(folder: DataFolder) -> bool:
    field = folder.settings.child("on_reject")
    if field.text() not in ("break", "continue"):
        raise field.error("break or continue", "choose one of these")
    return bool(field.value == "break")


def _accept_score(folder: DataFolder) -> float:
    reject = folder.settings.child("reject_score")
    if reject.present and _number(folder, "reject_score") != 0:
        raise reject.error("0, because points for failing are not supported", "leave such packages out")
    return _number(folder, "accept_score") if folder.settings.child("accept_score").present else 1.0


def _number(folder: DataFolder, name: str) -> float:
    field = folder.settings.child(name)
    value = field.value
    if isinstance(value, str):  # problemtools also reads quoted numbers
        try:
            value = float(value)
        except ValueError:
            value = math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise field.error("a number from 0 on", "write it without quotes")
    return float(value)
