"""Many environments whose programs are judged in parallel; no episode waits for another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rlef_env.envs.arguments import at_least, check_shared, checked_mask, checked_seeds
from rlef_env.envs.benchmarks import benchmark_dataset
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.extract import ACTION_LENGTH
from rlef_env.envs.problem_sampler import make_problem_sampler
from rlef_env.envs.shared_pool import SHARED, Shared, shared_pool
from rlef_env.envs.spaces import ProgramText
from rlef_env.envs.state import checked, header
from rlef_env.envs.vector.batched_infos import batched_infos
from rlef_env.envs.vector.pending import PendingStep, PendingSteps
from rlef_env.envs.vector.step_batch import StepBatch, StepResult, as_step_batch, in_order
from rlef_env.envs.vector.sub_env import SubEnv
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.render import episode_text
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, JudgePool
from rlef_env.problems import Dataset, Problem

__all__ = ["CodeVectorEnv"]


class CodeVectorEnv(VectorEnv[tuple[str, ...], Sequence[str], npt.NDArray[Any]]):
    """``num_envs`` environments like ``CodeEnv`` whose programs are judged by one pool.

    ``gymnasium.make_vec("RLEF-Starter-v0", num_envs=1024)`` makes it. Each environment plays the episodes that a
    ``CodeEnv`` with its seed and its actions would play, whatever the order in which the judgements arrive.

    ``step`` takes an action for every environment and returns when all are judged. ``send`` and ``recv`` work without
    that barrier: send actions for the environments that have one, receive what is ready. The pool's processes only
    judge: feedback and rewards are computed in the caller's thread, in the order of the environments.

    ## Autoreset

    SAME_STEP is the default: the step that ends an episode returns the first observation of the next episode; the last
    observation of the ended one is in ``infos["final_obs"]``, its info in ``infos["final_info"]``. NEXT_STEP,
    Gymnasium's own default, would discard the action after an end, and with it a whole response of a language model.
    DISABLED leaves resets to ``reset(options={"reset_mask": ...})``.

    Args:
        num_envs: number of environments.
        pool: a judge pool to share; it is not closed with the environment. ``"shared"``: the pool that all environments
            of this process share by that name. None: a pool of its own.
        workers: workers of its own pool; the number of cores by default.
        autoreset_mode: see above.
        render_mode: ``"ansi"``: ``render()`` returns a tuple of texts.
        benchmark: a key of ``BENCHMARKS``, as for ``BenchmarkEnv``, with its arguments ``after`` and ``before``; None
            for any data.
        arguments: those of ``CodeEnv`` except ``judge``. One problem sampler draws for all environments, each time with
            the generator of the environment.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "render_modes": ["ansi"],
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        pool: BaseJudgePool | Shared | None = None,
        workers: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        render_mode: str | None = None,
        benchmark: str | None = None,
        **arguments: Any,
    ) -> None:
        at_least("num_envs", num_envs, 1)
        check_shared("pool", pool, "JudgePool", "submit")
        if workers is not None:
            at_least("workers", workers, 1)
            if pool is not None:
                raise UsageError(f"workers: expected None beside a pool, which has its own, got {workers!r}")
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise UsageError(f"autoreset_mode: expected one of {modes}, got {autoreset_mode!r}") from None
        if render_mode not in (None, "ansi"):
            raise UsageError(f"render_mode: expected None or 'ansi', got {render_mode!r}")
        if benchmark is not None:
            chosen = {name: arguments.pop(name, None) for name in ("dataset", "after", "before")}
            arguments["dataset"] = benchmark_dataset(benchmark, split=arguments.get("split", "train"), **chosen)
        if pool is not None and pool != SHARED:
            arguments["isolation"] = pool.isolation
        self.config = EnvConfig.from_arguments(**arguments)
        self.dynamics = EpisodeDynamics(self.config)
        self._sampler = make_problem_sampler(self.config.sampling, self.dataset)
        self.num_envs = int(num_envs)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}  # type: ignore[misc]
        self.single_observation_space = self.config.observation_space
        self.single_action_space = ProgramText(ACTION_LENGTH)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._shared_pool: BaseJudgePool | Shared | None = pool
        self._own_pool: JudgePool | None = None
        self._workers = workers
        self._sub_envs = [SubEnv() for _ in range(self.num_envs)]
        self._pending = PendingSteps()

    # --- with a barrier -----------------------------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Start an episode in every environment. Actions that were sent and not received are cancelled.

        Args:
            seed: the seed of the first environment, and the next numbers for those after it; or one seed for each.
            options: as for ``CodeEnv.reset``, the same for all; and ``"reset_mask"``, an array of bool of shape
                ``(num_envs,)``: only these are reset.

        Raises:
            UsageError: an option or the number of seeds is wrong.
        """
        options = dict(options or {})
        mask = checked_mask(options.pop("reset_mask", None), self.num_envs)
        if any(sub.open_episode is None for sub, reset in zip(self._sub_envs, mask, strict=True) if not reset):
            raise ResetNeeded("there is no episode yet in some environments; call reset() without a mask first")
        seeds = checked_seeds(seed, self.num_envs)
        for env_id in np.flatnonzero(mask).tolist():
            self._cancel(env_id)
        infos: list[tuple[int, dict[str, Any]]] = []
        for env_id, sub in enumerate(self._sub_envs):
            if mask[env_id]:
                sub.begin(self.dynamics, self._sampler, seeds[env_id], options)
                infos.append((env_id, sub.info(self.dynamics)))
        return tuple(sub.observation for sub in self._sub_envs), batched_infos(infos, self.num_envs)

    def step(
        self, actions: Sequence[str]
    ) -> tuple[tuple[str, ...], npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Judge a response in every environment, and return when all are judged.

        Raises:
            UsageError: there are more or fewer actions than environments, or some were sent and not received yet.
            ResetNeeded: an environment has no episode, or an ended one in the mode DISABLED.
            InvalidAction: an action is not a text of the action space. No action was sent then.
        """
        actions = tuple(actions)
        if len(actions) != self.num_envs:
            raise UsageError(f"actions: expected {self.num_envs}, one for each environment, got {len(actions)}")
        self._check_nothing_pending("step")
        self.send(range(self.num_envs), actions)
        return in_order(self.recv(min_ready=self.num_envs))

    # --- without a barrier --------------------------------------------------------------------------------------------

    def send(self, env_ids: Iterable[int], actions: Iterable[str]) -> npt.NDArray[np.int64]:
        """Submit responses to the pool, and return at once.

        Args:
            env_ids: the environments that respond; each has at most one pending action.
            actions: their responses.

        Returns:
            The number of each step, of shape ``(k,)``. ``recv`` names its results by them.

        Raises:
            UsageError: an environment does not exist, comes twice or has a pending action, or the numbers of
                environments and actions differ. No action was sent then.
            ResetNeeded: an environment has no episode, or an ended one in the mode DISABLED. No action was sent then.
            InvalidAction: an action is not a text of the action space. No action was sent then.
        """
        ids = [int(env_id) for env_id in env_ids]
        responses = [self.dynamics.read(action) for action in actions]
        self._check(ids, len(responses))
        steps = []
        for env_id, response in zip(ids, responses, strict=True):
            # Only NEXT_STEP sends to an ended episode; its response is ignored.
            ended = self._sub_envs[env_id].episode.ended
            steps.append(self._pending.add(env_id, None if ended else response))
        for step in steps:
            try:
                self._start(step)
            except Exception as error:  # noqa: BLE001 - recv raises it: the pool may be closed, the data gone
                step.error = error
            self._pending.watch(step)
        return np.array([step.step_id for step in steps], dtype=np.int64)

    def recv(self, min_ready: int = 1, timeout: float | None = None) -> StepBatch:
        """Return the results that are ready, in the order in which their judgements arrived.

        Args:
            min_ready: number of results to wait for; all pending ones where there are fewer.
            timeout: maximum seconds to wait; then the results that are ready are returned, which may be none. A later
                call returns the others, under their own numbers.

        Raises:
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count; the next call
                returns the other results.
            IsolationUnavailable: this machine lacks a layer of the lock.
        """
        at_least("min_ready", min_ready, 0)
        steps = self._pending.wait_ready(min_ready, timeout)
        self._finish(steps)
        for step in steps:
            if step.error is not None:
                self._pending.remove([step])
                raise step.error
        self._pending.remove(steps)
        return as_step_batch([step.result for step in steps if step.result is not None])

    @property
    def num_pending(self) -> int:
        """Number of actions that were sent and not received."""
        return len(self._pending)

    # --- state --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values: generators, episodes, and what the sampler has learned.

        Raises:
            UsageError: actions were sent and not received yet.
        """
        self._check_nothing_pending("state_dict")
        return {
            **header(self.dynamics, self._sampler, num_envs=self.num_envs),
            "sampler": self._sampler.state_dict(),
            "envs": [sub.state() for sub in self._sub_envs],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state, exactly as the environment that it came from would have.

        Raises:
            UsageError: the state is that of an environment with other problems, another configuration or another
                ``num_envs``; or actions were sent and not received yet.
            DataError: the value is not a state.
        """
        self._check_nothing_pending("load_state_dict")

        def load(state: Mapping[str, Any]) -> None:
            sub_envs = [SubEnv.from_state(self.dynamics, each) for each in state["envs"]]
            if len(sub_envs) != self.num_envs:
                raise ValueError(f"expected {self.num_envs} environments, got {len(sub_envs)}")
            self._sampler.load_state_dict(state["sampler"])
            self._sub_envs = sub_envs

        checked(state, header(self.dynamics, self._sampler, num_envs=self.num_envs), load)

    # --- the rest of the interface ------------------------------------------------------------------------------------

    def close_extras(self, **_: Any) -> None:
        """Cancel pending actions and close its own pool. A shared pool stays open."""
        for env_id in range(self.num_envs):
            self._cancel(env_id)
        if self._own_pool is not None:
            self._own_pool.close()
            self._own_pool = None

    def render(self) -> tuple[str, ...] | None:
        """Return the state of every episode as text (``"ansi"``)."""
        if self.render_mode is None:
            return None
        return tuple(episode_text(episode) for episode in self.episodes)

    @property
    def dataset(self) -> Dataset:
        """The problems."""
        return self.config.dataset

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The episodes as far as they were received, in the order of the environments.

        Raises:
            ResetNeeded: there are no episodes yet.
        """
        return tuple(sub.episode for sub in self._sub_envs)

    @property
    def problems(self) -> tuple[Problem | None, ...]:
        """The problem of each episode; None before the first reset."""
        return tuple(sub.problem for sub in self._sub_envs)

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]
        """The seed of each environment."""
        return tuple(sub.seed for sub in self._sub_envs)

    # --- steps --------------------------------------------------------------------------------------------------------

    def _start(self, step: PendingStep) -> None:
        """Submit the jobs of a step, or reset its environment."""
        sub = self._sub_envs[step.env_id]
        if step.response is None:
            sub.begin(self.dynamics, self._sampler)
            step.episode = sub.episode
            return
        assert sub.problem is not None
        jobs = self.dynamics.jobs(sub.problem, sub.episode, step.response)
        # A response that is sure to end its episode goes first: it takes longest, and then a new episode can start.
        priority = int(self.dynamics.is_last(sub.episode))
        for job in jobs:
            step.futures.append(self._judge_pool().submit(job, priority=priority, owner=step.env_id))

    def _cancel(self, env_id: int) -> None:
        """Cancel the pending step of an environment, if there is one."""
        for future in self._pending.discard(env_id):
            self._judge_pool().cancel(future)

    def _finish(self, steps: Sequence[PendingStep]) -> None:
        """Compute the results of ready steps, and start the next episodes.

        This happens in the order of the environments, not in that of the judgements, so that equal steps teach the
        sampler the same and draw the same problems.
        """
        new = sorted((step for step in steps if step.result is None), key=lambda step: step.env_id)
        for compute in (self._advance, self._conclude):  # all episodes advance before the first new one is drawn
            for step in new:
                if step.error is None:
                    try:
                        compute(step)
                    except Exception as error:  # noqa: BLE001 - recv raises it: a reward may fail, the data be gone
                        step.error = error

    def _advance(self, step: PendingStep) -> None:
        """Compute the episode after a step, once: a reward may be interrupted, and ``recv`` be called again."""
        if step.episode is None:
            sub = self._sub_envs[step.env_id]
            assert sub.problem is not None
            assert step.response is not None
            judgements = [future.result() for future in step.futures]
            step.episode = self.dynamics.advance(sub.problem, sub.episode, step.response, judgements)
            self.dynamics.learn(self._sampler, step.episode)

    def _conclude(self, step: PendingStep) -> None:
        """Set the result of a step, and in the mode SAME_STEP start the episode that follows an ended one."""
        sub, episode = self._sub_envs[step.env_id], step.episode
        assert episode is not None
        sub.open_episode = episode
        observation, info = sub.observation, sub.info(self.dynamics)
        if episode.ended and self.autoreset_mode is AutoresetMode.SAME_STEP:
            sub.begin(self.dynamics, self._sampler)
            info = {"final_obs": observation, "final_info": info, **sub.info(self.dynamics)}
            observation = sub.observation
        step.result = StepResult(step.env_id, step.step_id, episode, step.response is None, observation, info)

    def _judge_pool(self) -> BaseJudgePool:
        if self._shared_pool == SHARED:
            return shared_pool(self.config.isolation)
        if self._shared_pool is not None:
            return self._shared_pool
        if self._own_pool is None:
            self._own_pool = JudgePool(self._workers, isolation=self.config.isolation)
        return self._own_pool

    # --- arguments ----------------------------------------------------------------------------------------------------

    def _check_nothing_pending(self, method: str) -> None:
        if self._pending:
            raise UsageError(f"{method}: expected no pending actions, got {self.num_pending}; recv() them first")

    def _check(self, env_ids: list[int], actions: int) -> None:
        if len(env_ids) != actions:
            raise UsageError(f"send: expected as many actions as environments, got {actions} and {len(env_ids)}")
        if len(set(env_ids)) < len(env_ids):
            raise UsageError(f"env_ids: expected each environment once, got {env_ids}")
        for env_id in env_ids:
            if not 0 <= env_id < self.num_envs:
                raise UsageError(f"env_ids: expected 0 to {self.num_envs - 1}, got {env_id}")
            sub = self._sub_envs[env_id]
            if sub.open_episode is None:
                raise ResetNeeded("there is no episode yet; call reset() first")
            if env_id in self._pending:
                raise UsageError(f"environment {env_id}: expected no pending action, got one; recv() it first")
            if self.autoreset_mode is AutoresetMode.DISABLED and sub.episode.ended:
                raise ResetNeeded(
                    f"environment {env_id}: its episode has ended; reset(options={{'reset_mask': ...}}) starts the next"
                )
