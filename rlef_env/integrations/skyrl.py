"""An environment for SkyRL, named ``rlef`` as in the rows that ``rlef problems export --for skyrl`` writes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rlef_env.envs import Episodes, Play
from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from skyrl_gym.envs.base_text_env import BaseTextEnv
else:
    try:
        from skyrl_gym.envs.base_text_env import BaseTextEnv
    except ImportError:
        raise ImportError(f"{__name__}: expected skyrl-gym to be installed; pip install skyrl-gym") from None

__all__ = ["RlefTextEnv", "register"]

Messages = list[dict[str, str]]


def register(name: str = "rlef", **arguments: Any) -> None:
    """Register the environment with SkyRL, in each process that plays episodes.

    Args:
        name: the ``env_class`` of the rows.
        arguments: those of ``Episodes`` for all rows: ``feedback``, ``reward``, ...
    """
    import skyrl_gym

    skyrl_gym.register(id=name, entry_point=f"{__name__}:RlefTextEnv", kwargs=arguments)


class RlefTextEnv(BaseTextEnv):  # type: ignore[misc, unused-ignore]
    """An episode. All environments of a process share the data sets and the judge pool.

    SkyRL has no word for an episode without a verdict, and would learn from any number. So ``step`` raises
    ``NoVerdictError`` where the judge itself failed; the turn does not count, and ``step`` may be called again.

    Args:
        env_config: SkyRL's configuration of the environment; not used.
        extras: the row, with ``problem_id``, ``dataset`` and ``split`` in ``extra_info``, and ``max_turns``, which
            SkyRL's generator adds.
        arguments: those of ``Episodes``.

    Raises:
        UsageError: the row names no problem, or an argument is not supported.
        ProblemNotFound: no problem has this id.
    """

    def __init__(
        self, env_config: object = None, extras: Mapping[str, Any] = MappingProxyType({}), **arguments: Any
    ) -> None:
        super().__init__()
        del env_config
        row = extras.get("extra_info") or {}
        if "problem_id" not in row:
            raise UsageError(
                "extras: expected extra_info.problem_id, as rlef problems export --for skyrl writes it, got "
                f"extra_info with {sorted(row)}"
            )
        named = {name: row[name] for name in ("dataset", "split") if row.get(name) is not None}
        turns = {"max_turns": extras["max_turns"]} if "max_turns" in extras else {}
        self.play: Play = _episodes({**named, **turns, **arguments}).begin(row["problem_id"])
        self.max_turns = self.play.episode.settings["max_turns"]

    def init(self, prompt: Messages) -> tuple[Messages, dict[str, Any]]:
        """Return the prompt as it is, with the problem's id as metadata."""
        return prompt, {"problem_id": self.play.problem.id}

    def step(self, action: str) -> dict[str, Any]:
        """Judge a response.

        Raises:
            NoVerdictError: the judge itself failed.
            ResetNeeded: the episode has ended.
        """
        turn = self.play.respond(action)
        self.turns = len(self.play.episode.turns)
        return {
            "observations": [] if self.play.ended else [{"role": "user", "content": turn.feedback}],
            "reward": turn.reward,
            "done": self.play.ended,
            "metadata": self.play.info,
            "postprocessed_action": None,
        }

    def get_metrics(self) -> dict[str, Any]:
        """Return what SkyRL averages over the episodes of a step."""
        return {"solved": float(self.play.episode.solved), "turns": float(len(self.play.episode.turns))}


def _episodes(arguments: Mapping[str, Any]) -> Episodes:
    """Return the episodes with these arguments: the problems are loaded once, and many threads may ask."""
    key = repr(sorted(arguments.items()))
    with _lock:
        if key not in _made:
            _made[key] = Episodes(**{**arguments, "on_no_verdict": "raise"})
        return _made[key]


_made: dict[str, Episodes] = {}
_lock = threading.Lock()
