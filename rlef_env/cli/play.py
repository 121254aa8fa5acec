"""``rlef play``: a person, or program files, take the turns of an episode."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from rlef_env.cli.arguments import add_dataset, whole_number
from rlef_env.cli.display import show_prompt, show_turn
from rlef_env.envs import CodeEnv, Episode, read_episodes, write_episodes
from rlef_env.errors import DataError
from rlef_env.problems import load_dataset

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "take the turns yourself, by typing programs or with program files"
DESCRIPTION = """\
Play an episode. The problem is shown; type or paste a Python program and end it with a line that holds a single dot, or
with Ctrl-D. The environment judges it and answers, until every public test passes or the last turn is over.

With --file, program files take the turns in order, and the episode ends early where they run out."""

END = "."
ALL = 10**6  # lines; a player reads everything


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef play``."""
    add_dataset(parser)
    parser.add_argument("--problem", metavar="ID", help="the problem's id (default: the seed chooses)")
    parser.add_argument(
        "--file",
        type=Path,
        nargs="+",
        action="extend",
        metavar="PROGRAM.py",
        help="programs that take the turns in order",
    )
    parser.add_argument("--seed", type=whole_number(0), metavar="S", help="chooses the problem (default: by chance)")
    parser.add_argument("--max-turns", type=whole_number(1), default=3, metavar="N", help="default: %(default)s")
    parser.add_argument("--save", type=Path, metavar="EPISODES.jsonl", help="add the episode to this file")


def run(arguments: argparse.Namespace) -> None:
    """Play one episode."""
    console = Console()
    dataset = load_dataset(arguments.dataset)
    # Read before the first turn is taken: an error must not cost a played episode.
    programs = [program_text(path) for path in arguments.file] if arguments.file else typed_programs(console)
    earlier = read_episodes(arguments.save) if arguments.save is not None and arguments.save.exists() else []
    options = {"problem_id": arguments.problem} if arguments.problem is not None else None
    with CodeEnv(dataset=dataset, max_turns=arguments.max_turns) as env:
        prompt, info = env.reset(seed=arguments.seed, options=options)
        console.rule(f"[bold]{escape(info['problem_id'])}[/bold] ({escape(info['dataset'])})", align="left")
        show_prompt(console, prompt, ALL)
        ended = False
        for program in programs:
            _, _, terminated, truncated, info = env.step(as_response(program))
            show_turn(console, info["turn"], env.episode.turns[-1], ALL)
            ended = terminated or truncated
            if ended:
                break
        console.print(f"[bold]{outcome(env.episode)}[/bold]")
        if arguments.save is not None:
            write_episodes(arguments.save, [*earlier, env.episode])


def outcome(episode: Episode) -> str:
    """How the episode ended, in words."""
    if episode.truncated:
        return "No verdict: the judge itself failed; rlef doctor may say why."
    if not episode.ended:
        return "The episode is not over."
    return "Solved." if episode.solved else "Not solved."


def as_response(program: str) -> str:
    """What the environment is told: the program between backticks, or as it is if it has some already."""
    return program if "```" in program else f"```python\n{program}\n```"


def program_text(path: Path) -> str:
    """Read a program file.

    Raises:
        DataError: it is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected a program in UTF-8, got {error.reason} at byte {error.start}") from None


def typed_programs(console: Console) -> Iterator[str]:
    """Yield programs from standard input: each ends with a line that holds a single dot, or with the input."""
    while True:
        if sys.stdin.isatty():
            console.print(f"[dim]Your program; end it with a line that holds only {END!r}, or stop with Ctrl-D:[/dim]")
        lines = []
        for line in sys.stdin:
            if line.rstrip("\r\n") == END:
                break
            lines.append(line)
        else:
            if any(line.strip() for line in lines):
                yield "".join(lines)
            return
        yield "".join(lines)
