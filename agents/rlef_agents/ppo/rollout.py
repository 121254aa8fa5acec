"""Play batches of episodes with a policy. Programs are judged while other episodes decode, so that neither side waits.

An episode's tokens are exactly the sampled tokens and the renderer's tokens between them. Random draws of an episode
depend only on the run's seed, the update, the problem and the sample, not on the order in which judgements arrive.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.generation import Generator, Request
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn
from rlef_agents.ppo.verdict_noise import errs, with_other_outcome
from rlef_env import CodeVectorEnv, Episode, Turn, Verdict
from rlef_env.problems import Problem

__all__ = ["Batch", "Plan", "Progress", "Rollout", "plan"]

RECV_TIMEOUT: Final = 0.05
"""Seconds to wait for one batch's judgements before looking at the other batches'."""

POLL_TIMEOUT: Final = 0.01
"""Seconds to sample before looking at judgements, while some are under way: a judged conversation never waits for the
response of another one."""

PAUSE_TIMEOUT: Final = 0.25
"""Seconds to sample otherwise, so that a driver can be paused."""


@dataclass(frozen=True)
class Plan:
    """Episodes to play.

    Attributes:
        problems: for each episode, the id of its problem, or a seed that draws one.
        seeds: for each episode, the seed of its sampling.
        samples: for each episode, its number among those of its problem; empty where seeds draw the problems.
    """

    problems: tuple[int | str, ...]
    seeds: tuple[int, ...]
    samples: tuple[int, ...] = ()


def plan(
    run: int, step: int, episodes: int, samples: int = 1, process: int = 0, processes: int = 1, first: int = 0
) -> Plan:
    """Return the episodes of an update. Seeds are functions of run, step, problem and sample alone.

    Args:
        run: the run's seed.
        step: number of the update.
        episodes: number of episodes of all processes together.
        samples: episodes per problem.
        process: rank of this process. Each process plays a contiguous range of the problems, so that the episodes of
            all processes, in order of rank, are the episodes of a single process.
        processes: number of processes.
        first: number of the first problem; those of a further round of the same update follow on.
    """
    problems = -(-episodes // samples)
    numbers = range(problems * process // processes, problems * (process + 1) // processes)
    chosen = [
        (number, sample) for number in numbers for sample in range(samples) if number * samples + sample < episodes
    ]
    return Plan(
        tuple(seed_of(run, step, first + number) for number, _ in chosen),
        tuple(seed_of(run, step, first + number, sample + 1) for number, sample in chosen),
    )


def seed_of(*numbers: int) -> int:
    """Return one seed below 2**31 that depends on all the numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0]) >> 1


def unsolved(turn: Turn, problem: Problem) -> Turn:
    """Return a turn that ended its episode before it was judged on all tests: a test that was not run is not passed."""
    judgement = turn.judgement
    verdict = Verdict.WRONG_ANSWER if judgement.verdict is Verdict.ACCEPTED else judgement.verdict
    return replace(turn, judgement=replace(judgement, verdict=verdict, total=sum(1 for _ in problem.tests())))


@dataclass
class Batch:
    """Finished episodes, in the order of their plan.

    Attributes:
        tokens: token sequences for the learner, of all episodes that have a response.
        episodes: the environment's episodes.
        problems: their problems.
        decode_seconds: wall time spent on sampling while the caller waited for this batch.
        judge_seconds: wall time spent on waiting for judgements with nothing to sample.
        out_of_context: indices of episodes that ended unsolved because no further response fitted into the context.
        skipped: indices, among these, of episodes without any response, because the problem alone fills the context.
        flipped: indices of episodes whose last reward is that of the other outcome, because of ``verdict_noise``.
    """

    tokens: list[TokenEpisode] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    decode_seconds: float = 0.0
    judge_seconds: float = 0.0
    out_of_context: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    flipped: list[int] = field(default_factory=list)


class Progress(NamedTuple):
    """How far the batch is that is being played.

    Attributes:
        finished: episodes that have ended.
        episodes: all of its episodes.
        tokens: tokens of its episodes so far: prompts, responses and feedback.
        pending: responses that wait for the judge, or are at the judge.
    """

    finished: int
    episodes: int
    tokens: int
    pending: int


class Rollout:
    """Plays batches of episodes.

    Args:
        generator: samples responses.
        renderer: turns messages into tokens.
        envs: one environment for each batch that is played at the same time. Their autoreset mode must be DISABLED.
        max_new: maximum number of tokens per response.
        context: maximum number of tokens per episode.
        final_invalid_penalty: added to the reward of a last response without a program.
        overlap: whether to judge while decoding. If False, all pending responses are decoded before any is judged. That
            is slower, but the generator gets the same requests in the same order every time.
        verdict_noise: probability that an episode's last reward is that of the other outcome.
        tick: called between steps; what it raises ends ``advance``, and the rollout cannot be used any more.
    """

    def __init__(
        self,
        generator: Generator,
        renderer: Renderer,
        envs: Sequence[CodeVectorEnv],
        max_new: int,
        context: int,
        final_invalid_penalty: float = 0.0,
        overlap: bool = True,
        verdict_noise: float = 0.0,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.generator, self.renderer, self.tick = generator, renderer, tick
        self.max_new, self.context, self.penalty, self.overlap = max_new, context, final_invalid_penalty, overlap
        self.verdict_noise = verdict_noise
        self._free = deque(envs)
        self._open: deque[_OpenBatch] = deque()
        self._conversations: dict[int, tuple[_OpenBatch, int]] = {}
        self._next_conversation = 0

    def play(self, wanted: Plan) -> Batch:
        """Play a batch to its end."""
        self.begin(wanted)
        while (batch := self.advance()) is None:
            pass
        return batch

    @property
    def num_open(self) -> int:
        """Number of batches that have begun and not ended."""
        return len(self._open)

    @property
    def has_free_env(self) -> bool:
        """Whether another batch can begin."""
        return bool(self._free)

    @property
    def is_sampler_full(self) -> bool:
        """Whether another batch would only wait for those that have begun."""
        return 2 * self._num_sampling() >= self.generator.slots

    def begin(self, wanted: Plan) -> None:
        """Request the first responses of a batch."""
        batch = _OpenBatch(self._free.popleft(), wanted, self._next_conversation)
        self._next_conversation += len(wanted.seeds)
        self._open.append(batch)
        for index, prompt in enumerate(batch.reset()):
            self._conversations[batch.first_conversation + index] = batch, index
            self._request(batch, index, self.renderer.first(prompt))

    def advance(self) -> Batch | None:
        """Sample and judge for a moment; return the oldest batch if it has ended."""
        oldest = self._open[0]
        if oldest.num_open:
            self.tick()
            began = time.monotonic()
            self._sample()
            sampled = time.monotonic()
            oldest.played.decode_seconds += sampled - began
            idle = not self._num_sampling()
            for each in list(self._open):
                self._receive(each, wait=idle and each is oldest)
            if idle:
                oldest.played.judge_seconds += time.monotonic() - sampled
        if oldest.num_open:
            return None
        self._open.popleft()
        self._free.append(oldest.env)
        return oldest.finished()

    def update(self, version: int) -> None:
        """Notify the generator that the weights now have this version. Open episodes continue with them."""
        self.generator.update(version)

    def progress(self) -> Progress:
        """Return how far the oldest open batch is; zeros where none is open."""
        if not self._open:
            return Progress(0, 0, 0, 0)
        batch = self._open[0]
        count, tokens = len(batch.turns), sum(len(ids) for ids in batch.ids)
        return Progress(count - batch.num_open, count, tokens, batch.env.num_pending)

    def _num_sampling(self) -> int:
        return sum(batch.num_sampling for batch in self._open)

    def _request(self, batch: _OpenBatch, index: int, prompt: Ids) -> None:
        """Request an episode's next response, or end the episode if the context has no room for one."""
        ids = np.concatenate([batch.ids[index], prompt])
        room = min(self.max_new, self.context - len(ids))
        if room < 1:
            batch.played.out_of_context.append(index)
            if batch.turns[index]:  # the previous response becomes the last one and is rewarded as such
                last, problem = batch.turns[index][-1], batch.env.problems[index]
                assert problem is not None
                turn = unsolved(batch.env.episodes[index].turns[-1], problem)
                reward = batch.env.config.reward_function(turn, True) + self._penalty(turn)
                batch.turns[index][-1] = TokenTurn(last.prompt_ids, last.completion, reward)
            else:
                batch.played.skipped.append(index)
            self._end(batch, index)
            return
        batch.prompts[index], batch.ids[index] = prompt, ids
        batch.num_sampling += 1
        seed = seed_of(batch.plan.seeds[index], len(batch.turns[index]))
        self.generator.submit(Request(batch.first_conversation + index, ids, room, seed))

    def _sample(self) -> None:
        """Poll the generator, and send every complete response to the judge."""
        if not self._num_sampling():
            return
        waits_for_judge = any(batch.env.num_pending for batch in self._open)
        timeout = POLL_TIMEOUT if waits_for_judge else PAUSE_TIMEOUT
        completions = self.generator.poll(timeout if self.overlap else None)
        if not self.overlap:
            while self._num_sampling() > len(completions):
                self.tick()
                completions += self.generator.poll()
            completions.sort(key=lambda each: each[0])
        for batch in self._open:
            indices, texts = [], []
            for conversation, completion in completions:
                owner, index = self._conversations[conversation]
                if owner is not batch:
                    continue
                batch.completions[index] = completion
                batch.ids[index] = np.concatenate([batch.ids[index], completion.ids])
                batch.num_sampling -= 1
                indices.append(index)
                texts.append(self.renderer.text(completion.ids).encode("utf-8", "replace").decode())
            if indices:
                batch.env.send(indices, texts)

    def _receive(self, batch: _OpenBatch, wait: bool) -> None:
        """Receive judged responses, and request the next ones."""
        pending = batch.env.num_pending
        if not pending:
            return
        min_results = (1 if self.overlap else pending) if wait else 0
        results = batch.env.recv(min_results, RECV_TIMEOUT if self.overlap and wait else None if wait else 0.0)
        for place in np.argsort(results.env_ids):
            index, episode = int(results.env_ids[place]), results.episodes[place]
            reward = float(results.rewards[place])
            if episode.terminated:
                reward = self._last_reward(batch, index, episode.turns[-1])
            completion = batch.completions[index]
            batch.turns[index].append(TokenTurn(batch.prompts[index], completion, reward))
            if episode.ended:
                self._end(batch, index)
            else:
                self._request(batch, index, self.renderer.following(results.observations[place], completion.ids))

    def _last_reward(self, batch: _OpenBatch, index: int, turn: Turn) -> float:
        """Return the reward of a turn that ended its episode: the environment's, unless the judge is made to err."""
        if errs(self.verdict_noise, batch.plan.seeds[index], turn):
            batch.played.flipped.append(index)
            return batch.env.config.reward_function(with_other_outcome(turn), True)
        return turn.reward + self._penalty(turn)

    def _penalty(self, last: Turn) -> float:
        return self.penalty if last.judgement.verdict is Verdict.NO_PROGRAM else 0.0

    def _end(self, batch: _OpenBatch, index: int) -> None:
        batch.num_open -= 1
        self.generator.forget(batch.first_conversation + index)
        del self._conversations[batch.first_conversation + index]


class _OpenBatch:
    """State of a batch that is being played. Lists have one element per episode, in the order of the plan.

    Attributes:
        first_conversation: number of the first episode's conversation; the others have consecutive numbers.
        num_open: episodes that have not ended.
        num_sampling: episodes whose response is being sampled.
        ids: all tokens of each episode so far.
        prompts: the tokens of each episode between its last two responses.
        completions: the last response of each episode, by index.
    """

    def __init__(self, env: CodeVectorEnv, wanted: Plan, first_conversation: int) -> None:
        count = len(wanted.seeds)
        if count > env.num_envs:
            raise ValueError(f"plan: expected at most {env.num_envs} episodes, one per sub-environment; got {count}")
        self.env, self.plan, self.first_conversation = env, wanted, first_conversation
        self.played = Batch()
        self.num_open, self.num_sampling = count, 0
        nothing = np.empty(0, np.int64)
        self.ids: list[Ids] = [nothing] * count
        self.prompts: list[Ids] = [nothing] * count
        self.completions: dict[int, Completion] = {}
        self.turns: list[list[TokenTurn]] = [[] for _ in range(count)]

    def reset(self) -> list[str]:
        """Start the episodes and return their prompts."""
        count = len(self.plan.problems)
        drawn = [problem if isinstance(problem, int) else 0 for problem in self.plan.problems]
        self.env.reset(seed=[*drawn, *[0] * (self.env.num_envs - count)])
        for index, problem in enumerate(self.plan.problems):
            if isinstance(problem, str):
                mask: npt.NDArray[np.bool_] = np.arange(self.env.num_envs) == index
                seeds = [self.plan.seeds[index]] * self.env.num_envs
                self.env.reset(seed=seeds, options={"problem_id": problem, "reset_mask": mask})
        if self.env.config.feedback == "random":
            self._draw_feedback_per_sample()
        return [episode.prompt for episode in self.env.episodes[:count]]

    def _draw_feedback_per_sample(self) -> None:
        """Give each sample of a problem its own random feedback, which otherwise depends on the problem's seed."""
        for index, problem in enumerate(self.plan.problems):
            if problem in self.plan.problems[:index]:
                mask: npt.NDArray[np.bool_] = np.arange(self.env.num_envs) == index
                options = {"problem_id": self.env.episodes[index].problem_id, "feedback_seed": self.plan.seeds[index]}
                self.env.reset(options={**options, "reset_mask": mask})

    def finished(self) -> Batch:
        """Return the batch with its episodes and tokens."""
        self.played.out_of_context.sort()
        self.played.skipped.sort()
        self.played.flipped.sort()
        self.played.episodes = list(self.env.episodes[: len(self.turns)])
        self.played.problems = [problem for problem in self.env.problems[: len(self.turns)] if problem is not None]
        self.played.tokens = [
            TokenEpisode(tuple(turns), episode.problem_id, episode.solved, has_verdict=not episode.truncated)
            for turns, episode in zip(self.turns, self.played.episodes, strict=True)
            if turns
        ]
        return self.played
