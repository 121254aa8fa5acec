"""Priorities go first, owners take turns, and nothing that waits is lost or comes twice."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge.pool.fair_queue import FairPriorityQueue

owners = st.integers(0, 3)
priorities = st.integers(0, 2)
jobs = st.lists(st.tuples(priorities, owners), max_size=40)


def all_of(queue: FairPriorityQueue[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [queue.pop()[1] for _ in range(len(queue))]


@given(jobs)
def test_by_priority_then_in_rounds_then_as_they_came(jobs: list[tuple[int, int]]) -> None:
    queue: FairPriorityQueue[tuple[int, int, int]] = FairPriorityQueue()
    before: Counter[tuple[int, int]] = Counter()
    expected = []
    for number, (priority, owner) in enumerate(jobs):
        queue.put((priority, owner, number), priority, owner)
        expected.append((-priority, before[priority, owner], number))
        before[priority, owner] += 1
    assert [number for _, _, number in all_of(queue)] == [number for *_, number in sorted(expected)]


@given(jobs, st.integers(1, 10))
def test_who_comes_late_waits_for_one_item_of_each_owner(jobs: list[tuple[int, int]], served: int) -> None:
    """However many the others have had, and have waiting: at the same priority."""
    queue: FairPriorityQueue[tuple[int, int, int]] = FairPriorityQueue()
    for number, (_, owner) in enumerate(jobs):
        queue.put((0, owner, number), 0, owner)
    for _ in range(min(served, len(queue))):
        queue.pop()
    queue.put((0, 99, 99), 0, 99)
    others = [owner for _, owner, _ in all_of(queue)]
    ahead = Counter(others[: others.index(99)])
    assert all(count <= 1 for count in ahead.values())


@given(st.lists(st.one_of(st.tuples(priorities, owners), st.sampled_from(["pop", "first", "remove"])), max_size=60))
def test_what_comes_in_goes_out_once(steps: list[object]) -> None:
    queue: FairPriorityQueue[int] = FairPriorityQueue()
    waiting: set[int] = set()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            queue.put(number, *step)
            waiting.add(number)
        elif step == "first":
            queue.put_first(number)
            waiting.add(number)
        elif step == "remove":
            gone = {item for item in waiting if item % 3 == 0}
            queue.remove(gone)
            waiting -= gone
        elif waiting:
            first = queue.first()
            assert queue.pop()[1] == first
            waiting.remove(first)
        assert len(queue) == len(waiting)
    assert sorted(queue.clear()) == sorted(waiting)
    assert not queue


def test_what_was_taken_back_goes_first_in_its_order() -> None:
    queue: FairPriorityQueue[str] = FairPriorityQueue()
    queue.put("urgent", 9)
    queue.put_first("lost")
    queue.put_first("taken back")
    place, first = queue.pop()
    queue.put_at(place, "its other part")
    assert (first, queue.clear()) == ("lost", ["taken back", "its other part", "urgent"])
    queue.put("after", 0, "owner")
    assert queue.pop() == ((0, 0), "after")
