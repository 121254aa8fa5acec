"""``CodeEnv``: an episode is a coding problem, an action is a response that holds a whole program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import gymnasium
from gymnasium import logger
from gymnasium.error import ResetNeeded

from rlef_env.envs.arguments import check_shared, loaded, one_of
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.extract import ACTION_LENGTH
from rlef_env.envs.feedback import Tokenizer
from rlef_env.envs.problem_sampler import ProblemSampler, make_problem_sampler
from rlef_env.envs.rewards import RewardSpec
from rlef_env.envs.shared_pool import SHARED, Shared, shared_pool
from rlef_env.envs.spaces import ProgramText
from rlef_env.envs.state import checked, episode_from_state, episode_to_state, header, rng_from_state, rng_to_state
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.render import episode_text
from rlef_env.episodes.settings import ActionProtocol, Feedback
from rlef_env.judge import BaseJudgePool, Judge
from rlef_env.problems import Dataset, Problem
from rlef_env.terminal import printable

__all__ = ["CodeEnv"]


class CodeEnv(gymnasium.Env[str, str]):
    r"""Solve a competitive programming problem within three tries, with feedback on what went wrong after each.

    ## Description

    An episode is one problem: write a program that reads standard input and writes standard output. You answer with
    text that holds a whole program. The program runs on the problem's *public* tests, and you read which of them
    failed and how. Then you try again. When all public tests pass, or after the third response, your last program runs
    on all tests, including *private* and *generated* ones, and the episode ends: +1 if all pass, -1 if not.

    Rules, wording and numbers are those of RLEF (Gehring et al., ICML 2025, arXiv 2410.02089). Programs run isolated
    from your machine: no network, no files except Python's own.

    ## Action Space

    A `ProgramText`: any text of at most 1,048,576 characters. The program is the first fenced block tagged as Python,
    else the first fenced block (see `extract_program`). Text before a `</think>` is ignored:

        ```python
        print(sum(map(int, input().split())))
        ```

    A response without a program counts as a turn, and the feedback says so. Only Python 3 is accepted.

    ## Observation Space

    A `ProgramText`: the newest message of the environment. The first one is the problem; each later one lists the
    failing public tests with the wrong output, the stack trace or the limit that was exceeded, and invites you to try
    again. The whole chat is in `info["messages"]`. The prompt is cut on the left to 2,048 tokens, feedback on the right
    to 1,024 tokens, and each input, output and stack trace in it to 512 characters (`[...]` marks a cut; see
    `feedback_cap` for more). The observation of the last step is the report without the invitation; it is empty if
    there is nothing to report.

    ## Rewards

    | reward | when |
    |---|---|
    | +1 | the episode ends and the last response passes all tests |
    | -1 | the episode ends and the last response fails a test |
    | -0.2 | a response before the last holds no program |
    | 0 | otherwise, and whenever the judge itself failed |

    `reward=` takes another reward by name (see `rlef_env.envs.REWARDS`), weights for components
    (`{"outcome": 1.0, "compile_error": 1.0}`), or a function `(turn, final) -> float`.

    ## Starting State

    A problem drawn at random with the environment's own generator: the same `seed` gives the same problems.
    `reset(options={"problem_id": "..."})` chooses a problem by name. Problems without any test are never drawn.

    ## Episode End

    *Terminated*: all public tests pass (then the hidden tests decide), or `max_turns` responses were given. The turn
    limit is part of the task, so it never truncates. A problem without public tests runs to the turn limit.

    *Truncated*: the judge itself failed, for example because the machine ran out of memory. That is not a wrong
    answer: the reward is 0.0 and `info["has_verdict"]` is False, so that a learner can leave the episode out.

    ## Information

    | key | value |
    |---|---|
    | `problem_id`, `dataset` | the problem's id, and the label of its data set |
    | `turn` | number of responses so far |
    | `messages` | the whole chat as `{"role", "content"}` dicts; after the end it ends with the last response |
    | `verdict`, `category` | of the last response, e.g. `"runtime_error"`, `"IndexError"`; None after `reset`, or if there was no test to run |
    | `public` | the public tests that were run: `{"index", "verdict", "category"}` each; a failing one also has `input`, `expected`, `got` and `stderr`, if the feedback shows its content |
    | `has_verdict` | False only if the judge failed |
    | `isolation` | `"locked"`, or `"none"` |

    At the end of an episode `info` also has `private` and `generated` (like `public`; judging stops at the first
    failing test unless the reward needs all of them), `passed` and `total` (numbers of tests), `solved`, and `score`
    (points of the tests that were run; None if the problem has no points). The same seed and actions give an equal
    `info`.

    ## Arguments

    ```python
    env = gym.make("RLEF-CodeContests-v0", dataset="problems.jsonl", max_turns=5)
    ```

    * `dataset`: any name or path that `rlef_env.load_dataset` accepts: `"starter"`, the embedded set; a file, folder or
      pattern of files of any known format; a data set of the Hugging Face hub; or a `Dataset`. None is the starter set
      with a warning.
    * `split`: the part of the data set.
    * `max_turns`: responses per episode.
    * `feedback`: `"public"`: failing public tests. `"first"`: only the first of them, as contests show it. `"none"`:
      only the invitation to try again, and the episode runs to the turn limit. `"random"`: the failures of a wrong
      program on another problem. `"private"`: the first 20 tests of any kind take the place of the public ones, and up
      to 8 failures are shown. These three are the paper's ablations. `"verdict"`: only the numbers of the failing public tests and how they failed, without input, expected
      and observed output. An ablation of our own: models that read the expected output in the verdict were seen to
      stop testing their programs themselves.
    * `reward`: see above.
    * `prompt_cap`, `feedback_cap`: maximum lengths in tokens, None for no limit. The invitation to try again is never
      cut. `feedback_cap=None` also lifts the limit of 512 characters. Two limits then remain: the judge keeps
      4,096 characters of a failing test's output and of its errors, and an observation has at most 1,048,576.
    * `tokenizer`: any object with `encode(text)`; None counts four characters as a token.
    * `on_no_verdict`: `"truncate"`, or `"raise"` a `NoVerdictError` for learners that cannot leave an episode out; the
      same `step` may then be tried again.
    * `isolation`: `"locked"` refuses to run on a machine without the required protection; `"none"` runs programs
      unprotected.
    * `sampling`: how problems are drawn. `"uniform"`; `"difficulty"`, every difficulty equally often; `"curriculum"`,
      mostly problems that are sometimes solved and sometimes not; or a `ProblemSampler` (see
      `rlef_env.envs.ProblemSampler`).
    * `protocol`: `"chat"`: an action is a message with the program in backticks, and the prompt says so. `"tool"`: an
      action is the program itself, the argument of a tool; backticks around the whole of it are taken off, and the
      prompt does not speak of backticks.
    * `render_mode`: `"ansi"`: `render()` returns text. `"human"`: every `reset` and `step` prints it.
    * `judge`: a `Judge` or judge pool to share; it is not closed with the environment. `"shared"`: the pool that all environments of
      this process share by that name; unlike an object, a name can be stored, so that `env.spec.to_json()` works.
      None: a judge of its own.

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
        sampling: str | ProblemSampler = "uniform",
        render_mode: Literal["ansi", "human"] | None = None,
        judge: Judge | BaseJudgePool | Shared | None = None,
        protocol: ActionProtocol = "chat",
    ) -> None:
        one_of("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        check_shared("judge", judge, "Judge", "judge")
        self.config = EnvConfig(
            loaded(dataset, split),
            split=split,
            max_turns=max_turns,
            feedback=feedback,
            reward=reward,
            prompt_cap=prompt_cap,
            feedback_cap=feedback_cap,
            tokenizer=tokenizer,
            on_no_verdict=on_no_verdict,
            isolation=isolation if judge is None or judge == SHARED else judge.isolation,
            sampling=sampling,
            protocol=protocol,
        )
        self.dynamics = EpisodeDynamics(self.config)
        self._sampler = make_problem_sampler(sampling, self.dataset)
        self.render_mode = render_mode
        self.action_space = ProgramText(ACTION_LENGTH)
        self.observation_space = self.config.observation_space
        self._problem: Problem | None = None
        self._episode: Episode | None = None
        self._shared_judge: Judge | BaseJudgePool | Shared | None = judge
        self._own_judge: Judge | None = None
        self._judge_process = os.getpid()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: makes the problems from here on reproducible.
            options: ``{"problem_id": ...}`` chooses a problem by name. ``{"feedback_seed": ...}`` fixes the random
                feedback that is drawn.

        Raises:
            UsageError: the options are no dict, an option is unknown, or a problem has no tests.
            ProblemNotFound: no problem has that id.
        """
        super().reset(seed=seed)
        self._problem, self._episode = self.dynamics.begin(self.np_random, self._sampler, options)
        if self.render_mode == "human":
            self.render()
        return self.episode.prompt, self.dynamics.info(self._problem, self._episode)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Judge a response, and return its feedback and reward.

        Raises:
            ResetNeeded: there is no episode, or it has ended.
            InvalidAction: the action is not a text of the action space.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. The turn does not count.
            IsolationUnavailable: this machine lacks a layer of the lock.
        """
        if self._problem is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        problem, response, judge = self._problem, self.dynamics.read(action), self._judge()
        judgements = [judge.judge(job) for job in self.dynamics.jobs(problem, self.episode, response)]
        episode = self._episode = self.dynamics.advance(problem, self.episode, response, judgements)
        if episode.ended:
            self.dynamics.learn(self._sampler, episode)
        if self.render_mode == "human":
            self.render()
        turn = episode.turns[-1]
        return turn.feedback, turn.reward, episode.terminated, episode.truncated, self.dynamics.info(problem, episode)

    def render(self) -> str | None:
        """Return the state of the episode as text (``"ansi"``), or print it (``"human"``)."""
        if self.render_mode is None:
            logger.warn('render() shows nothing without a render mode; pass render_mode="ansi" or "human" to make()')
            return None
        text = episode_text(self.episode)
        if self.render_mode == "ansi":
            return text
        print(printable(text))
        return None

    def close(self) -> None:
        """Close the environment's own judge. Safe to call twice. A shared judge stays open."""
        if self._own_judge is not None and self._judge_process == os.getpid():
            self._own_judge.close()
        self._own_judge = None
        super().close()

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values: the generator, what the sampler has learned, the episode."""
        return {
            **header(self.dynamics, self._sampler),
            "sampler": self._sampler.state_dict(),
            "seed": self._np_random_seed,
            "rng": rng_to_state(self.np_random),
            "episode": episode_to_state(self._episode),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state, exactly as the environment that it came from would have.

        Raises:
            UsageError: the state is that of an environment with other problems or another configuration.
            DataError: the value is not a state.
        """

        def load(state: Mapping[str, Any]) -> None:
            rng, (problem, episode) = rng_from_state(state["rng"]), episode_from_state(self.dynamics, state["episode"])
            self._sampler.load_state_dict(state["sampler"])
            self._np_random, self._np_random_seed = rng, state["seed"]
            self._problem, self._episode = problem, episode

        checked(state, header(self.dynamics, self._sampler), load)

    @property
    def episode(self) -> Episode:
        """The episode so far, as a value that can be kept, written and replayed.

        Raises:
            ResetNeeded: there is no episode yet.
        """
        if self._episode is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        return self._episode

    @property
    def problem(self) -> Problem:
        """The problem of the episode, with all its tests: not for the agent's eyes.

        Raises:
            ResetNeeded: there is no episode yet.
        """
        if self._problem is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        return self._problem

    @property
    def dataset(self) -> Dataset:
        """The problems."""
        return self.config.dataset

    def _judge(self) -> Judge | BaseJudgePool:
        """Return the judge, started when first needed. A judge serves one process, so a forked one gets a new judge."""
        if self._judge_process != os.getpid():
            self._own_judge = None
            self._shared_judge = SHARED if self._shared_judge == SHARED else None
            self._judge_process = os.getpid()
        if self._shared_judge == SHARED:
            return shared_pool(self.config.isolation)
        if self._shared_judge is not None:
            return self._shared_judge
        if self._own_judge is None:
            self._own_judge = Judge(isolation=self.config.isolation)
        return self._own_judge
