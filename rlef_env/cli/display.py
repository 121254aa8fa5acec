"""How things look on a terminal: problems, programs, verdict grids, feedback, and a progress bar."""

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

from rlef_env.episodes import GRID_LETTERS, Turn, verdict_grid, verdict_words
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import ROLES
from rlef_env.terminal import one_line, printable

__all__ = [
    *("Screen", "cut", "note", "progress_bar", "show_heading", "show_prompt", "show_text", "show_turn"),
    "show_verdicts",
]

COLOURS = {Verdict.ACCEPTED: "green", Verdict.NO_PROGRAM: "dim", Verdict.NO_VERDICT: "bold yellow"}
FAILURE = "red"
UNLIMITED = 100_000  # columns


def note(message: str) -> None:
    """Print a line on standard error."""
    print("rlef:", one_line(message), file=sys.stderr)


class Screen(Console):
    """Standard output for a person.

    A string is text: nothing in it is read as markup, emoji codes or terminal codes; colours are asked for by
    ``rich.text.Text`` and ``style=``. Where it is no terminal, nothing is wrapped, shortened or padded to a width that
    nobody has.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})
        self.soft_wrap = not self.is_terminal
        if not self.is_terminal:
            self.width = UNLIMITED

    def render_str(self, text: str, **options: Any) -> Text:
        """The text of a string that is printed, or stands in a table."""
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> NoReturn:
        """Pass it on: ``command.py`` knows the exit code."""
        raise BrokenPipeError


def cut(text: str, lines: int) -> str:
    """Return the first lines of a text, and how many are left out."""
    everything = text.splitlines()
    if len(everything) <= lines:
        return text
    return "\n".join([*everything[:lines], f"[... {len(everything) - lines} more lines]"])


def show_heading(console: Console, text: str, bold: str) -> None:
    """Show a heading, with a line to the end of a terminal's; ``bold`` is the part to stress."""
    if console.is_terminal:
        title = Text(one_line(text))
        title.highlight_words([one_line(bold)], "bold")
        console.rule(title, align="left")
    else:
        console.print(Text(f"-- {one_line(text)}"))


def show_text(console: Console, text: str, style: str = "") -> None:
    """Show a text, moved in a little; the terminal's lines are moved in where it wraps them, too."""
    text = printable(text)
    if console.is_terminal:
        console.print(Padding(Text(text, style=style), (0, 0, 1, 2)))
    else:
        console.print(Text(textwrap.indent(text, "  ").rstrip("\n") + "\n"))


def show_prompt(console: Console, prompt: str, lines: int) -> None:
    """Show what the environment asks, at most so many lines of it."""
    show_text(console, cut(prompt, lines))


def show_turn(console: Console, number: int, turn: Turn, lines: int) -> None:
    """Show a turn: the program, its verdicts, what the environment answered and the reward."""
    console.print(Text(f"Turn {number}", style="bold"))
    show_program(console, turn.program, lines)
    show_verdicts(console, turn.judgement)
    show_feedback(console, turn.feedback, lines)
    console.print(Text.assemble("  reward: ", (f"{turn.reward:+g}", "bold"), "\n"))


def show_program(console: Console, program: str | None, lines: int) -> None:
    """Show a program with its syntax in colour, or that there is none."""
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
    """Show the verdict, and the grid of ``verdict_grid`` in colour."""
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
    """Show what the environment answered, at most so many lines of it; nothing where it said nothing."""
    if feedback:
        console.print()
        show_text(console, cut(feedback, lines), style="cyan")


@contextmanager
def progress_bar(what: str, total: int | None, shown: bool = True) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error while something runs; nothing where that is no terminal.

    Args:
        what: what goes on, in a word.
        total: how many steps there are; None if nobody knows yet.
        shown: False for no bar.

    Yields:
        A function to call after each step.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not shown or not sys.stderr.isatty()
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=hidden, redirect_stdout=False
    ) as progress:
        task = progress.add_task(one_line(what), total=total)
        yield lambda: progress.advance(task)
