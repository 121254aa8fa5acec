"""`rlef demo`: its output, and the numbers in its table."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from rlef_env.cli.machine import check_machine, show_machine
from rlef_env.cli.rates import Rates, show_rates, solve_rates
from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.sandbox import Execution
from rlef_env.sandbox import Status as ExecutionStatus
from rlef_env.sandbox.machine.health import BusyTimes, machine_health


def episode(*verdicts: Verdict, truncated: bool = False) -> Episode:
    last = 1.0 if verdicts[-1] is Verdict.ACCEPTED else -1.0
    turns = [Turn("", "", Judgement(verdict)) for verdict in verdicts[:-1]]
    turns.append(Turn("", "", Judgement(verdicts[-1]), reward=0.0 if truncated else last))
    return Episode("p", "Toy", "", tuple(turns), terminated=not truncated, truncated=truncated)


def rows(played: dict[str, list[Episode]]) -> dict[str, list[str]]:
    return {name: rest for name, *rest in solve_rates(played, max_turns=3).rows}


def test_solve_rates() -> None:
    ok, wrong, none = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.NO_PROGRAM
    played = {"a": [episode(ok), episode(wrong, ok), episode(wrong, none, ok), episode(wrong, wrong, wrong)]}
    #   solved within 1, 2, 3 turns: 1, 2, 3 of 4 episodes; 8 of 9 responses held a program; rewards 1 + 1 + 1 - 1
    assert rows(played) == {"a": ["4", "0", "25%", "50%", "75%", "89%", "+0.50"]}


def test_episodes_without_a_verdict_are_not_counted() -> None:
    lost = episode(Verdict.NO_VERDICT, truncated=True)
    starved = replace(lost, turns=(Turn("", "", Judgement(Verdict.NO_VERDICT, category="starved")),))
    assert rows({"a": [lost, episode(Verdict.ACCEPTED)]})["a"][:3] == ["2", "1", "100%"]
    assert rows({"a": [lost]})["a"] == ["1", "1"]
    text = shown(solve_rates({"a": [lost, starved], "b": [starved, episode(Verdict.ACCEPTED)]}, 3), 120)
    assert "among those that have a verdict" in text
    assert "Without a verdict: 1 no reason given, 2 starved." in text
    assert "Without a verdict" not in shown(solve_rates({"b": [episode(Verdict.ACCEPTED)]}, 3), 120)


def shown(rates: Rates, columns: int) -> str:
    console = Console(width=columns, force_terminal=True, color_system=None, file=io.StringIO())
    with console.capture() as capture:
        show_rates(console, "Toy", rates)
    return capture.get()


@pytest.mark.parametrize("columns", [200, 120, 100, 80, 79, 70, 60, 40, 30])
@pytest.mark.parametrize("name", ["a", "my_agent:MyAgent", "a_package.of.agents.with_a.long_name:AndALongClassName"])
def test_rates_are_complete_on_narrow_terminals(columns: int, name: str) -> None:
    text = shown(solve_rates({name: [episode(Verdict.ACCEPTED)], "other": [episode(Verdict.WRONG_ANSWER)]}, 3), columns)
    assert "Toy: share" in text
    assert "…" not in text
    for cell in ("100%", "+1.00", "-1.00", "other"):
        assert cell in text
    if columns >= (80 if len(name) < 15 else 100) and len(name) < 20:
        assert name in text
    if columns >= 40:
        assert max(map(len, text.splitlines())) <= max(columns, len(name))


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
    assert process.stderr.splitlines()[-1].startswith("Machine: a program that does nothing takes 0.")
    assert process.stdout == rlef("demo", "--episodes", "2", "--show", "1", "--seed", "1").stdout, "a seed decides all"


def test_output_to_a_file_is_not_padded_or_wrapped(rlef, tmp_path: Path) -> None:
    sentence = "A long line " * 30 + "ends here."
    row = {
        "name": "p",
        "description": sentence,
        "public_tests": {"input": ["1\n"], "output": ["1\n"]},
        "solutions": {"language": [3], "solution": ["if True:\n\n    print(input())"]},
    }
    (tmp_path / "p.jsonl").write_text(json.dumps(row) + "\n")
    process = rlef("demo", "--dataset", "p.jsonl", "--agent", "oracle", "--agent", "random", COLUMNS="60")
    assert process.returncode == 0, process.stderr
    assert f"  {sentence}\n" in process.stdout
    assert "    1 if True:\n    2\n    3     print(input())\n" in process.stdout
    assert [line for line in process.stdout.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("arguments", [["demo", "--episodes", "1"], ["doctor"]])
def test_a_reader_that_closes_the_output(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [str(Path(sys.executable).parent / "rlef"), *arguments], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert process.returncode == 141
    assert [line for line in process.stderr.splitlines() if not line.startswith(("Machine: ", "Warning: "))] == []


OWN = """
import sys

class Silent:
    def __init__(self, seed):
        assert seed == 7
    def act(self, conversations):
        return ["I do not know" for _ in conversations]
class Returns:
    def __init__(self, value=None):
        self.value = value
    def act(self, conversations):
        return self.value
class Broken:
    def act(self, conversations):
        return conversations[0].no_such_thing
class Leaves:
    def act(self, conversations):
        sys.exit("bye")
class WantsMore:
    def __init__(self, dataset, model, *more, size=1, **others):
        pass
    act = Silent.act
class CannotBeMade:
    def __init__(self):
        raise OSError(2, "no such model", "model.bin")
    act = Silent.act
class LeavesEarly:
    def __init__(self):
        sys.exit(0)
    act = Silent.act
class NoAgent:
    pass
def function(conversations):
    return ["a"]

silent = Silent(seed=7)
letter, text, chatty, empty = Returns("a"), Returns("ab"), Returns(["a", "b"]), Returns([])
number, surrogate, long = Returns([1]), Returns(["\\ud800"]), Returns(["a" * (2**20 + 1)])
later = Returns(response for response in "a")
"""


@pytest.fixture
def own_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("own", OWN), ("broken", "1 / 0"), ("leaves", "raise SystemExit")):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)  # of the test before, where the command runs here
    monkeypatch.setattr(sys, "path", sys.path[:])


@pytest.mark.usefixtures("own_agents")
@pytest.mark.parametrize("name", ["own:Silent", "own:silent"])
def test_a_custom_agent(rlef, name: str) -> None:
    process = rlef("demo", "--agent", name, "--episodes", "1", "--seed", "7")
    assert process.returncode == 0, process.stderr
    assert "no program" in process.stdout
    # -0.2 twice for a response without a program, and -1 at the end
    assert "-1.40" in process.stdout


@pytest.mark.usefixtures("own_agents")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own:Broken", "act: expected a list of responses, got AttributeError"),
        ("own:Leaves", "act: expected a list of responses, got SystemExit: bye"),
        ("own:Returns", "expected a list with one text for each conversation, got NoneType None"),
        ("own:letter", "expected a list with one text for each conversation, got str 'a'"),
        ("own:text", "expected a list with one text for each conversation, got str 'ab'"),
        ("own:later", "expected a list with one text for each conversation, got generator"),
        ("own:chatty", "expected 1 response for 1 conversation, got 2"),
        ("own:empty", "expected 1 response for 1 conversation, got 0"),
        ("own:number", "expected a text in the list, got int 1"),
        ("own:surrogate", "expected Unicode text, got a lone surrogate"),
        ("own:long", "at most 1048576 characters, got 1048577"),
        ("own:WantsMore", "__init__: expected no arguments but dataset, seed,"),
        ("own:CannotBeMade", "__init__: expected an agent, got FileNotFoundError"),
        ("own:LeavesEarly", "__init__: expected an agent, got SystemExit"),
        ("own:NoAgent", "expected a class with a method act(conversations), got the class"),
        ("own:function", "expected a class with a method act(conversations), got function"),
        ("own:Missing", "found no 'Missing'"),
        ("broken:Agent", "got ZeroDivisionError"),
        ("leaves:Agent", "got SystemExit"),
        (":Agent", "module:Class"),
    ],
)
def test_a_failing_agent_is_reported_in_one_line(rlef_here, name: str, words: str) -> None:
    process = rlef_here("demo", "--agent", name, "--episodes", "1")
    assert process.returncode == 2
    (line,) = [line for line in process.stderr.splitlines() if not line.startswith("Warning: this machine is starved")]
    assert line.startswith(f"rlef: agent {name}: "), process.stderr
    assert "expected" in line
    assert words in line


@pytest.mark.usefixtures("own_agents")
def test_debug_shows_the_traceback_of_an_agent(rlef) -> None:
    process = rlef("demo", "--agent", "own:Broken", "--episodes", "1", RLEF_DEBUG="1")
    assert process.returncode == 2
    assert "return conversations[0].no_such_thing" in process.stderr
    assert "rlef: agent own:Broken: act: " in process.stderr.splitlines()[-1]


def test_a_starved_machine_gets_one_warning_and_its_figures(monkeypatch, capsys) -> None:
    runs = [Execution(ExecutionStatus.EXITED, 0, cpu_seconds=0.84, wall_seconds=4.8)]
    starved = machine_health(runs, BusyTimes(0.0, (0.0,)), BusyTimes(10.0, (3.6,)))
    monkeypatch.setattr("rlef_env.cli.machine.measure_machine", lambda **_: starved)
    show_machine(check_machine())
    warning, figures = capsys.readouterr().err.splitlines()
    assert warning.startswith("Warning: this machine is starved. Verdicts can be trusted for time limits of 8.4 s")
    assert "another host" in warning or "a host with cores of your own" in warning
    assert "0.8400 s at the 99th percentile" in figures
    assert figures.endswith("see the warning above.")
