"""Nodes of a graph that can be reached within a number of steps without closed nodes."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
n, m, limit = map(int, input().split())
out = {node: [] for node in range(1, n + 1)}
for _ in range(m):
    u, v = map(int, input().split())
    out[u].append(v)
    if BOTH_WAYS:
        out[v].append(u)
seen, front = {1}, [1]
for _ in range(limit):
    new = []
    for node in front:
        for other in out[node]:
            if other not in seen and (other % CLOSED or not CLOSED):
                seen.add(other)
                new.append(other)
    front = new
print(len(seen))
"""
SLOW = """\
n, m, limit = map(int, input().split())
out = {node: [] for node in range(1, n + 1)}
for _ in range(m):
    u, v = map(int, input().split())
    out[u].append(v)
    if BOTH_WAYS:
        out[v].append(u)
seen = set()

def go(node, left):
    seen.add(node)
    if left:
        for other in out[node]:
            if other % CLOSED:
                go(other, left - 1)

go(1, limit)
print(len(seen))
"""
DENSE, DEEP = 9, 25  # a complete graph of this size has too many walks of this length to try all of them


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        nodes: maximum number of nodes.
        edges: maximum number of edges per ten nodes.
    """

    nodes: int = knob(10, 9, 2000)
    edges: int = knob(16, 12, 100)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw whether roads lead both ways, which towns are closed, and maps."""
    both, closed = dice.integer(0, 1), dice.integer(3, 5)
    inputs = []
    for index in range(9):
        nodes = 5 + index * (config.nodes - 5) // 8
        inputs.append(_graph(dice, nodes, nodes * dice.integer(10, config.edges) // 10, dice.integer(1, 4)))
    complete = [(u, v) for u in range(1, DENSE + 1) for v in range(1, DENSE + 1) if u != v]
    chain = [(u + 1, u) for u in range(5, 1, -1)] + [(2, 1), (1, 2)]

    def program(body: str, ways: int = both, shut: int = closed) -> str:
        return f"BOTH_WAYS, CLOSED = {ways}, {shut}\n{body}"

    way = "can be used in both directions" if both else "can only be used from the first town to the second"
    most = max(config.nodes * config.edges // 10 + 2, len(complete))
    return (
        Task(
            story=(
                f"There are n towns, numbered from 1, and m roads. Each road joins two towns, and {way}. Towns whose "
                f"number is a multiple of {closed} are closed: nobody may enter them. You start in town 1 and use at "
                "most t roads, one after the other. How many different towns can you end in, town 1 included?"
            ),
            reads=(
                f"The first line holds the integers n (1 <= n <= {config.nodes}), m (0 <= m <= {most}) and t "
                f"(0 <= t <= {DEEP}). Each of the next m lines holds the two different towns of a road; there may be "
                "several roads between the same two."
            ),
            prints="Print one integer.",
            public=(inputs[2], inputs[4]),
            private=("1 0 3\n", _input(6, chain, 5), inputs[8]),
            generated=(
                *inputs[:2],
                inputs[3],
                *inputs[5:8],
                _input(DENSE, [(1, 2), (1, 4), (1, 7), (2, 8), (8, 1)], 0),
                _input(DENSE, complete, DEEP),
            ),
            solution=program(BODY),
            wrong=(
                program(BODY, ways=1 - both),
                program(BODY, shut=0),
                program(mutated(BODY, "range(limit)", "range(n)")),
                program(mutated(BODY, "range(limit)", "range(limit + 1)")),
                program(mutated(BODY, "{1}, [1]", "set(), [1]")),
                program(mutated(BODY, "range(1, n + 1)", "range(1, n)")),
                program(mutated(BODY, "print(len(seen))", "print(*sorted(seen))")),
            ),
            endless=(program(SLOW),),
        ),
    )


def _graph(dice: Dice, nodes: int, edges: int, limit: int) -> str:
    # Mostly from low to high numbers, so that town 1 leads somewhere.
    pairs = [dice.distinct(range(1, nodes + 1), 2) for _ in range(edges)]
    ends = [sorted(pair) if dice.chance(60) else pair for pair in pairs]
    first = [(1, other) for other in dice.distinct(range(2, nodes + 1), 2)]
    return _input(nodes, [*first, *((u, v) for u, v in ends)], limit)


def _input(nodes: int, edges: list[tuple[int, int]], limit: int) -> str:
    return "".join([f"{nodes} {len(edges)} {limit}\n", *(f"{u} {v}\n" for u, v in edges)])


FAMILY = Family(
    name="reachability",
    summary="count the towns that can be reached by few roads and through open towns only",
    tags=("graphs", "breadth-first search"),
    grades=(Config(9, 12), Config(10, 12), Config(10, 16), Config(30, 20), Config(80, 25)),
    draw=draw,
)
