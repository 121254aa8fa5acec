"""Higher priorities go first, owners take turns, and every item comes out once."""

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
def test_the_order_is_by_priority_then_round_then_arrival(jobs: list[tuple[int, int]]) -> None:
    queue: FairPriorityQueue[tuple[int, int, int]] = FairPriorityQueue()
    before: Counter[tuple[int, int]] = Counter()
    expected = []
    for number, (priority, owner) in enumerate(jobs):
        queue.put((priority, owner, number), priority, owner)
        expected.append((-priority, before[priority, owner], number))
        before[priority, owner] += 1
    assert [number for _, _, number in all_of(queue)] == [number for *_, number in sorted(expected)]


@given(jobs, st.integers(1, 10))
def test_a_late_owner_waits_for_one_item_of_each_other_owner(jobs: list[tuple[int, int]], served: int) -> None:
    """At the same priority, however many items the others have queued."""
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
def test_every_item_comes_out_once(steps: list[object]) -> None:
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


def test_items_put_first_keep_their_order() -> None:
    queue: FairPriorityQueue[str] = FairPriorityQueue()
    queue.put("urgent", 9)
    queue.put_first("retried")
    queue.put_first("taken back")
    position, first = queue.pop()
    queue.put_at(position, "its other shard")
    assert (first, queue.clear()) == ("retried", ["taken back", "its other shard", "urgent"])
    queue.put("after", 0, "owner")
    assert queue.pop() == ((0, 0), "after")
