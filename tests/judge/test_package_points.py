"""For any tree and results, the groups of a Kattis package earn what its default grader would compute."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.judge.points import group_scores
from rlef_env.problems.packages.kattis.data_groups import groups_of
from rlef_env.problems.packages.kattis.data_tree import DataFolder
from rlef_env.problems.parsing.fields import Field

TESTS = 6
settings = st.fixed_dictionaries(
    {
        "on_reject": st.sampled_from(["break", "continue", "continue"]),
        "grading": st.just("default"),
        "grader_flags": st.sampled_from(["min", "min", "sum", "avg", "first_error accept_if_any_accepted"]),
        "accept_score": st.sampled_from([0, 1, 20, 30]),
    }
)


@st.composite
def folders(draw: st.DrawFn, path: str, depth: int) -> DataFolder:
    tests = st.tuples(st.just("private"), st.integers(0, TESTS - 1))
    items = [
        draw(folders(f"{path}/{number}", depth - 1)) if depth and draw(st.booleans()) else draw(tests)
        for number in range(draw(st.integers(1, 3)))
    ]
    return DataFolder(path, Field(draw(settings), path), tuple(items))


def graded(folder: DataFolder, failing: set[int]) -> tuple[bool, float]:
    """Return whether the default grader accepts, and its score (Kattis/problemtools)."""
    chosen = folder.settings.value
    flags = chosen["grader_flags"].split()
    verdicts, points = [], []
    for item in folder.items:
        if isinstance(item, DataFolder):
            accepted, score = graded(item, failing)
        else:
            accepted = item[1] not in failing
            score = chosen["accept_score"] if accepted else 0
        verdicts.append(accepted)
        points.append(score)
        if not accepted and chosen["on_reject"] == "break":
            break
    total = {"min": min(points), "avg": sum(points) / len(points)}.get(flags[0], sum(points))
    return any(verdicts) if "accept_if_any_accepted" in flags else all(verdicts), total


def folder(path: str, flags: str, *items: object, on_reject: str = "break") -> DataFolder:
    """Return a hand-made folder."""
    settings = {"on_reject": on_reject, "grading": "default", "grader_flags": flags, "accept_score": 1}
    return DataFolder(path, Field(settings, path), items)  # type: ignore[arg-type]


ANY_OF_TWO = folder("data/secret/0/0", "first_error accept_if_any_accepted", ("private", 0), ("private", 1))


@example(folder("data/secret", "sum", folder("data/secret/0", "min", ANY_OF_TWO), ("private", 0)), {1})
@given(folders("data/secret", 2), st.sets(st.integers(0, TESTS - 1)))
def test_points_are_those_of_the_default_grader(folder: DataFolder, failing: set[int]) -> None:
    try:
        groups = groups_of(folder)
    except DataError:
        assume(False)
    passed = {("private", number) for number in range(TESTS) if number not in failing}
    assert abs(sum(group.earned for group in group_scores(groups, passed)) - graded(folder, failing)[1]) < 1e-9
