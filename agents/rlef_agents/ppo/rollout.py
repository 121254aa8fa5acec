"""Play episodes with a policy: programs are judged while other episodes decode, so that neither side waits.

The tokens of an episode are those that were sampled, with what the renderer puts between them. What an episode draws
depends on the run's seed, the update, and its problem and sample alone, not on the order in which judgements come.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.generation import Generator, Request
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn
from rlef_env import CodeVectorEnv, Episode, Turn, Verdict

__all__ = ["Batch", "Plan", "Rollout", "plan"]

PATIENCE: Final = 0.05
"""Seconds to wait for one batch's judgements before looking at the other's."""


@dataclass(frozen=True)
class Plan:
    """What to play.

    Attributes:
        problems: of each episode, a seed that draws a problem, or its id.
        seeds: of what each samples.
    """

    problems: tuple[int | str, ...]
    seeds: tuple[int, ...]


def plan(run: int, step: int, episodes: int, samples: int = 1, process: int = 0, processes: int = 1) -> Plan:
    """The episodes of an update: seeds are functions of run, step, problem and sample, and of nothing else.

    Args:
        run: the run's seed.
        step: which update.
        episodes: of all processes together.
        samples: episodes per problem.
        process: which process this is; each plays a stretch of the problems, so that the episodes of all, one process
            after the other, are those of one process alone.
        processes: how many there are.
    """
    problems = -(-episodes // samples)
    numbers = range(problems * process // processes, problems * (process + 1) // processes)
    places = [
        (number, sample) for number in numbers for sample in range(samples) if number * samples + sample < episodes
    ]
    return Plan(
        tuple(seed_of(run, step, number) for number, _ in places),
        tuple(seed_of(run, step, number, sample + 1) for number, sample in places),
    )


def seed_of(*numbers: int) -> int:
    """One seed out of several numbers, below 2**31."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0]) >> 1


@dataclass
class Batch:
    """Episodes that were played, in the order of their plan.

    Attributes:
        tokens: as a learner sees them; of those that have a response.
        episodes: as the environment sees them.
        decode_seconds: spent sampling while this batch was the one waited for.
        judge_seconds: spent waiting for judgements with nothing to sample.
        out_of_context: which episodes ended, unsolved, because no further response fitted.
        skipped: which of these had no room for a first one, as the problem fills the context.
    """

    tokens: list[TokenEpisode] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    decode_seconds: float = 0.0
    judge_seconds: float = 0.0
    out_of_context: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)


class Rollout:
    """Plays batches of episodes.

    Args:
        generator: samples responses.
        renderer: turns messages into tokens.
        envs: one to play in, or two of the same kind: then the episodes of the next batch may begin while the last
            programs of this one are judged, with the weights of now. Their autoreset mode is DISABLED.
        max_new: tokens per response at most.
        context: tokens per episode at most.
        final_invalid_penalty: added to the reward of a last response without a program.
        overlap: judge while decoding. Without it all is decoded, then all judged: slower, but the generator sees the
            same requests in the same order every time.
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
    ) -> None:
        self.generator, self.renderer = generator, renderer
        self.max_new, self.context, self.penalty, self.overlap = max_new, context, final_invalid_penalty, overlap
        self._free = deque(envs)
        self._open: deque[_Playing] = deque()
        self._conversations: dict[int, tuple[_Playing, int]] = {}
        self._next = 0

    def play(self, wanted: Plan, ahead: Plan | None = None) -> Batch:
        """Play a batch to its end.

        Args:
            wanted: what to play; what the last call had as ``ahead`` goes on where it is.
            ahead: begin these as soon as there is nothing else to sample; their tokens may be one version older then.
        """
        if not self._open:
            self._begin(wanted)
        playing = self._open[0]
        if playing.plan != wanted:
            raise ValueError("wanted: expected the plan that was begun as `ahead`")
        while playing.left:
            began = time.monotonic()
            self._sample()
            sampled = time.monotonic()
            playing.batch.decode_seconds += sampled - began
            idle = not self._conversations_sampling()
            if idle and ahead is not None and len(self._open) == 1 and self._free:
                self._begin(ahead)
                continue
            for each in list(self._open):
                self._receive(each, wait=idle and each is playing)
            if idle:
                playing.batch.judge_seconds += time.monotonic() - sampled
        self._open.popleft()
        self._free.append(playing.env)
        return playing.finished()

    def update(self, version: int) -> None:
        """The weights have this version now; episodes under way go on with them."""
        self.generator.update(version)

    def _conversations_sampling(self) -> int:
        return sum(playing.sampling for playing in self._open)

    def _begin(self, wanted: Plan) -> None:
        playing = _Playing(self._free.popleft(), wanted, self._next)
        self._next += len(wanted.seeds)
        self._open.append(playing)
        for slot, prompt in enumerate(playing.reset()):
            self._conversations[playing.first + slot] = playing, slot
            self._ask(playing, slot, self.renderer.first(prompt))

    def _ask(self, playing: _Playing, slot: int, prompt: Ids) -> None:
        """Have a response sampled, unless there is no room for it."""
        ids = np.concatenate([playing.ids[slot], prompt])
        room = min(self.max_new, self.context - len(ids))
        if room < 1:
            playing.batch.out_of_context.append(slot)
            if playing.turns[slot]:  # the response before is the last one, and is rewarded as that
                last, said = playing.turns[slot][-1], playing.episode(slot).turns[-1]
                reward = playing.env.rules.reward(said, True) + self._penalty(said)
                playing.turns[slot][-1] = TokenTurn(last.prompt_ids, last.completion, reward)
            else:
                playing.batch.skipped.append(slot)
            self._end(playing, slot)
            return
        playing.prompts[slot], playing.ids[slot] = prompt, ids
        playing.sampling += 1
        turn = len(playing.turns[slot])
        self.generator.submit(Request(playing.first + slot, ids, room, seed_of(playing.plan.seeds[slot], turn)))

    def _sample(self) -> None:
        """Sample for a while, and have what is complete judged."""
        completions = self.generator.poll()
        if not self.overlap:
            while self._conversations_sampling() > len(completions):
                completions += self.generator.poll()
            completions.sort(key=lambda each: each[0])
        for playing in self._open:
            mine = [(self._conversations[name][1], each) for name, each in completions if self._is(name, playing)]
            for slot, completion in mine:
                playing.completions[slot] = completion
                playing.ids[slot] = np.concatenate([playing.ids[slot], completion.ids])
                playing.sampling -= 1
            if mine:
                texts = [self.renderer.text(completion.ids) for _, completion in mine]
                playing.env.send(
                    [slot for slot, _ in mine], [text.encode("utf-8", "replace").decode() for text in texts]
                )

    def _is(self, conversation: int, playing: _Playing) -> bool:
        return self._conversations[conversation][0] is playing

    def _receive(self, playing: _Playing, wait: bool) -> None:
        """Take in what has been judged, and ask for the next responses."""
        under_way = playing.env.num_pending
        if not under_way:
            return
        least = (1 if self.overlap else under_way) if wait else 0
        replies = playing.env.recv(least, PATIENCE if self.overlap and wait else None if wait else 0.0)
        for place in np.argsort(replies.env_ids):
            slot, episode = int(replies.env_ids[place]), replies.episodes[place]
            reward = float(replies.rewards[place])
            if episode.terminated:
                reward += self._penalty(episode.turns[-1])
            completion = playing.completions[slot]
            playing.turns[slot].append(TokenTurn(playing.prompts[slot], completion, reward))
            if episode.ended:
                self._end(playing, slot)
            else:
                self._ask(playing, slot, self.renderer.following(replies.observations[place], completion.ids))

    def _penalty(self, last: Turn) -> float:
        return self.penalty if last.judgement.verdict is Verdict.NO_PROGRAM else 0.0

    def _end(self, playing: _Playing, slot: int) -> None:
        playing.left -= 1
        self.generator.forget(playing.first + slot)
        del self._conversations[playing.first + slot]


class _Playing:
    """A batch under way."""

    def __init__(self, env: CodeVectorEnv, wanted: Plan, first: int) -> None:
        count = len(wanted.seeds)
        if count > env.num_envs:
            raise ValueError(f"plan: expected at most {env.num_envs} episodes, the environments there are; got {count}")
        self.env, self.plan, self.first = env, wanted, first
        self.batch = Batch()
        self.left, self.sampling = count, 0
        nothing = np.empty(0, np.int64)
        self.ids: list[Ids] = [nothing] * count
        self.prompts: list[Ids] = [nothing] * count
        self.completions: dict[int, Completion] = {}
        self.turns: list[list[TokenTurn]] = [[] for _ in range(count)]

    def reset(self) -> list[str]:
        """Start the episodes; return their prompts."""
        count = len(self.plan.problems)
        drawn = [problem if isinstance(problem, int) else 0 for problem in self.plan.problems]
        self.env.reset(seed=[*drawn, *[0] * (self.env.num_envs - count)])
        for slot, problem in enumerate(self.plan.problems):
            if isinstance(problem, str):
                mask: npt.NDArray[np.bool_] = np.arange(self.env.num_envs) == slot
                seeds = [self.plan.seeds[slot]] * self.env.num_envs
                self.env.reset(seed=seeds, options={"problem_id": problem, "reset_mask": mask})
        if self.env.rules.feedback == "random":
            self._draw_feedback_apart()
        return [episode.prompt for episode in self.env.episodes[:count]]

    def _draw_feedback_apart(self) -> None:
        """Give each sample of a problem random feedback of its own, which would else come from the problem's seed."""
        for slot, problem in enumerate(self.plan.problems):
            if problem in self.plan.problems[:slot]:
                mask: npt.NDArray[np.bool_] = np.arange(self.env.num_envs) == slot
                options = {"problem_id": self.env.episodes[slot].problem_id, "feedback_seed": self.plan.seeds[slot]}
                self.env.reset(options={**options, "reset_mask": mask})

    def episode(self, slot: int) -> Episode:
        """The episode of a slot so far."""
        return self.env.episodes[slot]

    def finished(self) -> Batch:
        """What was played."""
        self.batch.out_of_context.sort()
        self.batch.skipped.sort()
        self.batch.episodes = list(self.env.episodes[: len(self.turns)])
        self.batch.tokens = [
            TokenEpisode(tuple(turns), episode.problem_id, episode.solved, has_verdict=not episode.truncated)
            for turns, episode in zip(self.turns, self.batch.episodes, strict=True)
            if turns
        ]
        return self.batch
