"""``rlef demo``: agents play episodes, one of each is shown in full, and a table tells how they did."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from random import Random

from gymnasium.error import InvalidAction
from rich.console import Console

from rlef_env.cli.agents import Agent, Conversation, ask, installed_agents, load_agent
from rlef_env.cli.arguments import add_dataset, whole_number
from rlef_env.cli.display import Screen, progress_bar, show_heading, show_prompt, show_turn
from rlef_env.cli.machine import check_machine, show_machine
from rlef_env.cli.rates import show_rates, solve_rates
from rlef_env.envs import CodeEnv
from rlef_env.episodes import Episode
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, load_dataset

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "watch agents play, and see how often they solve the problems"
DESCRIPTION = """\
Let agents play episodes on the same problems. One episode of each agent is shown in full: the problem, the programs,
the verdict of every test that was run, the feedback and the reward. Then a table of solve rates by turn, of the
episodes that have a verdict, and how many have none, because the judge or the machine failed. What the machine was
measured to be is said on standard error, with a warning if its verdicts cannot be trusted.

The agents of rlef-agents are oracle (knows a correct program), repair (starts with a wrong one and reacts to the
feedback) and random. Your own is module:Class, with a method act(conversations) that returns a list of responses."""

FIRST = ("oracle", "repair", "random")  # in this order; agents that others register follow by name
MOST_EPISODES = 1_000_000  # all are kept until the end


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef demo``."""
    parser.add_argument(
        "--agent",
        action="append",
        metavar="NAME",
        help="a registered agent or module:Class; may be given several times",
    )
    parser.add_argument(
        "--episodes",
        type=whole_number(1, MOST_EPISODES),
        metavar="N",
        help="episodes per agent (default: one for every problem)",
    )
    parser.add_argument("--seed", type=whole_number(0), default=0, metavar="S", help="default: %(default)s")
    parser.add_argument(
        "--show", type=whole_number(0), default=1, metavar="N", help="episodes per agent shown in full (default: 1)"
    )
    parser.add_argument(
        "--lines", type=whole_number(1), default=24, metavar="N", help="lines shown of each text (default: %(default)s)"
    )
    add_dataset(parser)


def run(arguments: argparse.Namespace) -> None:
    """Play, show, count."""
    console = Screen()
    dataset = load_dataset(arguments.dataset)
    names = arguments.agent or sorted(
        installed_agents(), key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)
    )
    if not names:
        raise UsageError("agents: expected at least one, none is installed; pip install ./agents, or name module:Class")
    agents = {name: load_agent(name, dataset, arguments.seed) for name in names}
    problems = chosen_problems(dataset, arguments.episodes, arguments.seed)
    machine = check_machine()
    played: dict[str, list[Episode]] = {}
    with CodeEnv(dataset=dataset) as env:
        for name, agent in agents.items():
            with progress_bar(f"{name} plays", len(problems)) as advance:
                played[name] = []
                for place, problem_id in enumerate(problems):
                    played[name].append(play_episode(env, name, agent, problem_id, arguments.seed + place))
                    advance()
            for episode in most_telling(played[name], arguments.show):
                show_episode(console, name, dataset, episode, arguments.lines)
    show_rates(console, dataset.label, solve_rates(played, env.rules.max_turns))
    show_machine(machine)


def chosen_problems(dataset: Dataset, episodes: int | None, seed: int) -> list[str]:
    """The ids to play: every problem once, or as many as asked for, in an order that the seed decides."""
    ids = [problem.id for problem in dataset if any(problem.tests())]
    if not ids:
        raise UsageError(f"data set {dataset.label}: expected a problem with tests, got none; name another")
    if episodes is None:
        return ids
    rounds = -(-episodes // len(ids))
    random = Random(seed)
    return [problem_id for _ in range(rounds) for problem_id in random.sample(ids, len(ids))][:episodes]


def play_episode(env: CodeEnv, name: str, agent: Agent, problem_id: str, seed: int) -> Episode:
    """Play one episode to its end."""
    _, info = env.reset(seed=seed, options={"problem_id": problem_id})
    ended = False
    while not ended:
        response = ask(name, agent, Conversation(tuple(info["messages"]), info["problem_id"]))
        try:
            _, _, terminated, truncated, info = env.step(response)
        except InvalidAction as error:
            raise UsageError(f"agent {name}: act: expected responses that the environment takes: {error}") from error
        ended = terminated or truncated
    return env.episode


def most_telling(episodes: Sequence[Episode], number: int) -> list[Episode]:
    """The episodes with the most turns; of two alike the earlier."""
    return sorted(episodes, key=lambda episode: -len(episode.turns))[:number]


def show_episode(console: Console, name: str, dataset: Dataset, episode: Episode, lines: int) -> None:
    """Show an episode in full."""
    show_heading(console, f"{name} plays {episode.problem_id} ({dataset.label})", bold=name)
    show_prompt(console, dataset.get(episode.problem_id).statement, lines)
    for number, turn in enumerate(episode.turns, start=1):
        show_turn(console, number, turn, lines)
