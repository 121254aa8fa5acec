"""Prints problems, programs, verdict grids and feedback on a terminal, and shows a progress bar."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.text import Text

from rlef_env import command_line
from rlef_env.episodes import Turn
from rlef_env.episodes.render import GRID_LETTERS, verdict_grid, verdict_words
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems.problem import ROLES
from rlef_env.terminal import one_line, printable

__all__ = [
    *("Screen", "cut", "note", "progress_bar", "show_heading", "show_text", "show_turn"),
    "show_verdicts",
]

COLOURS = {Verdict.ACCEPTED: "green", Verdict.NO_PROGRAM: "dim", Verdict.NO_VERDICT: "bold yellow"}
FAILURE = "red"
UNLIMITED = 100_000  # columns


def note(message: str) -> None:
    """Print one line on standard error."""
    command_line.note("rlef", message)


class Screen(Console):
    """Standard output for a person.

    Strings are plain text: rich does not interpret markup, emoji codes or terminal codes in them. Colours come from
    ``rich.text.Text`` and ``style=`` only. If the output is no terminal, lines are not wrapped, shortened or padded.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})
        self.soft_wrap = not self.is_terminal
        if not self.is_terminal:
            self.width = UNLIMITED

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text of a string that is printed or is in a table."""
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error instead of exiting: ``run_command`` knows the exit code."""
        raise BrokenPipeError


def cut(text: str, lines: int) -> str:
    """Return the first lines of a text, and a line with the number of lines left out."""
    everything = text.splitlines()
    if len(everything) <= lines:
        return text
    return "\n".join([*everything[:lines], f"[... {len(everything) - lines} more lines]"])


def show_heading(console: Console, text: str, bold: str) -> None:
    """Show a heading, with a rule across the terminal; ``bold`` is the part in bold."""
    if console.is_terminal:
        title = Text(one_line(text))
        title.highlight_words([one_line(bold)], "bold")
        console.rule(title, align="left")
    else:
        console.print(Text(f"-- {one_line(text)}"))


def show_text(console: Console, text: str, style: str = "") -> None:
    """Show a text, indented; lines that the terminal wraps are indented, too."""
    text = printable(text)
    if console.is_terminal:
        console.print(Padding(Text(text, style=style), (0, 0, 1, 2)))
    else:
        console.print(Text(textwrap.indent(text, "  ").rstrip("\n") + "\n"))


def show_turn(console: Console, number: int, turn: Turn, lines: int) -> None:
    """Show a turn: the program, its verdicts, the feedback and the reward."""
    console.print(Text(f"Turn {number}", style="bold"))
    show_program(console, turn.program, lines)
    show_verdicts(console, turn.judgement)
    show_feedback(console, turn.feedback, lines)
    console.print(Text.assemble("  reward: ", (f"{turn.reward:+g}", "bold"), "\n"))


def show_program(console: Console, program: str | None, lines: int) -> None:
    """Show a program with syntax colours, or a line that there is none."""
    if program is None:
        console.print(Text("  (the response holds no program)", style="dim"))
        return
    program = printable(program)
    if console.is_terminal:
        code = Syntax(cut(program, lines), "python", theme="ansi_dark", background_color="default", line_numbers=True)
        console.print(Padding(code, (0, 0, 1, 2)))
    else:
        numbered = enumerate(cut(program, lines).splitlines(), start=1)
        console.print(Text("\n".join(f"  {number:>3} {line}".rstrip() for number, line in numbered) + "\n"))


def show_verdicts(console: Console, judgement: Judgement) -> None:
    """Show the verdict, and ``verdict_grid`` in colour."""
    category = f" ({one_line(judgement.category)})" if judgement.category else ""
    tests = f"; {judgement.passed} of {judgement.total} tests passed" if judgement.total else ""
    verdict = (verdict_words(judgement.verdict), "bold")
    console.print(Text.assemble("  verdict: ", verdict, category, tests))
    colours = {GRID_LETTERS[verdict]: COLOURS.get(verdict, FAILURE) for verdict in Verdict}
    for line in verdict_grid(judgement):
        role, _, signs = line.strip().partition(" ")
        text = Text(line, style="" if role in ROLES else "dim")
        if role in ROLES:
            for place, sign in enumerate(signs.lstrip(), start=len(line) - len(signs.lstrip())):
                text.stylize(colours[sign], place, place + 1)
        console.print(text)


def show_feedback(console: Console, feedback: str, lines: int) -> None:
    """Show the feedback, at most ``lines`` lines of it; nothing if it is empty."""
    if feedback:
        console.print()
        show_text(console, cut(feedback, lines), style="cyan")


@contextmanager
def progress_bar(title: str, total: int | None, shown: bool = True) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error while the block runs; nothing if that is no terminal.

    Args:
        title: text beside the bar.
        total: number of steps; None if unknown.
        shown: False for no bar.

    Yields:
        A function to call after each step.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not shown or not sys.stderr.isatty()
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=hidden, redirect_stdout=False
    ) as progress:
        task = progress.add_task(one_line(title), total=total)
        yield lambda: progress.advance(task)
