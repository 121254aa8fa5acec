"""Data on a terminal is plain text: no table or line interprets markup, emoji codes or terminal codes in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from rlef_env.cli.command import main
from rlef_env.cli.display import Screen, show_heading, show_text, show_turn, show_verdicts
from rlef_env.envs import CodeEnv
from rlef_env.episodes import Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import Dataset, Problem, Solution, Test, write_jsonl
from rlef_env.terminal import one_line, printable

MARKUP = ["dp[i] [/b]", "[red]x", "[/]", "[link=file:///x]y[/link]", ":warning: a", "[", r"a\[b]", "[bold"]
CODES = {"\x1b[2Jx": r"\x1b[2Jx", "a\nb": "a b", "a\x07b": r"a\x07b", "a\u202eb": r"a\u202eb", "a\x85b": "a b"}
ODD = [*MARKUP, *CODES]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    problems = [
        Problem(
            f"{place} {odd}",
            f"Solve {odd}",
            public_tests=(Test(f"{odd}\n", "1\n"),),
            solutions=(Solution("print(1)"),),
            incorrect_solutions=(Solution(f"raise type({odd!r}, (Exception,), {{}})('[/b]')"),),
            tags=(odd,),
            difficulty=odd,
            source=odd,
            extra={"name": odd},
        )
        for place, odd in enumerate(ODD)
    ]
    write_jsonl(tmp_path / "odd [b].jsonl", problems)
    return tmp_path / "odd [b].jsonl"


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("action", ["list", "stats"])
def test_tables_of_problems_show_names_unchanged(
    data: Path, action: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    assert main(["problems", action, str(data)]) == 0
    shown = capsys.readouterr().out
    for odd in MARKUP:
        assert odd in Text.from_ansi(shown).plain
    for odd, seen in CODES.items():
        assert seen in Text.from_ansi(shown).plain
        assert odd not in shown


@pytest.mark.parametrize("odd", ODD)
def test_a_problem_is_shown_unchanged(data: Path, odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problems", "show", str(data), f"{ODD.index(odd)} {odd}", "--hidden"]) == 0
    shown = capsys.readouterr().out
    assert f"Solve {printable(odd)}" in shown
    assert "\x1b" not in shown


def test_errors_are_one_line_without_codes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problems", "show", str(data), "[/b]\x1b[2J\nx"]) == 2
    err = capsys.readouterr().err
    assert "[/b]" in err
    assert err.count("\n") == 1
    assert "\x1b" not in err


def turn(odd: str) -> Turn:
    return Turn(odd, odd, Judgement(Verdict.RUNTIME_ERROR, (), 1, odd), f"{odd} {odd}", -1.0)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("odd", ODD)
def test_turns_show_programs_categories_and_feedback_unchanged(
    odd: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    show_heading(screen, f"me plays {odd}", bold=odd)
    show_turn(screen, 1, turn(odd), 10)
    show_verdicts(screen, turn(odd).judgement)
    show_text(screen, odd)
    shown = Text.from_ansi(capsys.readouterr().out).plain
    assert f"({one_line(odd)})" in shown
    assert shown.count(printable(odd).splitlines()[0]) >= 4
    assert "\x1b" not in shown


def test_a_rendered_episode_sends_no_terminal_codes(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("a", "Say \x1b[2J", public_tests=(Test("", "1\n"),))
    with CodeEnv(Dataset("d", "D", (problem,)), render_mode="human", judge="shared") as env:
        env.reset(seed=1)
        env.step("```python\nprint('\\x1b[2J')\n```")
    shown = capsys.readouterr().out
    assert shown.count(r"\x1b[2J") >= 2
    assert "\x1b" not in shown


@given(st.text())
def test_printable_text_has_no_terminal_codes(text: str) -> None:
    shown = printable(text)
    shown.encode()  # raises if there is a lone surrogate
    assert all(character in "\n\t" or character >= " " for character in shown)
    assert printable(shown) == shown
    assert "\n" not in one_line(text)


def test_names_in_json_lines_are_unchanged(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", str(data), "--which", "correct", "--workers", "1"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["problem"] for row in rows] == [f"{place} {odd}" for place, odd in enumerate(ODD)]
