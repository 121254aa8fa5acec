"""Arguments that ``CodeEnv`` and ``CodeVectorEnv`` have in common, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Final, Literal, get_args

from rlef_env.envs.arguments import at_least, check_tokenizer, loaded, one_of
from rlef_env.envs.feedback import Tokenizer, retry_tokens
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.envs.rewards import Reward, RewardSpec, make_reward
from rlef_env.envs.spaces import ProgramText
from rlef_env.episodes.settings import ActionProtocol, Feedback
from rlef_env.episodes.validation import ISOLATIONS
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset

__all__ = ["OBSERVATION_LENGTH", "UNCAPPED_OBSERVATION_LENGTH", "EnvConfig"]

OBSERVATION_LENGTH: Final = 2**16
"""Maximum characters of an observation under the usual caps. AsyncVectorEnv shares 4 bytes for each: 256 KiB."""

UNCAPPED_OBSERVATION_LENGTH: Final = 2**20
"""Maximum characters of an observation where a cap is None: 4 MiB per environment in AsyncVectorEnv."""


@dataclass(frozen=True)
class EnvConfig:
    """Configuration of an environment. ``CodeEnv`` documents each argument.

    Attributes:
        dataset: the problems, loaded.
        reward_function: the reward that ``reward`` specifies.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    dataset: Dataset
    split: str = "train"
    max_turns: int = 3
    feedback: Feedback = "public"
    reward: RewardSpec = "rlef"
    prompt_cap: int | None = 2048
    feedback_cap: int | None = 1024
    tokenizer: Tokenizer | None = None
    on_no_verdict: Literal["truncate", "raise"] = "truncate"
    isolation: str = "locked"
    sampling: str | ProblemSampler = "uniform"
    protocol: ActionProtocol = "chat"
    reward_function: Reward = field(init=False, repr=False)

    def __post_init__(self) -> None:
        one_of("feedback", self.feedback, get_args(Feedback))
        one_of("on_no_verdict", self.on_no_verdict, ("truncate", "raise"))
        one_of("isolation", self.isolation, ISOLATIONS)
        one_of("protocol", self.protocol, get_args(ActionProtocol))
        at_least("max_turns", self.max_turns, 1)
        check_tokenizer(self.tokenizer)
        for name, cap in (("prompt_cap", self.prompt_cap), ("feedback_cap", self.feedback_cap)):
            if cap is not None:
                at_least(name, cap, retry_tokens(self.tokenizer))
        if not self.dataset.tested:
            raise UsageError(f"dataset: expected a problem with a test, got {len(self.dataset)} problems without any")
        if self.feedback == "random" and len(self.dataset.wrongly_solved) < 2:
            raise UsageError(
                "feedback='random': expected a data set with two or more problems that have public tests and a wrong "
                f"Python solution, got {len(self.dataset.wrongly_solved)}; choose another data set or feedback"
            )
        object.__setattr__(self, "reward_function", make_reward(self.reward))

    @classmethod
    def from_arguments(cls, dataset: object = "starter", split: str = "train", **arguments: Any) -> EnvConfig:
        """Load the data set and check the arguments of an environment.

        Args:
            dataset: as for ``CodeEnv``.
            split: as for ``CodeEnv``.
            arguments: the other fields of ``EnvConfig``.

        Raises:
            UsageError: an argument is unknown or has a value that is not supported.
            DataError: the data set cannot be read.
        """
        unknown = set(arguments) - {each.name for each in fields(cls) if each.init}
        if unknown:
            raise UsageError(
                f"arguments: expected those of CodeEnv, got {', '.join(sorted(unknown))}; check the spelling"
            )
        return cls(loaded(dataset, split), split, **arguments)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What each episode records of this configuration, as plain JSON values."""
        reward, tokenizer = self.reward, self.tokenizer
        return {
            "split": self.split,
            "max_turns": int(self.max_turns),  # NumPy integers are converted: JSON cannot represent them
            "feedback": self.feedback,
            "reward": dict(reward) if isinstance(reward, Mapping) else self.reward_function.name,
            "full_grid": self.reward_function.run_all_tests,
            "prompt_cap": None if self.prompt_cap is None else int(self.prompt_cap),
            "feedback_cap": None if self.feedback_cap is None else int(self.feedback_cap),
            "tokenizer": None if tokenizer is None else type(tokenizer).__name__,
            "isolation": self.isolation,
            "protocol": self.protocol,
        }

    @property
    def observation_space(self) -> ProgramText:
        """Space of observations."""
        return ProgramText(self.observation_length)

    @cached_property
    def observation_length(self) -> int:
        """Maximum characters of an observation."""
        if self.prompt_cap is None or self.feedback_cap is None:
            return UNCAPPED_OBSERVATION_LENGTH
        # Eight characters per token are generous for text. Longer observations are cut.
        return max(OBSERVATION_LENGTH, 8 * int(self.prompt_cap), 8 * int(self.feedback_cap))
