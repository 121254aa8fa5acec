"""How things look on a terminal: problems, programs, verdict grids, feedback, and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.text import Text

from rlef_env.envs import GRID_LETTERS, Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import ROLES

__all__ = ["cut", "progress_bar", "show_prompt", "show_turn", "show_verdicts"]

COLOURS = {Verdict.ACCEPTED: "green", Verdict.NO_PROGRAM: "dim", Verdict.NO_VERDICT: "bold yellow"}
FAILURE = "red"


def cut(text: str, lines: int) -> str:
    """Return the first lines of a text, and how many are left out."""
    everything = text.splitlines()
    if len(everything) <= lines:
        return text
    return "\n".join([*everything[:lines], f"[... {len(everything) - lines} more lines]"])


def show_prompt(console: Console, prompt: str, lines: int) -> None:
    """Show what the environment asks, at most so many lines of it."""
    console.print(Padding(Text(cut(prompt, lines)), (0, 0, 1, 2)))


def show_turn(console: Console, number: int, turn: Turn, lines: int) -> None:
    """Show a turn: the program, its verdicts, what the environment answered and the reward."""
    console.print(f"[bold]Turn {number}[/bold]", highlight=False)
    show_program(console, turn.program, lines)
    show_verdicts(console, turn.judgement)
    show_feedback(console, turn.feedback, lines)
    console.print(f"  reward: [bold]{turn.reward:+g}[/bold]\n", highlight=False)


def show_program(console: Console, program: str | None, lines: int) -> None:
    """Show a program with its syntax in colour, or that there is none."""
    if program is None:
        console.print(Padding("[dim](the response holds no program)[/dim]", (0, 0, 0, 2)))
    else:
        code = Syntax(cut(program, lines), "python", theme="ansi_dark", background_color="default", line_numbers=True)
        console.print(Padding(code, (0, 0, 1, 2)))


def show_verdicts(console: Console, judgement: Judgement) -> None:
    """Show the verdict, and a grid: one sign per test that was run, a line per role."""
    category = f" ({escape(judgement.category)})" if judgement.category else ""
    tests = f"; {judgement.passed} of {judgement.total} tests passed" if judgement.total else ""
    not_run = judgement.total - len(judgement.results)
    rest = f", {not_run} not run" if not_run else ""
    console.print(f"  verdict: [bold]{words(judgement.verdict)}[/bold]{category}{tests}{rest}", highlight=False)
    for role in ROLES:
        verdicts = [result.verdict for result in judgement.results if result.role == role]
        if verdicts:
            line = Text(f"  {role:<10}")
            for verdict in verdicts:
                line.append(GRID_LETTERS[verdict], style=COLOURS.get(verdict, FAILURE))
            console.print(line)
    seen = dict.fromkeys(result.verdict for result in judgement.results)
    if seen:
        legend = ", ".join(f"{GRID_LETTERS[verdict]} {words(verdict)}" for verdict in seen)
        console.print(f"  [dim]({legend})[/dim]", highlight=False)


def words(verdict: Verdict) -> str:
    """A verdict as a person says it."""
    return verdict.value.replace("_", " ")


def show_feedback(console: Console, feedback: str, lines: int) -> None:
    """Show what the environment answered, at most so many lines of it; nothing where it said nothing."""
    if feedback:
        console.print(Padding(Text(cut(feedback, lines), style="cyan"), (1, 0, 1, 2)))


@contextmanager
def progress_bar(what: str, total: int, shown: bool = True) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error while something runs; nothing where that is no terminal.

    Args:
        what: what goes on, in a word.
        total: how many steps there are.
        shown: False for no bar.

    Yields:
        A function to call after each step.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not shown or not sys.stderr.isatty()
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=hidden, redirect_stdout=False
    ) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)
