"""`rlef demo`: what it shows, and the arithmetic of its table."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from rlef_env.cli.demo import solve_rates
from rlef_env.envs import Episode, Turn
from rlef_env.judge import Judgement, Verdict


def episode(*verdicts: Verdict, truncated: bool = False) -> Episode:
    last = 1.0 if verdicts[-1] is Verdict.ACCEPTED else -1.0
    turns = [Turn("", "", Judgement(verdict)) for verdict in verdicts[:-1]]
    turns.append(Turn("", "", Judgement(verdicts[-1]), reward=0.0 if truncated else last))
    return Episode("p", "Toy", "", tuple(turns), terminated=not truncated, truncated=truncated)


def rows(played: dict[str, list[Episode]]) -> dict[str, list[str]]:
    table = solve_rates(played, "Toy", max_turns=3)
    cells = [list(column.cells) for column in table.columns]
    return {str(name): [str(cell) for cell in rest] for name, *rest in zip(*cells, strict=True)}


def test_solve_rates() -> None:
    ok, wrong, none = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.NO_PROGRAM
    played = {"a": [episode(ok), episode(wrong, ok), episode(wrong, none, ok), episode(wrong, wrong, wrong)]}
    #   solved within 1, 2, 3 turns: 1, 2, 3 of 4 episodes; 8 of 9 responses held a program; rewards 1 + 1 + 1 - 1
    assert rows(played) == {"a": ["4", "25%", "50%", "75%", "89%", "+0.50"]}


def test_episodes_without_a_verdict_do_not_count() -> None:
    lost = episode(Verdict.NO_VERDICT, truncated=True)
    assert rows({"a": [lost, episode(Verdict.ACCEPTED)]})["a"][:2] == ["1", "100%"]
    assert rows({"a": [lost]})["a"][0] == "0"
    assert "1 episodes without a verdict" in str(solve_rates({"a": [lost]}, "Toy", 3).caption)


def test_the_table_names_the_data_set() -> None:
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(solve_rates({"a": [episode(Verdict.ACCEPTED)]}, "Toy", 3))
    assert "Toy" in capture.get()


def test_installed_agents_play(rlef) -> None:
    process = rlef("demo", "--episodes", "2", "--show", "1", "--seed", "1")
    assert process.returncode == 0, process.stderr
    for text in (
        "oracle plays starter/",
        "repair plays starter/",
        "random plays starter/",
        "(Starter)",
        "Starter: share",
    ):
        assert text in process.stdout
    assert process.stdout == rlef("demo", "--episodes", "2", "--show", "1", "--seed", "1").stdout, "a seed decides all"


OWN = """
class Silent:
    def __init__(self, seed):
        assert seed == 7
    def act(self, conversations):
        return ["I do not know" for _ in conversations]
class Broken:
    def act(self, conversations):
        return conversations[0].no_such_thing
class Chatty:
    def act(self, conversations):
        return ["a", "b"]
class NoAgent:
    pass
"""


@pytest.fixture
def own_agents(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("1 / 0")


@pytest.mark.usefixtures("own_agents")
def test_an_agent_of_ones_own(rlef) -> None:
    process = rlef("demo", "--agent", "own:Silent", "--episodes", "1", "--seed", "7")
    assert process.returncode == 0, process.stderr
    assert "no program" in process.stdout
    # twice -0.2 for no program before the end, and -1 at the end
    assert "-1.40" in process.stdout


@pytest.mark.usefixtures("own_agents")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own:Broken", "act raised AttributeError"),
        ("own:Chatty", "one text per conversation"),
        ("own:NoAgent", "method act"),
        ("own:Missing", "found no 'Missing'"),
        ("broken:Agent", "ZeroDivisionError"),
        (":Agent", "module:Class"),
    ],
)
def test_an_agent_that_does_not_work_is_one_line(rlef, name: str, words: str) -> None:
    process = rlef("demo", "--agent", name, "--episodes", "1")
    assert process.returncode == 2
    assert process.stderr.startswith("rlef: ")
    assert process.stderr.count("\n") == 1
    assert words in process.stderr
