"""The rules of an episode: what is asked, what a response leads to, and what is said and rewarded.

Everything that ``CodeEnv`` and ``CodeVectorEnv`` share. Nothing here judges, waits or changes: an episode is a
value, and a response makes the next one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final, Literal, get_args

import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded

from rlef_env.envs.arguments import at_least, check_tokenizer, checked_options, loaded, one_of
from rlef_env.envs.benchmarks import benchmark_dataset
from rlef_env.envs.extract import extract_program
from rlef_env.envs.feedback import ITEM_CAP, MARK, Tokenizer, feedback_text, prompt_text, retry_tokens
from rlef_env.envs.judging import Judging
from rlef_env.envs.plan import number_of_tests, scoring
from rlef_env.envs.problem_sampler import ProblemSampler, make_problem_sampler
from rlef_env.envs.random_feedback import random_judging
from rlef_env.envs.rewards import Reward, RewardSpec, make_reward
from rlef_env.envs.spaces import ProgramText
from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.settings import Feedback
from rlef_env.episodes.validation import ISOLATIONS
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import Dataset, Problem

__all__ = ["ACTION_LENGTH", "OBSERVATION_LENGTH", "UNCAPPED_OBSERVATION_LENGTH", "EpisodeDynamics", "OpenEpisode"]

ACTION_LENGTH: Final = 2**20
"""The most characters of a response."""

OBSERVATION_LENGTH: Final = 2**16
"""The most characters of an observation under the usual caps; AsyncVectorEnv shares 4 bytes for each: 256 KiB."""

UNCAPPED_OBSERVATION_LENGTH: Final = 2**20
"""The same where a cap is None: 4 MiB per environment."""

SHOWN_HIDDEN_FAILURES: Final = 8
"""With feedback from hidden tests, at most so many failures are shown (RLEF, private-test feedback)."""

OPTIONS: Final = ("problem_id", "feedback_seed")


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An episode under way.

    Attributes:
        problem: what is asked.
        episode: the turns so far.
        feedback_rng: what random feedback is drawn with, else None.
    """

    problem: Problem
    episode: Episode
    feedback_rng: np.random.Generator | None = None


@dataclass(frozen=True)
class EpisodeDynamics:
    """The rules of all episodes of an environment; for the arguments see ``CodeEnv``.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    dataset: Dataset
    split: str = "train"
    max_turns: int = 3
    feedback: Feedback = "public"
    reward_spec: RewardSpec = "rlef"
    prompt_cap: int | None = 2048
    feedback_cap: int | None = 1024
    tokenizer: Tokenizer | None = None
    on_no_verdict: Literal["truncate", "raise"] = "truncate"
    isolation: str = "locked"
    reward: Reward = field(init=False)
    settings: Mapping[str, Any] = field(init=False)
    _places: Sequence[int] = field(init=False, repr=False)
    _random_sources: Sequence[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        one_of("feedback", self.feedback, get_args(Feedback))
        one_of("on_no_verdict", self.on_no_verdict, ("truncate", "raise"))
        one_of("isolation", self.isolation, ISOLATIONS)
        at_least("max_turns", self.max_turns, 1)
        check_tokenizer(self.tokenizer)
        for name, cap in (("prompt_cap", self.prompt_cap), ("feedback_cap", self.feedback_cap)):
            if cap is not None:
                at_least(name, cap, retry_tokens(self.tokenizer))
        places = self.dataset.tested
        if not places:
            raise UsageError(f"dataset: expected a problem with a test, got {len(self.dataset)} problems without any")
        sources = self.dataset.wrongly_solved if self.feedback == "random" else ()
        if self.feedback == "random" and len(sources) < 2:
            raise UsageError(
                "feedback='random': expected a data set with two or more problems that have public tests and a wrong "
                f"Python solution, got {len(sources)}; choose another data set or feedback"
            )
        self._set("_places", places)
        self._set("_random_sources", sources)
        self._set("reward", make_reward(self.reward_spec))
        self._set("settings", self._all_settings())

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _all_settings(self) -> dict[str, Any]:
        """What an episode records of its rules; numbers may be numpy's, which JSON has not."""
        reward, tokenizer = self.reward_spec, self.tokenizer
        return {
            "split": self.split,
            "max_turns": int(self.max_turns),
            "feedback": self.feedback,
            "reward": dict(reward) if isinstance(reward, Mapping) else self.reward.name,
            "full_grid": self.reward.full_grid,
            "prompt_cap": None if self.prompt_cap is None else int(self.prompt_cap),
            "feedback_cap": None if self.feedback_cap is None else int(self.feedback_cap),
            "tokenizer": None if tokenizer is None else type(tokenizer).__name__,
            "isolation": self.isolation,
        }

    @classmethod
    def of(cls, *, isolation_of: object = None, benchmark: str | None = None, **arguments: Any) -> EpisodeDynamics:
        """The rules that the arguments of an environment stand for.

        Args:
            isolation_of: the judge or pool that was passed: it knows what it locks. None where none was.
            benchmark: as for ``BenchmarkEnv``; None for any data.
            arguments: as for ``CodeEnv`` or ``BenchmarkEnv``, without those that are no rules.
        """
        split = arguments.get("split", "train")
        dataset = arguments.pop("dataset", "starter" if benchmark is None else None)
        if benchmark is None:
            dataset = loaded(dataset, split)
        else:
            window = {name: arguments.pop(name, None) for name in ("after", "before")}
            dataset = benchmark_dataset(benchmark, dataset, split, **window)
        if "reward" in arguments:
            arguments["reward_spec"] = arguments.pop("reward")
        if isolation_of is not None:
            arguments["isolation"] = isolation_of.isolation  # type: ignore[attr-defined]
        unknown = set(arguments) - {each.name for each in fields(cls) if each.init}
        if unknown:
            raise UsageError(
                f"arguments: expected those of CodeEnv, got {', '.join(sorted(unknown))}; check the spelling"
            )
        return cls(loaded(dataset, split), **arguments)

    @cached_property
    def action_space(self) -> ProgramText:
        """The space of responses."""
        return ProgramText(ACTION_LENGTH)

    @property
    def observation_space(self) -> ProgramText:
        """The space of what the environment says."""
        return ProgramText(self.observation_length)

    @cached_property
    def observation_length(self) -> int:
        """The most characters of an observation."""
        if self.prompt_cap is None or self.feedback_cap is None:
            return UNCAPPED_OBSERVATION_LENGTH
        # Eight characters a token: generous for text, and longer observations are cut anyway.
        return max(OBSERVATION_LENGTH, 8 * int(self.prompt_cap), 8 * int(self.feedback_cap))

    def sampler(self, sampling: str | ProblemSampler) -> ProblemSampler:
        """The sampler that draws the problems, those without any test left out.

        Raises:
            UsageError: there is no such sampler, or it does not suit these problems.
        """
        return make_problem_sampler(sampling, self.dataset.metadata_at(self._places))

    def learn(self, sampler: ProblemSampler, episode: Episode) -> None:
        """Tell the sampler how an episode ended, unless the judge failed."""
        if episode.terminated:
            place = self.dataset.place(episode.problem_id)
            sampler.learn(bisect_left(self._places, place), episode.solved)

    def begin(
        self, rng: np.random.Generator, sampler: ProblemSampler, options: dict[str, Any] | None = None
    ) -> OpenEpisode:
        """Start an episode.

        Args:
            rng: decides what is drawn.
            sampler: draws the problem.
            options: as for ``CodeEnv.reset``.

        Raises:
            UsageError: the options are no dict, an option is unknown, or a problem has no tests.
            ProblemNotFound: no problem has that id.
        """
        asked = checked_options(options, OPTIONS)
        problem = self._asked(asked["problem_id"]) if "problem_id" in asked else self._drawn(rng, sampler)
        settings = dict(self.settings)
        feedback_rng = None
        if self.feedback == "random":
            # One number decides all of an episode's random feedback, so that the episode can be replayed.
            drawn = int(rng.integers(2**62))
            feedback_seed = asked.get("feedback_seed", drawn)
            at_least("options['feedback_seed']", feedback_seed, 0)
            settings["feedback_seed"] = int(feedback_seed)
            feedback_rng = np.random.default_rng(settings["feedback_seed"])
        episode = Episode(problem.id, self.dataset.label, self.prompt(problem), settings=settings)
        return OpenEpisode(problem, episode, feedback_rng)

    def prompt(self, problem: Problem) -> str:
        """What is said first."""
        return self._observation(prompt_text(problem.statement, cap=self.prompt_cap, tokenizer=self.tokenizer))

    def _asked(self, problem_id: object) -> Problem:
        if not isinstance(problem_id, str):
            raise UsageError(f"options['problem_id']: expected a text, got {problem_id!r}")
        problem = self.dataset.get(problem_id)
        if not number_of_tests(problem):
            raise UsageError(f"options['problem_id']: expected a problem with a test, but {problem_id!r} has none")
        return problem

    def _drawn(self, rng: np.random.Generator, sampler: ProblemSampler) -> Problem:
        return self.dataset[self._places[sampler.draw(rng)]]

    def check_action(self, action: object) -> str:
        """Return a response, or refuse what is none.

        Raises:
            InvalidAction: it is not a text of the action space.
        """
        if not isinstance(action, str):
            raise InvalidAction(f"action: expected a response as a str, got {type(action).__name__}: {action!r:.100}")
        if len(action) > ACTION_LENGTH:
            raise InvalidAction(f"action: expected at most {ACTION_LENGTH} characters, got {len(action)}")
        if not self.action_space.contains(action):
            raise InvalidAction("action: expected Unicode text, got a lone surrogate; decode it with errors='replace'")
        return action

    def respond(self, running: OpenEpisode, action: str) -> Judging[OpenEpisode]:
        """Say what comes of a response: the episode with one more turn, which holds observation and reward.

        Raises:
            ResetNeeded: the episode has ended.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count.
        """
        episode, problem = running.episode, running.problem
        if episode.ended:
            raise ResetNeeded("the episode has ended; call reset() to start the next one")
        program = extract_program(action)
        judgement, final = yield from scoring(
            problem,
            program,
            last=len(episode.turns) + 1 >= self.max_turns,
            feedback=self.feedback,
            full_grid=self.reward.full_grid,
        )
        judgement, observation = yield from self._feedback(running, judgement, final)
        lost = judgement.verdict is Verdict.NO_VERDICT
        if lost and self.on_no_verdict == "raise":
            raise NoVerdictError(
                f"problem {problem.id!r}: expected a verdict, but the judge failed "
                f"({judgement.category or 'no reason given'}); try the same step again, or run `rlef doctor` to see "
                "whether this machine can judge"
            )
        reward = self.reward(Turn(action, program, judgement, observation), final)
        turns = (*episode.turns, Turn(action, program, judgement, observation, reward))
        ended = Episode(
            episode.problem_id, episode.dataset, episode.prompt, turns, final and not lost, lost, episode.settings
        )
        return OpenEpisode(problem, ended, running.feedback_rng)

    def _feedback(self, running: OpenEpisode, judgement: Judgement, final: bool) -> Judging[tuple[Judgement, str]]:
        """The judgement, turned into no verdict if the feedback could not be had, and the observation."""
        if judgement.verdict is Verdict.NO_VERDICT:
            return judgement, ""
        told, asked = judgement, running.problem
        if running.feedback_rng is not None and judgement.verdict is not Verdict.NO_PROGRAM:
            if final:
                return judgement, ""
            drawn = random_judging(self.dataset, self._random_sources, running.problem, running.feedback_rng)
            asked, told = yield from drawn
            if told.verdict is Verdict.NO_VERDICT:
                return replace(judgement, verdict=Verdict.NO_VERDICT, category=told.category), ""
        text = feedback_text(
            told,
            asked,
            feedback=self.feedback,
            retry=not final,
            max_failures=SHOWN_HIDDEN_FAILURES if self.feedback == "private" else None,
            cap=self.feedback_cap,
            item_cap=None if self.feedback_cap is None else ITEM_CAP,
            tokenizer=self.tokenizer,
        )
        return judgement, self._observation(text)

    def _observation(self, text: str) -> str:
        """Make a text fit the observation space, which the caps alone do not do for odd tokenizers and data."""
        text = text.encode("utf-8", "replace").decode()
        limit = self.observation_length
        return text if len(text) <= limit else MARK + text[len(text) - limit + len(MARK) :]
