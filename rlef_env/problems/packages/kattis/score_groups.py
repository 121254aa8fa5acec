"""Points of a package of version ``2025-09``, as groups of tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlef_env.problems.packages.kattis.data_tree import DataFolder
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import TestGroup

__all__ = ["is_partial", "score_groups"]

MAX_POINTS = 2**53
AGGREGATIONS = ("pass-fail", "sum", "min")
SCORING = ("max_score", "score_aggregation", "require_pass")


def score_groups(root: DataFolder, scoring: bool) -> tuple[TestGroup, ...]:
    """Return the groups whose points add up to the score of a submission; none if the problem has no score.

    * ``pass-fail`` and ``min``: all points if every test passes, because no validator gives partial points here.
    * ``sum``: each test earns its share.
    * ``require_pass``: groups, or the samples, that must pass. The samples then form a group without points.

    Args:
        root: the folder ``data``.
        scoring: whether the problem has a score.

    Raises:
        DataError: a part violates the format; a group without a bound; a minimum over groups that are sums.
    """
    top = {item.path: item for item in root.items if isinstance(item, DataFolder)}
    secret, sample = top["data/secret"], top.get("data/sample")
    groups = _groups(secret)
    if sample is not None:
        _refuse_scoring(sample, "sample tests earn nothing")
        _no_groups_below(sample)
    if not scoring:
        for folder in (root, secret, *groups):
            _refuse_scoring(folder, "the problem is not scoring")
        return ()
    if not groups:
        bound, how = _bound(secret, 100), _aggregation(secret, "sum")
        found = [TestGroup("secret", bound, secret.places, "sum" if how == "sum" else "min", _required(secret, []))]
    else:
        found = list(_of_groups(secret, groups))
    if any("sample" in group.requires for group in found):
        found.insert(0, TestGroup("sample", 0.0, () if sample is None else sample.places))
    return tuple(found)


def is_partial(groups: Sequence[TestGroup], root: DataFolder) -> bool:
    """Return whether a test may earn a part of its points: in groups that are sums or minima of scores."""
    return bool(groups) and any(
        _aggregation(folder, "sum" if folder.path == "data/secret" else "pass-fail") != "pass-fail"
        for folder in root.walk()
        if folder.path == "data/secret" or folder.has_settings
    )


def _groups(secret: DataFolder) -> list[DataFolder]:
    folders = [item for item in secret.items if isinstance(item, DataFolder)]
    groups = [folder for folder in folders if folder.has_settings]
    if groups:
        for folder in folders:
            if not folder.has_settings:
                expected = f"test_group.yaml in it, as in {groups[0].path}"
                raise folder.settings.error(f"a group with {expected}", "add it, or make no folder a group")
            if not folder.places:
                raise folder.settings.error("a group with a test in it", "add one, or remove the group")
            _no_groups_below(folder)
        if len(folders) < len(secret.items):
            raise secret.settings.error("groups or tests, not both", "put the tests into a group")
    else:
        _no_groups_below(secret)
    return groups


def _no_groups_below(folder: DataFolder) -> None:
    for inner in folder.walk():
        if inner is not folder and inner.has_settings:
            raise inner.settings.error("no group within a group or the samples", "remove its test_group.yaml")


def _refuse_scoring(folder: DataFolder, why: str) -> None:
    for key in SCORING:
        if folder.settings.child(key).present:
            raise folder.settings.child(key).error("no such field", f"{why}; remove it")


def _of_groups(secret: DataFolder, groups: list[DataFolder]) -> Iterator[TestGroup]:
    bound, how = _bound(secret, 100), _aggregation(secret, "sum")
    required = _required(secret, [])
    if how == "pass-fail":
        for folder in groups:
            if _aggregation(folder, "pass-fail") != "pass-fail":
                expected = "pass-fail, because secret is pass-fail"
                raise folder.settings.child("score_aggregation").error(expected, "correct one of them")
        yield TestGroup("secret", bound, secret.places, "min", required)
        return
    found: list[TestGroup] = []
    passing: list[str] = []
    for folder in groups:
        name, aggregation = folder.path.removeprefix("data/"), _aggregation(folder, "pass-fail")
        requires = tuple(dict.fromkeys((*_required(folder, passing), *required)))
        found.append(
            TestGroup(name, _bound(folder, None), folder.places, "sum" if aggregation == "sum" else "min", requires)
        )
        if aggregation == "pass-fail":
            passing.append(name)
    if how == "min":
        uneven = next((folder for folder, group in zip(groups, found, strict=True) if group.aggregate != "min"), None)
        if uneven is not None:
            field = uneven.settings.child("score_aggregation")
            raise field.error("pass-fail or min, because secret is min", "a minimum of sums is not supported")
        # All groups earn all points or none, and a group that requires another earns none if the other earns none.
        sample = {name for group in found for name in group.requires if name == "sample"}
        points = min(group.points for group in found)
        yield TestGroup("secret", points, secret.places, "min", tuple(sample))
        return
    total = sum(group.points for group in found)
    if total > bound:
        field = secret.settings.child("max_score")
        raise field.error(f"at least the points of its groups, {total:g}", "correct one of them")
    yield from found


def _aggregation(folder: DataFolder, default: str) -> str:
    field = folder.settings.child("score_aggregation")
    if not field.present:
        return default
    if field.value not in AGGREGATIONS:
        raise field.error(f"one of {', '.join(AGGREGATIONS)}", "choose one")
    return field.text()


def _bound(folder: DataFolder, default: float | None) -> float:
    field = folder.settings.child("max_score")
    if not field.present and default is not None:
        return default
    if not field.present or field.value == "unbounded":
        raise _unbounded(field)
    if not 0 <= field.integer() < MAX_POINTS:
        raise field.error("points from 0 on", "correct them")
    return float(field.integer())


def _unbounded(field: Field) -> Exception:
    return field.error("a number of points", "scores without a bound come from a validator, which is not supported")


def _required(folder: DataFolder, earlier: list[str]) -> tuple[str, ...]:
    field = folder.settings.child("require_pass")
    if not field.present:
        return ()
    items = [field] if isinstance(field.value, str) else field.items()
    for item in items:
        if item.text() not in ("sample", *earlier):
            expected = ", ".join(["sample", *earlier][:20])
            raise item.error(f"an earlier group that is pass-fail ({expected})", "correct the name, or the order")
    return tuple(item.text() for item in items)
