"""``rlef demo``: agents play episodes; one episode of each is shown, and a table of their solve rates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from random import Random

from gymnasium.error import InvalidAction
from rich.console import Console

from rlef_env.agents import AgentOptions, NamedAgent, installed_agents, load_agent, play
from rlef_env.cli.arguments import add_dataset, whole_number
from rlef_env.cli.display import Screen, cut, progress_bar, show_heading, show_text, show_turn
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
the verdict of every test that was run, the feedback and the reward. A table of solve rates by turn follows. It counts
the episodes that have a verdict, and says how many have none because the judge or the machine failed. A measurement of
the machine is printed on standard error, with a warning if its verdicts cannot be trusted.

The agents of rlef-agents are oracle (knows a correct program), repair (starts with a wrong program and reacts to the
feedback) and random. To use your own, name its class as module:Class; it needs a method act(conversations) that returns
a list of responses."""

FIRST = ("oracle", "repair", "random")  # shown in this order; other registered agents follow by name
MAX_EPISODES = 1_000_000  # all of them are kept in memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef demo``."""
    parser.add_argument(
        "--agent",
        action="append",
        metavar="NAME",
        help="a registered agent or module:Class; may be repeated (default: every registered agent)",
    )
    parser.add_argument(
        "--episodes",
        type=whole_number(1, MAX_EPISODES),
        metavar="N",
        help="episodes per agent (default: one per problem)",
    )
    parser.add_argument("--seed", type=whole_number(0), default=0, metavar="S", help="seed (default: 0)")
    parser.add_argument(
        "--show", type=whole_number(0), default=1, metavar="N", help="episodes per agent shown in full (default: 1)"
    )
    parser.add_argument(
        "--lines", type=whole_number(1), default=24, metavar="N", help="lines shown of each text (default: 24)"
    )
    add_dataset(parser)


def run(arguments: argparse.Namespace) -> None:
    """Let the agents play, and show episodes and solve rates."""
    console = Screen()
    dataset = load_dataset(arguments.dataset)
    names = arguments.agent or sorted(
        installed_agents(), key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)
    )
    if not names:
        raise UsageError("agents: expected at least one, none is installed; pip install ./agents, or name module:Class")
    agents = {name: load_agent(name, dataset, AgentOptions(seed=arguments.seed)) for name in names}
    problems = chosen_problems(dataset, arguments.episodes, arguments.seed)
    machine = check_machine()
    played: dict[str, list[Episode]] = {}
    with CodeEnv(dataset=dataset) as env:
        for name, agent in agents.items():
            with progress_bar(f"{name} plays", len(problems)) as advance:
                played[name] = []
                for number, problem_id in enumerate(problems):
                    played[name].append(play_episode(env, agent, problem_id, arguments.seed + number))
                    advance()
            for episode in longest(played[name], arguments.show):
                show_episode(console, name, dataset, episode, arguments.lines)
    show_rates(console, dataset.label, solve_rates(played, env.config.max_turns))
    show_machine(machine)


def chosen_problems(dataset: Dataset, episodes: int | None, seed: int) -> list[str]:
    """Return the ids to play: each problem once, or ``episodes`` of them in an order that depends on the seed."""
    ids = [problem.id for problem in dataset if any(problem.tests())]
    if not ids:
        raise UsageError(f"data set {dataset.label}: expected a problem with tests, got none; name another")
    if episodes is None:
        return ids
    rounds = -(-episodes // len(ids))
    random = Random(seed)
    return [problem_id for _ in range(rounds) for problem_id in random.sample(ids, len(ids))][:episodes]


def play_episode(env: CodeEnv, agent: NamedAgent, problem_id: str, seed: int) -> Episode:
    """Play one episode to its end.

    Raises:
        UsageError: the agent failed, or its response is not in the environment's action space.
    """
    try:
        (episode,) = play(agent, env, 1, seed, [problem_id])
    except InvalidAction as error:
        raise UsageError(f"agent {agent.name}: act: expected a valid action: {error}") from error
    return episode


def longest(episodes: Sequence[Episode], number: int) -> list[Episode]:
    """Return the episodes with the most turns; earlier ones first if they have equally many."""
    return sorted(episodes, key=lambda episode: -len(episode.turns))[:number]


def show_episode(console: Console, name: str, dataset: Dataset, episode: Episode, lines: int) -> None:
    """Show an episode in full."""
    show_heading(console, f"{name} plays {episode.problem_id} ({dataset.label})", bold=name)
    show_text(console, cut(dataset.get(episode.problem_id).statement, lines))
    for number, turn in enumerate(episode.turns, start=1):
        show_turn(console, number, turn, lines)
