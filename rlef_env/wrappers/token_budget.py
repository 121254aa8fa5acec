"""``TokenBudget``: responses that are too long end the episode, unread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs.arguments import at_least
from rlef_env.errors import UsageError
from rlef_env.wrappers.checks import check_code_env, check_texts
from rlef_env.wrappers.token_counts import token_counter

__all__ = ["TokenBudget"]


class TokenBudget(gymnasium.Wrapper[Any, str, Any, str], RecordConstructorArgs):
    """Limit the tokens of a response, of all responses of an episode together, or both.

    A response over the budget is not judged, whatever it holds. The rest of the episode is played with empty responses:
    what the agent gets is, to the number, what it gets if it gives up and says nothing. So no reward can make it pay to
    exceed the budget: neither to escape a penalty, nor to have a right program read that other text surrounds.

    That step returns ``terminated`` and ``truncated`` both True, and ``info["over_budget"]`` True. ``terminated`` keeps
    a learner from adding the value of what would have come. The episode counts: ``info["has_verdict"]`` is True.

    Each ``info`` gets ``over_budget``, and ``response_tokens``: those of the episode's responses so far. Tokens of the
    prompt and the feedback do not count; ``prompt_cap`` and ``feedback_cap`` limit these.

    Args:
        env: a ``CodeEnv`` whose actions are texts, wrapped or not.
        tokenizer: ``"characters"``, each of which is a token; else the folder or name of a tokenizer (a
            ``tokenizer.json``, in a folder or on the Hugging Face hub). Other names need the package ``tokenizers``.
        per_turn: maximum tokens of a response; None: any number.
        per_episode: maximum tokens of an episode's responses together; None: any number.

    Raises:
        UsageError: there is no budget, or no such tokenizer; or it is another environment, or its actions are no texts.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, str],
        tokenizer: str,
        per_turn: int | None = None,
        per_episode: int | None = None,
    ) -> None:
        RecordConstructorArgs.__init__(self, tokenizer=tokenizer, per_turn=per_turn, per_episode=per_episode)
        check_code_env("TokenBudget", env)
        check_texts("TokenBudget", "actions", env.action_space)
        if per_turn is None and per_episode is None:
            raise UsageError("TokenBudget: expected per_turn or per_episode, got neither; without them it does nothing")
        for name, budget in (("per_turn", per_turn), ("per_episode", per_episode)):
            if budget is not None:
                at_least(name, budget, 1)
        super().__init__(env)
        self._tokens: Callable[[str], int] = token_counter(tokenizer)
        self._per_turn, self._per_episode = per_turn, per_episode
        self._spent = 0  # tokens of the episode's responses

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode with its whole budget."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._spent = 0
        return observation, self._counted(info)

    def step(self, action: str) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Judge a response within the budget; end the episode at one that exceeds it."""
        # The environment itself says what is wrong with an action that is no text.
        spent = self._tokens(action) if self.env.action_space.contains(action) else 0
        if not self._exceeds(spent):
            observation, reward, terminated, truncated, info = self.env.step(action)
            self._spent += spent
            return observation, reward, terminated, truncated, self._counted(info)
        total, ended = 0.0, False
        while not ended:  # No judge is needed for an empty response, so that no verdict can be lost here.
            observation, reward, terminated, truncated, info = self.env.step("")
            total, ended = total + float(reward), terminated or truncated
        self._spent += spent
        return observation, total, terminated, True, self._counted(info, over_budget=True)

    def _exceeds(self, spent: int) -> bool:
        return (self._per_turn is not None and spent > self._per_turn) or (
            self._per_episode is not None and self._spent + spent > self._per_episode
        )

    def _counted(self, info: dict[str, Any], over_budget: bool = False) -> dict[str, Any]:
        return {**info, "over_budget": over_budget, "response_tokens": self._spent}
