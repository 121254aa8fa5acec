"""Stable-Baselines3 on coding problems: a view of ``CodeVectorEnv`` as its ``VecEnv``, and PPO on candidates.

The policy chooses among given programs and reads numbers, not text (``rlef_env.wrappers.Candidates``), so a small
network learns in seconds what a language model must: that the feedback says which program is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.spaces import Discrete
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from rlef_env.envs import CodeVectorEnv, StepBatch, fenced
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import BaseJudgePool, CachedPool, JudgePool, VerdictCache
from rlef_env.wrappers import CandidateSource, candidate_features, candidate_programs, candidate_space

__all__ = ["CandidateVecEnv", "Point", "Trained", "solved_share", "train"]

TRIES: Final = 5
"""How often a response is judged before the training stops."""


class CandidateVecEnv(VecEnv):  # type: ignore[misc] # SB3 is not needed to check types
    """A ``CodeVectorEnv`` as Stable-Baselines3's ``VecEnv``, with ``Candidates``' observations and actions.

    The programs of all environments are judged at the same time. SB3 has no way to leave a step out. So a response
    for which the judge fails is judged again, and SB3 never sees it without a verdict.

    Args:
        envs: environments in the mode SAME_STEP, with ``on_no_verdict="raise"``.
        k: number of candidates.
        source: as for ``Candidates``.
        seed: as for ``Candidates``.

    Raises:
        UsageError: an argument has a value that is not supported, or a problem has no ``k`` programs.
    """

    def __init__(self, envs: CodeVectorEnv, k: int, source: CandidateSource = "stored", seed: int = 0) -> None:
        if envs.autoreset_mode.value != "SameStep":
            raise UsageError(f"envs: expected autoreset_mode='SameStep', got {envs.autoreset_mode.value!r}")
        self.envs, self.k, self._source, self._seed_of_candidates = envs, k, source, seed  # get_attr needs envs
        if envs.config.on_no_verdict != "raise":
            raise UsageError(f"envs: expected on_no_verdict='raise', got {envs.config.on_no_verdict!r}")
        super().__init__(envs.num_envs, candidate_space(k), Discrete(k))
        self._programs: list[list[str]] = [[]] * self.num_envs
        self._observed = np.zeros((self.num_envs, *self.observation_space.shape), np.float32)
        self._actions = np.zeros(self.num_envs, np.int64)
        self._texts: list[str] = []
        self._lengths = np.zeros(self.num_envs, np.int64)
        self._totals = np.zeros(self.num_envs)
        self._began = time.monotonic()

    def reset(self) -> npt.NDArray[np.float32]:
        """Start an episode in each environment."""
        self.envs.reset(seed=self._seeds if any(seed is not None for seed in self._seeds) else None)
        self._reset_seeds()
        for number in range(self.num_envs):
            self._begin(number)
        return self._observed.copy()

    def step_async(self, actions: npt.NDArray[np.int64]) -> None:
        """Submit the programs of these numbers, one for each environment."""
        self._actions = np.asarray(actions, np.int64)
        self._texts = [fenced(programs[action]) for programs, action in zip(self._programs, self._actions, strict=True)]
        self.envs.send(range(self.num_envs), self._texts)

    def step_wait(self) -> Any:
        """Wait for all verdicts; return observations, rewards, ends and infos.

        Raises:
            NoVerdictError: the judge failed again and again.
        """
        rewards, ends = np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, bool)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for batch in self._judged():
            for row, number in enumerate(batch.env_ids):
                info = batch.infos[row].get("final_info", batch.infos[row])
                feedback = self.envs.config.feedback
                self._observed[number] = candidate_features(info, int(self._actions[number]), self.k, feedback)
                rewards[number], ends[number] = batch.rewards[row], batch.terminations[row]
                self._lengths[number] += 1
                self._totals[number] += batch.rewards[row]
                infos[number] = {key: info[key] for key in ("problem_id", "verdict")}
                if ends[number]:
                    infos[number] |= self._ended(number, info["solved"])
                    self._begin(number)
        return self._observed.copy(), rewards, ends, infos

    def _judged(self) -> list[StepBatch]:
        """Return a result for each environment; what has no verdict is judged again."""
        batches: list[StepBatch] = []
        failures: list[NoVerdictError] = []
        for _ in range(TRIES):
            failures.clear()
            while self.envs.num_pending:
                try:
                    batches.append(self.envs.recv(min_ready=self.num_envs))
                except NoVerdictError as error:  # noqa: PERF203
                    failures.append(error)
            if not failures:
                return batches
            done = {int(number) for batch in batches for number in batch.env_ids}
            again = [number for number in range(self.num_envs) if number not in done]
            self.envs.send(again, [self._texts[number] for number in again])
        raise failures[0]

    def _ended(self, number: int, solved: bool) -> dict[str, Any]:
        seconds = round(time.monotonic() - self._began, 3)
        total, length = float(self._totals[number]), int(self._lengths[number])
        return {
            "terminal_observation": self._observed[number].copy(),
            "TimeLimit.truncated": False,
            "solved": solved,
            "episode": {"r": total, "l": length, "t": seconds},  # for SB3's means of returns and lengths
        }

    def _begin(self, number: int) -> None:
        problem = self.envs.problems[number]
        assert problem is not None
        self._programs[number] = candidate_programs(problem, self.k, self._source, self._seed_of_candidates)
        self._observed[number], self._lengths[number], self._totals[number] = 0, 0, 0

    def close(self) -> None:
        """Close the environments."""
        self.envs.close()

    # The environments are parts of one object: an attribute is the same for all.

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of the environments, once for each of ``indices``."""
        return [getattr(self.envs, attr_name)] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: environments that share their settings cannot have different ones."""
        del value, indices
        raise NotImplementedError(f"expected the arguments of CodeVectorEnv to set {attr_name}; it cannot be changed")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Call a method of the environments once, and return its result for each of ``indices``."""
        return [getattr(self.envs, method_name)(*args, **kwargs)] * len(self._chosen(indices))

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Return False for each of ``indices``: the environments have no wrapper."""
        del wrapper_class
        return [False] * len(self._chosen(indices))

    def _chosen(self, indices: int | Iterable[int] | None) -> Sequence[int]:
        return list(self._get_indices(indices))


# --- PPO -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a learning curve.

    Attributes:
        steps: responses so far.
        solved: share of the episodes since the point before that were solved.
    """

    steps: int
    solved: float


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained policy.

    Attributes:
        model: SB3's algorithm.
        curve: solved episodes of training.
        solved: share of the test episodes that the policy solves.
        judged: programs that were really judged; all other verdicts came from the cache.
        seconds: of training.
    """

    model: BaseAlgorithm
    curve: tuple[Point, ...]
    solved: float
    judged: int
    seconds: float


def train(
    dataset: str = "procedural/hidden_step?count=128&difficulty=3",
    *,
    steps: int = 30_000,
    feedback: str = "public",
    k: int = 8,
    source: CandidateSource = "hidden_step",
    max_turns: int = 3,
    num_envs: int = 32,
    episodes: int = 400,
    seed: int = 0,
    pool: BaseJudgePool | None = None,
    report: Callable[[Point], object] = lambda _: None,
) -> Trained:
    """Train PPO to choose programs, and measure it on the test split.

    Args:
        dataset: name of the problems; the policy is trained on the split ``train``.
        steps: responses of training.
        feedback: as for ``CodeEnv``. With ``"random"`` or ``"none"`` the policy sees no feedback.
        k: number of candidates.
        source: as for ``Candidates``.
        max_turns: responses per episode.
        num_envs: environments at the same time.
        episodes: episodes of the measurement; the policy takes its most probable action there.
        seed: of problems and policy.
        pool: a judge pool; None starts one, with a cache of verdicts, and closes it.
        report: called with each point of the curve.

    Raises:
        NoVerdictError: the judge failed five times on the same response.
    """
    torch.set_num_threads(1)  # a net of this size is slower on several
    cache = VerdictCache()
    own = CachedPool(JudgePool(), cache) if pool is None else None
    try:
        arguments: dict[str, Any] = {
            "max_turns": max_turns,
            "feedback": feedback,
            "pool": own or pool,
            "on_no_verdict": "raise",
        }
        venv = CandidateVecEnv(CodeVectorEnv(num_envs, dataset=dataset, **arguments), k, source)
        venv.seed(seed)
        curve = _Curve(report)
        began = time.monotonic()
        model = PPO(
            "MlpPolicy",
            venv,
            n_steps=32,
            batch_size=256,
            n_epochs=10,
            learning_rate=2e-3,
            gamma=1.0,
            gae_lambda=1.0,
            ent_coef=0.02,
            seed=seed,
            device="cpu",
        )
        model.learn(steps, callback=curve)
        seconds = time.monotonic() - began
        test = CandidateVecEnv(CodeVectorEnv(num_envs, dataset=dataset, split="test", **arguments), k, source)
        test.seed(seed)
        solved = solved_share(model, test, episodes)
        return Trained(model, tuple(curve.points), solved, cache.misses, seconds)
    finally:
        if own is not None:
            own.close()


def solved_share(model: BaseAlgorithm, venv: VecEnv, episodes: int) -> float:
    """Return the share of episodes that the policy solves with its most probable actions.

    The same number of episodes is played in each environment, because the first ones to end are the solved ones.
    """
    rounds = -(-episodes // venv.num_envs)
    left, solved = np.full(venv.num_envs, rounds), 0
    observed = venv.reset()
    while left.any():
        actions, _ = model.predict(observed, deterministic=True)
        observed, _, ends, infos = venv.step(actions)
        for number in np.flatnonzero(ends & (left > 0)):
            left[number] -= 1
            solved += infos[number]["solved"]
    return float(solved / (rounds * venv.num_envs))


class _Curve(BaseCallback):  # type: ignore[misc]
    """Collects the share of solved episodes of each rollout."""

    def __init__(self, report: Callable[[Point], object]) -> None:
        super().__init__()
        self.points: list[Point] = []
        self._report, self._solved = report, list[bool]()

    def _on_step(self) -> bool:
        self._solved += [bool(info["solved"]) for info in self.locals["infos"] if "episode" in info]
        return True

    def _on_rollout_end(self) -> None:
        if self._solved:
            self.points.append(Point(self.num_timesteps, sum(self._solved) / len(self._solved)))
            self._report(self.points[-1])
            self._solved = []
