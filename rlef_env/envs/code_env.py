"""The environment: a coding problem is an episode, a response holding a whole program is an action."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal, get_args

import gymnasium
import numpy as np
from gymnasium import logger
from gymnasium.error import InvalidAction, ResetNeeded

from rlef_env.envs.arguments import at_least, check_judge, check_tokenizer, checked_options, loaded, one_of
from rlef_env.envs.episode import Episode, Turn
from rlef_env.envs.episode_rules import ISOLATIONS
from rlef_env.envs.episode_text import episode_text
from rlef_env.envs.extract import extract_program
from rlef_env.envs.feedback import ITEM_CAP, MARK, Feedback, Tokenizer, feedback_text, prompt_text, retry_tokens
from rlef_env.envs.info import episode_info
from rlef_env.envs.random_feedback import random_judgement, random_sources
from rlef_env.envs.rewards import RewardSpec, make_reward
from rlef_env.envs.scoring import SupportsJudge, number_of_tests, score_response
from rlef_env.envs.spaces import ProgramText
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import Judge, Judgement, Verdict
from rlef_env.problems import Dataset, Problem

__all__ = ["ACTION_LENGTH", "OBSERVATION_LENGTH", "UNCAPPED_OBSERVATION_LENGTH", "CodeEnv"]

ACTION_LENGTH: Final = 2**20
"""The most characters of a response."""

OBSERVATION_LENGTH: Final = 2**16
"""The most characters of an observation under the usual caps; AsyncVectorEnv shares 4 bytes for each: 256 KiB."""

UNCAPPED_OBSERVATION_LENGTH: Final = 2**20
"""The same where a cap is None: 4 MiB per environment."""

SHOWN_HIDDEN_FAILURES: Final = 8
"""With feedback from hidden tests, at most so many failures are shown (RLEF, private-test feedback)."""

_OPTIONS: Final = ("problem_id", "feedback_seed")


class CodeEnv(gymnasium.Env[str, str]):
    r"""Solve a competitive programming problem within three tries, told after each what went wrong.

    ## Description

    Each episode asks one problem: write a program that reads standard input and writes standard output. You answer
    with text that holds a whole program; it is run on the problem's *public* tests, and you read which of them failed
    and how. Then you try again. When all public tests pass, or after the third response, your last program is run on
    all tests, *private* and *generated* ones too, and the episode ends: +1 if all pass, -1 if not.

    The rules, the wording and the numbers are those of RLEF (Gehring et al., ICML 2025, arXiv 2410.02089).
    Programs run locked away from your machine: no network, no files but Python's own.

    ## Action Space

    A `ProgramText`: any text of at most 1,048,576 characters. The program is the first fenced block tagged as Python,
    else the first fenced block at all:

        ```python
        print(sum(map(int, input().split())))
        ```

    A response without one counts as a turn and is told so. Python 3 only.

    ## Observation Space

    A `ProgramText`: what the environment says next. First the problem; then the failing public tests with the wrong
    output, the stack trace, or the limit that was hit, and the invitation to try again. It is the newest message
    only; the whole chat is in `info["messages"]`. The prompt is cut on the left to 2,048 tokens, feedback on the
    right to 1,024, each input, output and stack trace in it to 512 characters (`[...]` marks a cut; see
    `feedback_cap` for more). The observation of the last step is the report without the invitation, empty if there
    is nothing to report.

    ## Rewards

    | reward | when |
    |---|---|
    | +1 | the episode ends and the last response passes all tests |
    | -1 | the episode ends and it does not |
    | -0.2 | a response before the last holds no program |
    | 0 | otherwise, and whenever the judge itself failed |

    `reward=` takes another set by name (see `rlef_env.envs.REWARDS`), weights for components
    (`{"outcome": 1.0, "compile_error": 1.0}`), or a function `(turn, final) -> float`.

    ## Starting State

    A problem drawn at random with the environment's own generator: the same `seed` gives the same problems.
    `reset(options={"problem_id": "..."})` asks for one by name. Problems without any test are never drawn.

    ## Episode End

    *Terminated*: all public tests pass (then the hidden tests decide), or `max_turns` responses were given. The turn
    limit is part of the rules, so it never truncates. A problem without public tests runs to the turn limit.

    *Truncated*: the judge itself failed, for example because the machine ran out of memory. That is not a wrong
    answer: the reward is 0.0 and `info["has_verdict"]` is False, so that a learner can leave the episode out.

    ## Information

    | key | value |
    |---|---|
    | `problem_id`, `dataset` | which problem, of which data set (its label) |
    | `turn` | responses so far |
    | `messages` | the whole chat as `{"role", "content"}` dicts; after the end it ends with the last response |
    | `verdict`, `category` | of the last response, e.g. `"runtime_error"`, `"IndexError"`; None after `reset`, or if there was no test to run |
    | `public` | the public tests that were run: `{"index", "verdict", "category"}` each |
    | `has_verdict` | False only if the judge failed |
    | `isolation` | `"locked"`, or `"none"` |

    At the end of an episode also `private` and `generated` (as `public`; judging stops at the first failing test
    unless the reward needs them all), `passed` and `total` (tests), and `solved`. The same seed and actions give an
    equal `info`.

    ## Arguments

    ```python
    env = gym.make("RLEF-CodeContests-v0", dataset="problems.jsonl", max_turns=5)
    ```

    * `dataset`: `"starter"`, the embedded set; the path of a `.jsonl` file in the CodeContests layout; or a `Dataset`.
      None is the starter set with a warning.
    * `split`: the part of the data set.
    * `max_turns`: responses per episode.
    * `feedback`: `"public"`: failing public tests. `"none"`: only the invitation to try again, and the episode runs to
      the turn limit. `"random"`: what a wrong program got on another problem. `"private"`: the first 20 tests of any
      kind take the place of the public ones, up to 8 failures are shown. The last three are the paper's ablations.
    * `reward`: see above.
    * `prompt_cap`, `feedback_cap`: lengths in tokens, None for none. The invitation to try again is never cut.
      `feedback_cap=None` lifts the 512 characters too; what is then left is that the judge keeps 4,096 characters of
      a failing test's output and of its errors, and that an observation has at most 1,048,576.
    * `tokenizer`: anything with `encode(text)`; None counts four characters as a token.
    * `on_no_verdict`: `"truncate"`, or `"raise"` a `NoVerdictError` for learners that cannot leave an episode out; the
      same `step` may then be tried again.
    * `isolation`: `"locked"` refuses to run where the lock cannot be had; `"none"` runs programs unprotected.
    * `render_mode`: `"ansi"`: `render()` returns text. `"human"`: every `reset` and `step` prints it.
    * `judge`: a `Judge` to share; it is not closed with the environment. None: one of its own.

    ## Version History

    * v0: first version.
    """  # noqa: E501 (rows of a table cannot be broken)

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi", "human"], "render_fps": 4}  # type: ignore[misc]

    def __init__(
        self,
        dataset: str | os.PathLike[str] | Dataset | None = "starter",
        split: str = "train",
        max_turns: int = 3,
        feedback: Feedback = "public",
        reward: RewardSpec = "rlef",
        prompt_cap: int | None = 2048,
        feedback_cap: int | None = 1024,
        tokenizer: Tokenizer | None = None,
        on_no_verdict: Literal["truncate", "raise"] = "truncate",
        isolation: Literal["locked", "none"] = "locked",
        render_mode: Literal["ansi", "human"] | None = None,
        judge: Judge | None = None,
    ) -> None:
        one_of("feedback", feedback, get_args(Feedback))
        one_of("on_no_verdict", on_no_verdict, ("truncate", "raise"))
        one_of("isolation", isolation, ISOLATIONS)
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        at_least("max_turns", max_turns, 1)
        check_tokenizer(tokenizer)
        check_judge(judge)
        for name, cap in (("prompt_cap", prompt_cap), ("feedback_cap", feedback_cap)):
            if cap is not None:
                at_least(name, cap, retry_tokens(tokenizer))

        self.dataset = loaded(dataset, split)
        self._problems = [problem for problem in self.dataset if number_of_tests(problem)]
        if not self._problems:
            raise UsageError(f"dataset: expected a problem with a test, got {len(self.dataset)} problems without any")
        self._random_sources = random_sources(self._problems) if feedback == "random" else []
        if feedback == "random" and len(self._random_sources) < 2:
            raise UsageError(
                "feedback='random': expected a data set with two or more problems that have public tests and a wrong "
                f"Python solution, got {len(self._random_sources)}; choose another data set or feedback"
            )
        # The judge that was passed knows what it locks. Numbers may be numpy's, which JSON has not.
        self.isolation = isolation if judge is None else judge.isolation
        self.max_turns = int(max_turns)
        self.feedback: Feedback = feedback
        self.reward = make_reward(reward)
        self.prompt_cap, self.feedback_cap, self.tokenizer = prompt_cap, feedback_cap, tokenizer
        self.on_no_verdict = on_no_verdict
        self.render_mode = render_mode
        self.action_space = ProgramText(ACTION_LENGTH)
        self._observation_length = _observation_length(prompt_cap, feedback_cap)
        self.observation_space = ProgramText(self._observation_length)
        self._settings = {
            "split": split,
            "max_turns": self.max_turns,
            "feedback": feedback,
            "reward": dict(reward) if isinstance(reward, Mapping) else self.reward.name,
            "full_grid": self.reward.full_grid,
            "prompt_cap": None if prompt_cap is None else int(prompt_cap),
            "feedback_cap": None if feedback_cap is None else int(feedback_cap),
            "tokenizer": None if tokenizer is None else type(tokenizer).__name__,
            "isolation": self.isolation,
        }
        self._problem: Problem | None = None
        self._episode: Episode | None = None
        self._feedback_rng: np.random.Generator | None = None
        self._shared_judge = judge
        self._own_judge: Judge | None = None
        self._judge_process = os.getpid()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: makes the problems from here on reproducible.
            options: ``{"problem_id": ...}`` asks for a problem by name. ``{"feedback_seed": ...}`` fixes what random
                feedback is drawn.

        Raises:
            UsageError: the options are no dict, an option is unknown, or a problem has no tests.
            ProblemNotFound: no problem has that id.
        """
        asked = checked_options(options, _OPTIONS)
        super().reset(seed=seed)
        problem = self._asked(asked["problem_id"]) if "problem_id" in asked else self._drawn()
        settings: dict[str, Any] = dict(self._settings)
        if self.feedback == "random":
            # One number decides all of an episode's random feedback, so that the episode can be replayed.
            drawn = int(self.np_random.integers(2**62))
            feedback_seed = asked.get("feedback_seed", drawn)
            at_least("options['feedback_seed']", feedback_seed, 0)
            settings["feedback_seed"] = int(feedback_seed)
            self._feedback_rng = np.random.default_rng(settings["feedback_seed"])
        prompt = self._observation(prompt_text(problem.statement, cap=self.prompt_cap, tokenizer=self.tokenizer))
        self._problem = problem
        self._episode = Episode(problem.id, self.dataset.label, prompt, settings=settings)
        if self.render_mode == "human":
            self.render()
        return prompt, episode_info(self.episode)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Judge a response and say what came of it.

        Raises:
            ResetNeeded: there is no episode, or it has ended.
            InvalidAction: the action is not a text of the action space.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count.
            IsolationUnavailable: this machine lacks a layer of the lock.
        """
        episode, problem = self._running()
        self._check_action(action)
        program = extract_program(action)
        judgement, final = score_response(
            self._judge(),
            problem,
            program,
            last=len(episode.turns) + 1 >= self.max_turns,
            feedback=self.feedback,
            full_grid=self.reward.full_grid,
        )
        judgement, observation = self._feedback(problem, judgement, final)
        lost = judgement.verdict is Verdict.NO_VERDICT
        if lost and self.on_no_verdict == "raise":
            raise NoVerdictError(
                f"problem {problem.id!r}: expected a verdict, but the judge failed "
                f"({judgement.category or 'no reason given'}); try the same step again, or run `rlef doctor` to see "
                "whether this machine can judge"
            )
        turn = Turn(action, program, judgement, observation)
        turn = replace(turn, reward=self.reward(turn, final))
        episode = replace(episode, turns=(*episode.turns, turn), terminated=final and not lost, truncated=lost)
        self._episode = episode
        if self.render_mode == "human":
            self.render()
        return observation, turn.reward, episode.terminated, episode.truncated, episode_info(episode)

    def render(self) -> str | None:
        """Return the state of the episode as text (``"ansi"``), or print it (``"human"``)."""
        if self.render_mode is None:
            logger.warn('render() shows nothing without a render mode; pass render_mode="ansi" or "human" to make()')
            return None
        text = episode_text(self.episode)
        if self.render_mode == "ansi":
            return text
        print(text)
        return None

    def close(self) -> None:
        """End the environment's own judge. Safe to call twice; a shared judge is left alone."""
        if self._own_judge is not None and self._judge_process == os.getpid():
            self._own_judge.close()
        self._own_judge = None
        super().close()

    @property
    def episode(self) -> Episode:
        """The episode so far, as a value that can be kept, written and replayed.

        Raises:
            ResetNeeded: there is none yet.
        """
        if self._episode is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        return self._episode

    def _asked(self, problem_id: object) -> Problem:
        if not isinstance(problem_id, str):
            raise UsageError(f"options['problem_id']: expected a text, got {problem_id!r}")
        problem = self.dataset.get(problem_id)
        if not number_of_tests(problem):
            raise UsageError(f"options['problem_id']: expected a problem with a test, but {problem_id!r} has none")
        return problem

    def _drawn(self) -> Problem:
        return self._problems[int(self.np_random.integers(len(self._problems)))]

    def _running(self) -> tuple[Episode, Problem]:
        episode, problem = self.episode, self._problem
        assert problem is not None
        if episode.ended:
            raise ResetNeeded("the episode has ended; call reset() to start the next one")
        return episode, problem

    def _check_action(self, action: object) -> None:
        if not isinstance(action, str):
            raise InvalidAction(f"action: expected a response as a str, got {type(action).__name__}: {action!r:.100}")
        if self.action_space.contains(action):
            return
        if len(action) > ACTION_LENGTH:
            raise InvalidAction(f"action: expected at most {ACTION_LENGTH} characters, got {len(action)}")
        raise InvalidAction("action: expected Unicode text, got a lone surrogate; decode it with errors='replace'")

    def _feedback(self, problem: Problem, judgement: Judgement, final: bool) -> tuple[Judgement, str]:
        """Return the judgement, turned into no verdict if the feedback could not be had, and the observation."""
        if judgement.verdict is Verdict.NO_VERDICT:
            return judgement, ""
        told, asked = judgement, problem
        if self.feedback == "random" and judgement.verdict is not Verdict.NO_PROGRAM:
            if final:
                return judgement, ""
            assert self._feedback_rng is not None
            asked, told = random_judgement(self._judge(), self._random_sources, problem, self._feedback_rng)
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
        limit = self._observation_length
        return text if len(text) <= limit else MARK + text[len(text) - limit + len(MARK) :]

    def _judge(self) -> SupportsJudge:
        """Return the judge, started when first needed; after a fork a new one, as a judge serves one process."""
        if self._judge_process != os.getpid():
            self._shared_judge, self._own_judge = None, None
            self._judge_process = os.getpid()
        if self._shared_judge is not None:
            return self._shared_judge
        if self._own_judge is None:
            self._own_judge = Judge(isolation=self.isolation)
        return self._own_judge


def _observation_length(prompt_cap: int | None, feedback_cap: int | None) -> int:
    if prompt_cap is None or feedback_cap is None:
        return UNCAPPED_OBSERVATION_LENGTH
    # Eight characters a token: generous for text, and longer observations are cut anyway.
    return max(OBSERVATION_LENGTH, 8 * prompt_cap, 8 * feedback_cap)
