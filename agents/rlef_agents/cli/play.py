"""``rlef-agents play``: play validation problems, and show one episode in full."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any, Final

from rlef_agents.cli.arguments import add_evaluated_model, temperature
from rlef_agents.cli.model_agent import model_agent
from rlef_agents.cli.settings import evaluated_config
from rlef_env.errors import UsageError

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "play validation problems; show one episode in full and the number of solved ones"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents play``."""
    add_evaluated_model(parser)
    parser.add_argument("--episodes", type=int, default=8, help="default: 8; the first one with feedback is shown")
    parser.add_argument("--temperature", type=temperature, default=1.0, help="default: 1")


def run(arguments: Any) -> None:
    """Play, print the first episode with feedback, and the number of solved episodes."""
    from rlef_agents.ppo.parts import env_arguments
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_env import CodeEnv
    from rlef_env.agents import play as play_episodes

    config = evaluated_config(arguments).evaluation_config()
    if arguments.episodes < 1:
        raise UsageError(f"--episodes: expected 1 or more, got {arguments.episodes}")
    problems = evaluation_problems(config)
    agent, tokenizer = model_agent(
        arguments.model, config, arguments.temperature, config.evaluate_top_p, config.seed, slots=1
    )
    with CodeEnv(**env_arguments(config, problems, tokenizer)) as env:
        episodes = play_episodes(agent, env, arguments.episodes, seed=config.seed)
    shown = next((episode for episode in episodes if len(episode.turns) > 1), episodes[0])
    print(f"{shown.problem_id}\n\n{indented(shown.prompt)}")
    for number, turn in enumerate(shown.turns, start=1):
        verdict = turn.judgement.verdict.value.replace("_", " ")
        print(f"\nresponse {number}: {verdict}\n\n{indented(turn.response)}")
        if turn.feedback and number < len(shown.turns):
            print(f"\nfeedback\n\n{indented(turn.feedback)}")
    lost = [episode.turns[-1].judgement.category for episode in episodes if episode.truncated]
    solved = sum(episode.solved for episode in episodes)
    print(f"\nsolved {solved} of {len(episodes) - len(lost)} episodes", flush=True)
    if lost:
        starved = f", {lost.count('starved')} because the machine was too busy (see rlef doctor)"
        print(f"{len(lost)} more have no verdict and do not count{starved if 'starved' in lost else ''}", flush=True)


def indented(text: str) -> str:
    """Indent a prompt, response or feedback."""
    return textwrap.indent(text.rstrip(), "    ", lambda _: True)
