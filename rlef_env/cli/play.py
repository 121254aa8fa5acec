"""``rlef play``: a person types programs for an episode, or program files are used."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gymnasium.error import InvalidAction
from rich.console import Console
from rich.text import Text

from rlef_env.analysis.errors import categorise
from rlef_env.cli.arguments import add_dataset, file_path, whole_number
from rlef_env.cli.display import Screen, show_heading, show_text, show_turn
from rlef_env.envs import CodeEnv, fenced
from rlef_env.episodes import Episode
from rlef_env.errors import DataError
from rlef_env.problems import load_dataset
from rlef_env.runs import (
    EpisodeRecord,
    EpisodeWriter,
    RunFolder,
    RunIdentity,
    TurnExtra,
    judge_version,
    problem_facts,
    read_facts,
)

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "play an episode yourself, by typing programs or with program files"
DESCRIPTION = """\
Play an episode. The problem is shown; type or paste a Python program and end it with a line that holds a single dot, or
with Ctrl-D. The environment judges the program and shows its feedback, until every public test passes or the last turn
is over.

With --file, each turn uses the next program file; the episode stops early after the last file. With --out, a run folder
keeps the episode, as it keeps those of a model; the next episodes can go into the same folder."""

END = "."
ALL = 10**6  # lines; a player is shown everything


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef play``."""
    add_dataset(parser)
    parser.add_argument("--problem", metavar="ID", help="the problem's id (default: the seed chooses)")
    parser.add_argument(
        "--file",
        type=file_path,
        nargs="+",
        action="extend",
        metavar="PROGRAM.py",
        help="programs to use, one per turn",
    )
    parser.add_argument("--seed", type=whole_number(0), metavar="S", help="chooses the problem (default: random)")
    parser.add_argument(
        "--max-turns", type=whole_number(1), default=3, metavar="N", help="turns of the episode (default: %(default)s)"
    )
    parser.add_argument("--out", type=file_path, metavar="RUN", help="folder of the run that keeps the episode")


def run(arguments: argparse.Namespace) -> None:
    """Play one episode."""
    console = Screen()
    dataset = load_dataset(arguments.dataset)
    # Files are read before the first turn: an error in one must not cost an episode that was played.
    programs = [program_text(path) for path in arguments.file] if arguments.file else typed_programs(console)
    options = {"problem_id": arguments.problem} if arguments.problem is not None else None
    with CodeEnv(dataset=dataset, max_turns=arguments.max_turns) as env:
        prompt, info = env.reset(seed=arguments.seed, options=options)
        with keeping(arguments.out, env):
            show_heading(console, f"{info['problem_id']} ({info['dataset']})", bold=info["problem_id"])
            show_text(console, prompt)
            for program in programs:
                try:
                    _, _, terminated, truncated, info = env.step(as_response(program))
                except InvalidAction as error:
                    raise DataError(f"turn {info['turn'] + 1}: expected a valid action: {error}") from None
                show_turn(console, info["turn"], env.episode.turns[-1], ALL)
                if terminated or truncated:
                    break
            console.print(Text(ending(env.episode), style="bold"))


@contextmanager
def keeping(path: Path | None, env: CodeEnv) -> Iterator[None]:
    """Append the episode to a run when the block ends, with the turns played so far, also after an error or Ctrl-C.

    Raises:
        UsageError: the folder has a run with other settings, or another process writes to it.
        DataError: its run cannot be read.
        OSError: it cannot be written.
    """
    if path is None:
        yield
        return
    folder = play_folder(path, env)
    began = time.monotonic()
    with EpisodeWriter(folder) as writer:
        problem = env.dataset.get(env.episode.problem_id)
        sample = sum(facts.problem.problem_id == problem.id for facts in read_facts(folder))
        try:
            yield
        finally:
            episode = env.episode
            if episode.turns:
                turns = tuple(map(TurnExtra, categorise(problem, episode)))
                seconds = round(time.monotonic() - began, 3)
                writer.append(
                    EpisodeRecord(episode, sample, "play", seconds=seconds, turns=turns), problem_facts(problem)
                )


def play_folder(path: Path, env: CodeEnv) -> RunFolder:
    """Create the run that keeps the episodes of a person, or open it."""
    config = env.config
    identity = RunIdentity(
        agent={"name": "person"},
        episodes=config.settings,
        problems={"dataset": config.dataset.name, "split": config.split},
        judge=judge_version(),
    )
    if (path / "run.json").exists():
        return RunFolder.resume(path, identity)
    return RunFolder.create(path, "play", identity)


def ending(episode: Episode) -> str:
    """Return how the episode ended, as a sentence."""
    if episode.truncated:
        return "No verdict: the judge itself failed; rlef doctor may show why."
    if not episode.ended:
        return "The episode was not finished."
    return "Solved." if episode.solved else "Not solved."


def as_response(program: str) -> str:
    """Return the program as a response: between backticks, or unchanged if it contains a fence already."""
    return program if re.search(r"^ {0,3}(?:```|~~~)", program, re.MULTILINE) else fenced(program)


def program_text(path: Path) -> str:
    """Read a program file.

    Raises:
        DataError: the file is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected a program in UTF-8, got {error.reason} at byte {error.start}") from None


def typed_programs(console: Console) -> Iterator[str]:
    """Yield programs from standard input; each ends with a line that holds a single dot, or with the input."""
    while True:
        if sys.stdin.isatty():
            prompt = f"Your program; end it with a line that holds only {END!r}, or stop with Ctrl-D:"
            console.print(Text(prompt, style="dim"))
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
