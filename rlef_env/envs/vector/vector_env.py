"""Many episodes at once: all their programs are judged side by side, and no episode waits for another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rlef_env.envs.arguments import at_least, check_pool, checked_mask, checked_seeds
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.infos import episode_info
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.envs.shared_pool import SHARED, Shared, shared_pool
from rlef_env.envs.state import checked, header
from rlef_env.envs.vector.batched_infos import batched_infos
from rlef_env.envs.vector.pending import PendingSteps
from rlef_env.envs.vector.step_batch import StepBatch, StepResult, as_step_batch, episode_of
from rlef_env.envs.vector.sub_env import SubEnv
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.render import episode_text
from rlef_env.errors import UsageError
from rlef_env.judge import JudgePool

__all__ = ["CodeVectorEnv"]


class CodeVectorEnv(VectorEnv[tuple[str, ...], Sequence[str], npt.NDArray[Any]]):
    """``num_envs`` environments of the kind ``CodeEnv`` whose programs are judged by one pool.

    ``gymnasium.make_vec("RLEF-Starter-v0", num_envs=1024)`` makes it. Each environment plays the episodes that a
    ``CodeEnv`` with its seed and its actions would play, whatever the order in which the judgements come.

    ``step`` takes an action for every environment and returns when all are judged. ``send`` and ``recv`` do without
    that barrier: send actions for the environments that have one, receive what is ready.

    ## Autoreset

    SAME_STEP is the default: the step that ends an episode returns the first observation of the next one; the last one
    of the old is in ``infos["final_obs"]``, its info in ``infos["final_info"]``. NEXT_STEP, Gymnasium's own default,
    would throw away the action after an end, and with it a whole response of a language model. DISABLED leaves it to
    ``reset(options={"reset_mask": ...})``.

    Args:
        num_envs: how many.
        pool: a ``JudgePool`` to share, or anything with its ``submit``; it is not closed with the environment.
            ``"shared"``: the one that all environments of this process share by that name. None: one of its own.
        workers: of its own pool; the number of cores by default.
        autoreset_mode: see above.
        sampling: as for ``CodeEnv``. One sampler draws for all, each time with the generator of the environment.
        render_mode: ``"ansi"``: ``render()`` returns a tuple of texts.
        arguments: those of ``CodeEnv`` but ``judge``.

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
        pool: JudgePool | Shared | None = None,
        workers: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        sampling: str | ProblemSampler = "uniform",
        render_mode: str | None = None,
        **arguments: Any,
    ) -> None:
        at_least("num_envs", num_envs, 1)
        check_pool(pool, workers)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise UsageError(f"autoreset_mode: expected one of {modes}, got {autoreset_mode!r}") from None
        if render_mode not in (None, "ansi"):
            raise UsageError(f"render_mode: expected None or 'ansi', got {render_mode!r}")
        self.rules = EpisodeDynamics.of(isolation_of=None if pool == SHARED else pool, **arguments)
        self._sampler = self.rules.sampler(sampling)
        self.num_envs = int(num_envs)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}  # type: ignore[misc]
        self.single_observation_space = self.rules.observation_space
        self.single_action_space = self.rules.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._pool: JudgePool | Shared | None = pool
        self._own_pool: JudgePool | None = None
        self._workers = workers
        self._sub_envs = [SubEnv() for _ in range(self.num_envs)]
        self._pending = PendingSteps(self._judges)

    # --- the barrier --------------------------------------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Start an episode in every environment. What was sent and not received is dropped.

        Args:
            seed: of the first environment, those after it have the numbers after it; or one for each.
            options: as for ``CodeEnv.reset``, the same for all; and ``"reset_mask"``, an array of bool of shape
                ``(num_envs,)``: only these are reset.

        Raises:
            UsageError: an option or the number of seeds is not as it should be.
        """
        options = dict(options or {})
        mask = checked_mask(options.pop("reset_mask", None), self.num_envs)
        if any(slot.running is None for slot, wanted in zip(self._sub_envs, mask, strict=True) if not wanted):
            raise ResetNeeded("there is no episode yet in some environments; call reset() without a mask first")
        seeds = checked_seeds(seed, self.num_envs)
        for env_id in np.flatnonzero(mask).tolist():
            self._pending.drop(env_id)
        infos: list[tuple[int, dict[str, Any]]] = []
        for env_id, slot in enumerate(self._sub_envs):
            if mask[env_id]:
                slot.begin(self.rules, self._sampler, seeds[env_id], options)
                infos.append((env_id, episode_info(slot.episode)))
        return tuple(slot.said for slot in self._sub_envs), batched_infos(infos, self.num_envs)

    def step(
        self, actions: Sequence[str]
    ) -> tuple[tuple[str, ...], npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Judge a response in every environment, and return when all are judged.

        Raises:
            UsageError: there are more or fewer actions than environments, or some were sent and not received yet.
            ResetNeeded: an environment has no episode, or an ended one in the mode DISABLED.
            InvalidAction: an action is no text of the action space; nothing was sent then.
        """
        actions = tuple(actions)
        if len(actions) != self.num_envs:
            raise UsageError(f"actions: expected {self.num_envs}, one for each environment, got {len(actions)}")
        self._check_idle("step")
        self.send(range(self.num_envs), actions)
        replies = self.recv(min_ready=self.num_envs)
        order = np.argsort(replies.env_ids)
        places = order.tolist()
        return (
            tuple([replies.observations[place] for place in places]),
            replies.rewards[order],
            replies.terminations[order],
            replies.truncations[order],
            batched_infos(enumerate([replies.infos[place] for place in places]), self.num_envs),
        )

    # --- without a barrier --------------------------------------------------------------------------------------------

    def send(self, env_ids: Iterable[int], actions: Iterable[str]) -> npt.NDArray[np.int64]:
        """Have responses judged, and return at once.

        Args:
            env_ids: which environments respond; each has at most one response under way.
            actions: their responses.

        Returns:
            The number of each step. ``recv`` says which step its replies are to.

        Raises:
            UsageError: an environment is none of these, comes twice or is still being judged, or the numbers of
                environments and actions differ. Nothing was sent then.
            ResetNeeded: an environment has no episode, or an ended one in the mode DISABLED. Likewise.
            InvalidAction: an action is no text of the action space. Likewise.
        """
        ids = [int(env_id) for env_id in env_ids]
        responses = [self.rules.check_action(action) for action in actions]
        self._check(ids, len(responses))
        step_ids = self._pending.send(ids)
        for env_id, response in zip(ids, responses, strict=True):
            slot = self._sub_envs[env_id]
            if slot.episode.ended:  # only NEXT_STEP comes here with an ended episode: the action is not looked at
                self._pending.answer(env_id, partial(slot.begin, self.rules, self._sampler))
            else:
                assert slot.running is not None
                last = len(slot.episode.turns) + 1 >= self.rules.max_turns
                self._pending.judge(env_id, self.rules.respond(slot.running, response), last)
        return step_ids

    def recv(self, min_ready: int = 1, timeout: float | None = None) -> StepBatch:
        """Return what is ready, in the order in which it became so.

        Args:
            min_ready: wait for at least so many replies; fewer if fewer are under way.
            timeout: seconds to wait at most; then whatever is ready is returned, which may be nothing. What comes
                later is received later, under its own number.

        Raises:
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count; the other replies
                are received by the next call.
            IsolationUnavailable: this machine lacks a layer of the lock.
        """
        at_least("min_ready", min_ready, 0)
        replies = self._completed(self._pending.ready(min_ready, timeout))
        failed = next((reply for reply in replies if reply.error is not None), None)
        if failed is not None:
            assert failed.error is not None
            self._pending.receive([failed], [reply for reply in replies if reply is not failed])
            raise failed.error
        self._pending.receive(replies, [])
        return as_step_batch(replies)

    @property
    def num_pending(self) -> int:
        """How many actions were sent and not received."""
        return len(self._pending)

    # --- to be continued ----------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON values: each environment's generator and episode, and what the sampler has learned.

        Raises:
            UsageError: actions were sent and not received yet.
        """
        self._check_idle("state_dict")
        return {
            **header(self.rules, self._sampler, num_envs=self.num_envs),
            "sampler": self._sampler.state_dict(),
            "envs": [slot.state() for slot in self._sub_envs],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, as the environment that it came from would have.

        Raises:
            UsageError: it is the state of an environment with other problems, rules or ``num_envs``, or actions were
                sent and not received yet.
            DataError: it is no state.
        """
        self._check_idle("load_state_dict")

        def load(state: Mapping[str, Any]) -> None:
            slots = [SubEnv.of(self.rules, each) for each in state["envs"]]
            if len(slots) != self.num_envs:
                raise ValueError(f"expected {self.num_envs} environments, got {len(slots)}")
            self._sampler.load_state_dict(state["sampler"])
            self._sub_envs = slots

        checked(state, header(self.rules, self._sampler, num_envs=self.num_envs), load)

    # --- the rest of the interface ------------------------------------------------------------------------------------

    def close_extras(self, **_: Any) -> None:
        """End its own pool, and drop what is under way. A shared pool is left alone."""
        for env_id in range(self.num_envs):
            self._pending.drop(env_id)
        if self._own_pool is not None:
            self._own_pool.close()
            self._own_pool = None

    def render(self) -> tuple[str, ...] | None:
        """The state of every episode as text (``"ansi"``)."""
        if self.render_mode is None:
            return None
        return tuple(episode_text(episode) for episode in self.episodes)

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The episodes so far.

        Raises:
            ResetNeeded: there are none yet.
        """
        return tuple(slot.episode for slot in self._sub_envs)

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]
        """The seed of each environment."""
        return tuple(slot.seed for slot in self._sub_envs)

    # --- replies ------------------------------------------------------------------------------------------------------

    def _completed(self, replies: list[StepResult]) -> list[StepResult]:
        """Say what is said in the replies that are ready, and start the next episodes.

        It is done here, in the order of the environments, not as judgements come: equal steps learn and draw the same,
        and the pool's thread is free to give work to its workers.
        """
        fresh = [place for place, reply in enumerate(replies) if reply.info is None and reply.error is None]
        fresh.sort(key=lambda place: replies[place].env_id)
        for place in fresh:
            self.rules.learn(self._sampler, episode_of(replies[place]))
        for place in fresh:
            try:
                replies[place] = self._complete(replies[place])
            except Exception as error:  # noqa: BLE001, PERF203 - raised where the reply is received; the data may be gone
                replies[place] = replies[place]._replace(error=error)
        return replies

    def _complete(self, reply: StepResult) -> StepResult:
        slot, episode = self._sub_envs[reply.env_id], episode_of(reply)
        slot.running = reply.running
        observation, info = slot.said, episode_info(episode)
        if episode.ended and self.autoreset_mode is AutoresetMode.SAME_STEP:
            slot.begin(self.rules, self._sampler)
            info = {"final_obs": observation, "final_info": info, **episode_info(slot.episode)}
            observation = slot.said
        return StepResult(reply.env_id, reply.step_id, reply.running, reply.was_reset, observation, info)

    def _judges(self) -> JudgePool:
        if self._pool == SHARED:
            return shared_pool(self.rules.isolation)
        if self._pool is not None:
            return self._pool
        if self._own_pool is None:
            self._own_pool = JudgePool(self._workers, isolation=self.rules.isolation)
        return self._own_pool

    # --- arguments and results ----------------------------------------------------------------------------------------

    def _check_idle(self, what: str) -> None:
        if self._pending:
            raise UsageError(
                f"{what}: expected nothing to be under way, got {self.num_pending} actions that were sent; "
                "recv() them first"
            )

    def _check(self, env_ids: list[int], actions: int) -> None:
        if len(env_ids) != actions:
            raise UsageError(f"send: expected as many actions as environments, got {actions} and {len(env_ids)}")
        if len(set(env_ids)) < len(env_ids):
            raise UsageError(f"env_ids: expected each environment once, got {env_ids}")
        for env_id in env_ids:
            if not 0 <= env_id < self.num_envs:
                raise UsageError(f"env_ids: expected 0 to {self.num_envs - 1}, got {env_id}")
            slot = self._sub_envs[env_id]
            if slot.running is None:
                raise ResetNeeded("there is no episode yet; call reset() first")
            if env_id in self._pending:
                raise UsageError(f"environment {env_id}: expected none of its actions under way; recv() it first")
            if self.autoreset_mode is AutoresetMode.DISABLED and slot.episode.ended:
                raise ResetNeeded(
                    f"environment {env_id}: its episode has ended; reset(options={{'reset_mask': ...}}) starts the next"
                )
