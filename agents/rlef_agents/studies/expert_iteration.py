"""Expert iteration: clone the solved episodes of one's own policy, play again, and so on. No reinforcement learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.sft import Chat, sft
from rlef_agents.ppo.sft_config import SftConfig
from rlef_env.errors import RLEFError

__all__ = ["expert_iteration"]


def expert_iteration(
    model: Any,
    renderer: Renderer,
    play: Callable[[Any, int], list[Chat]],
    rounds: int,
    config: SftConfig,
    report: Callable[[int, int], None] = lambda *_: None,
) -> Any:
    """Train a model on the last responses of its own solved episodes, as the paper's supervised baseline does.

    Args:
        model: the start; it is trained in place.
        renderer: renderer for its tokenizer.
        play: function of the model and the number of the round that plays episodes and returns the solved ones.
        rounds: how many times to play and to clone.
        config: settings of cloning; ``last_only`` is set.
        report: called with the round and the number of solved episodes.

    Returns:
        The model.

    Raises:
        RLEFError: no episode of a round was solved.
    """
    for number in range(rounds):
        solved = play(model, number)
        report(number, len(solved))
        if not solved:
            raise RLEFError(f"expert iteration: expected a solved episode in round {number}, got none")
        model = sft(model, renderer, solved, replace(config, last_only=True, seed=config.seed + number))
    return model
