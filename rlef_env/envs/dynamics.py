"""Dynamics of an episode: the jobs that a response needs, and the turn that their judgements make.

``CodeEnv`` and ``CodeVectorEnv`` share this. Nothing here judges or waits. An episode is a value that never changes: a
response with its judgements makes the next value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from gymnasium.error import ResetNeeded

from rlef_env.envs.arguments import at_least, checked_options
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.extract import Response, read_response
from rlef_env.envs.feedback import ITEM_CAP, MARK, feedback_text, prompt_text
from rlef_env.envs.infos import episode_info
from rlef_env.envs.plan import ResponsePlan, number_of_tests
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.envs.random_feedback import random_job, random_judgement
from rlef_env.episodes.episode import Episode, Turn
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.problems import Problem

__all__ = ["EpisodeDynamics"]

SHOWN_FAILURES: Final[Mapping[str, int]] = {"private": 8, "first": 1}
"""Maximum number of failures that feedback shows, where it has one. 8: RLEF, private-test feedback."""

OPTIONS: Final = ("problem_id", "feedback_seed")


@dataclass(frozen=True)
class EpisodeDynamics:
    """The transition function of an environment's episodes.

    One step of an episode is::

        jobs = dynamics.jobs(problem, episode, response)
        judgements = [judge.judge(job) for job in jobs]
        episode = dynamics.advance(problem, episode, response, judgements)

    An episode only names its problem. Whoever plays an episode holds the problem too, because problems of large files
    are read when they are asked for.

    Attributes:
        config: the environment's configuration.
    """

    config: EnvConfig

    def begin(
        self, rng: np.random.Generator, sampler: ProblemSampler, options: Mapping[str, Any] | None = None
    ) -> tuple[Problem, Episode]:
        """Start an episode: the only method that draws.

        Args:
            rng: the generator to draw with.
            sampler: draws the problem.
            options: as for ``CodeEnv.reset``.

        Raises:
            UsageError: the options are no dict, an option is unknown, or a problem has no tests.
            ProblemNotFound: no problem has the id that ``options`` names.
        """
        dataset, chosen = self.config.dataset, checked_options(options, OPTIONS)
        if "problem_id" in chosen:
            problem = self._named(chosen["problem_id"])
        else:
            problem = dataset[dataset.tested[sampler.draw(rng)]]
        settings = dict(self.config.settings)
        if self.config.feedback == "random":
            # This number decides all of an episode's random feedback, so that the episode can be replayed.
            drawn = int(rng.integers(2**62))
            feedback_seed = chosen.get("feedback_seed", drawn)
            at_least("options['feedback_seed']", feedback_seed, 0)
            settings["feedback_seed"] = int(feedback_seed)
        return problem, Episode(problem.id, dataset.label, self.prompt(problem), settings=settings)

    def prompt(self, problem: Problem) -> str:
        """Return the first observation."""
        config = self.config
        text = prompt_text(
            problem.statement, cap=config.prompt_cap, tokenizer=config.tokenizer, protocol=config.protocol
        )
        return self._fitted(text)

    def read(self, action: object) -> Response:
        """Return an action as a response, by the protocol of the configuration.

        Raises:
            InvalidAction: the action is not a text of the action space.
        """
        return read_response(action, self.config.protocol)

    def info(self, problem: Problem, episode: Episode) -> dict[str, Any]:
        """Return the ``info`` of an episode's latest step."""
        return episode_info(episode, problem, None if self.config.feedback_cap is None else ITEM_CAP)

    def is_last(self, episode: Episode) -> bool:
        """Return whether the next response reaches the turn limit."""
        return len(episode.turns) + 1 >= self.config.max_turns

    def jobs(self, problem: Problem, episode: Episode, response: Response) -> Sequence[JudgeJob]:
        """Return the jobs whose judgements ``advance`` needs.

        There are 0 to 2, independent of each other: one for the response, unless there is nothing to judge; with
        random feedback also one for the other program, unless the response is sure to end the episode.

        Raises:
            ResetNeeded: the episode has ended.
        """
        plan = self._plan(problem, episode, response)
        jobs = (plan.job(), self._random_job(episode, plan))
        return [job for job in jobs if job is not None]

    def advance(
        self, problem: Problem, episode: Episode, response: Response, judgements: Sequence[Judgement]
    ) -> Episode:
        """Return the episode with one more turn, which holds the feedback and the reward.

        Args:
            problem: the episode's problem.
            episode: the episode before the response.
            response: the response.
            judgements: one for each of ``jobs(problem, episode, response)``, in order.

        Raises:
            ResetNeeded: the episode has ended.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count.
        """
        plan = self._plan(problem, episode, response)
        judgement, final = plan.decide(judgements[0] if plan.needs_judge else None)
        reported = problem, judgement  # what the feedback is about
        random = self._random_job(episode, plan)
        if random is not None and not final and judgement.verdict is not Verdict.NO_VERDICT:
            reported = random.problem, random_judgement(random.problem, judgements[-1])
            if reported[1].verdict is Verdict.NO_VERDICT:
                judgement = replace(judgement, verdict=Verdict.NO_VERDICT, category=reported[1].category)
        lost = judgement.verdict is Verdict.NO_VERDICT
        if lost and self.config.on_no_verdict == "raise":
            raise NoVerdictError(
                f"problem {problem.id!r}: expected a verdict, but the judge failed "
                f"({judgement.category or 'no reason given'}); try the same step again, or run `rlef doctor` to see "
                "whether this machine can judge"
            )
        observation = "" if lost else self._feedback(*reported, final)
        reward = self.config.reward_function(Turn(response.text, response.program, judgement, observation), final)
        # Constructors, not replace(): this runs in each of thousands of steps a second.
        turns = (*episode.turns, Turn(response.text, response.program, judgement, observation, reward))
        terminated, truncated = final and not lost, lost
        return Episode(
            episode.problem_id, episode.dataset, episode.prompt, turns, terminated, truncated, episode.settings
        )

    def learn(self, sampler: ProblemSampler, episode: Episode) -> None:
        """Report to the sampler how an episode ended, unless the judge failed."""
        if episode.terminated:
            dataset = self.config.dataset
            sampler.learn(bisect_left(dataset.tested, dataset.place(episode.problem_id)), episode.solved)

    def _named(self, problem_id: object) -> Problem:
        if not isinstance(problem_id, str):
            raise UsageError(f"options['problem_id']: expected a text, got {problem_id!r}")
        problem = self.config.dataset.get(problem_id)
        if not number_of_tests(problem):
            raise UsageError(f"options['problem_id']: expected a problem with a test, but {problem_id!r} has none")
        return problem

    def _plan(self, problem: Problem, episode: Episode, response: Response) -> ResponsePlan:
        if episode.ended:
            raise ResetNeeded("the episode has ended; call reset() to start the next one")
        return ResponsePlan(
            problem,
            response.program,
            last=self.is_last(episode),
            feedback=self.config.feedback,
            run_all_tests=self.config.reward_function.run_all_tests,
        )

    def _random_job(self, episode: Episode, plan: ResponsePlan) -> JudgeJob | None:
        """Return the job of random feedback. The same program is drawn whenever this is called for a turn."""
        if self.config.feedback != "random" or plan.program is None or plan.last:
            return None
        return random_job(self.config.dataset, plan.problem, episode.settings["feedback_seed"], len(episode.turns))

    def _feedback(self, problem: Problem, judgement: Judgement, final: bool) -> str:
        """Return the observation that reports a judgement on a problem's tests."""
        config = self.config
        if final and config.feedback == "random" and judgement.verdict is not Verdict.NO_PROGRAM:
            return ""
        text = feedback_text(
            judgement,
            problem,
            feedback=config.feedback,
            retry=not final,
            max_failures=SHOWN_FAILURES.get(config.feedback),
            cap=config.feedback_cap,
            item_cap=None if config.feedback_cap is None else ITEM_CAP,
            tokenizer=config.tokenizer,
            protocol=config.protocol,
        )
        return self._fitted(text)

    def _fitted(self, text: str) -> str:
        """Make a text fit the observation space: unusual tokenizers and data may exceed it in spite of the caps."""
        text = text.encode("utf-8", "replace").decode()
        limit = self.config.observation_length
        return text if len(text) <= limit else MARK + text[len(text) - limit + len(MARK) :]
