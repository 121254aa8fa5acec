"""Rewards, tools and rollouts for TRL's ``GRPOTrainer``.

* ``reward`` judges single responses, many at the same time: a reward function.
* ``environment`` lets the model call a tool ``submit`` several times: an ``environment_factory``.
* ``rollout`` plays whole episodes as chats: a ``rollout_func``. Experimental, because TRL's own hook is.

Rows come from ``rlef_env.prompt_rows``. A reward of None, where the judge itself failed, is NaN in TRL: it is left out
of its group's baseline, and its advantage is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

from rlef_env.envs import Episodes, Play, prompt_rows, score_all
from rlef_env.envs.extract import ACTION_LENGTH
from rlef_env.envs.rewards import RewardSpec, make_reward
from rlef_env.episodes import Turn
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool
from rlef_env.problems import Dataset, load_dataset

__all__ = ["Environment", "environment", "reward", "rollout", "rollout_reward"]

Messages = list[dict[str, Any]]


def reward(
    dataset: str | Dataset, *, split: str = "train", reward: RewardSpec = "rlef", pool: BaseJudgePool | None = None
) -> Callable[..., list[float | None]]:
    """Return a reward function for rows with a ``problem_id``; it judges a batch on all workers.

    Args:
        dataset: as for ``CodeEnv``.
        split: as for ``CodeEnv``.
        reward: as for ``CodeEnv``.
        pool: a judge pool; None is the pool that this process shares.

    Raises:
        DataError: the data set cannot be read.
        UsageError: an argument has a value that is not supported.
    """
    problems = dataset if isinstance(dataset, Dataset) else load_dataset(dataset, split)
    function = make_reward(reward)

    def rlef_reward(
        completions: Sequence[str | Messages], problem_id: Sequence[str] | None = None, **_: object
    ) -> list[float | None]:
        if problem_id is None:
            raise UsageError(
                "reward: expected a column problem_id in train_dataset, as rlef_env.prompt_rows writes it, got none"
            )
        pairs = zip(problem_id, map(_response, completions), strict=True)
        return [each.reward for each in score_all(pairs, reward=function, pool=pool, dataset=problems)]

    return rlef_reward


def _response(completion: str | Messages) -> str:
    """Return the text of a completion: of a chat, the last message that the model wrote, also in blocks of content.

    A model must not be able to stop the training: a text that no environment accepts becomes one without a program.
    """
    if not isinstance(completion, str):
        completion = next(
            (each.get("content") or "" for each in reversed(completion) if each["role"] == "assistant"), ""
        )
    if not isinstance(completion, str):
        completion = "".join(block.get("text") or "" for block in completion)
    return completion.encode("utf-8", "replace").decode() if len(completion) <= ACTION_LENGTH else ""


# --- tools -----------------------------------------------------------------------------------------------------------


def environment(dataset: str | Dataset, **arguments: Any) -> Callable[[], Environment]:
    """Return an ``environment_factory``. All its environments share a judge pool.

    Args:
        dataset: as for ``Episodes``. With the name of a data set, the factory can be pickled.
        arguments: those of ``Episodes``: ``max_turns``, ``feedback``, ``reward``, ``pool``, ...

    Raises:
        DataError: the data set cannot be read.
        UsageError: an argument is unknown or has a value that is not supported.
    """
    return partial(Environment, _Shared(dataset, arguments))


class _Shared:
    """What the environments of a factory share. Pickled as its arguments, because threads and pools cannot be."""

    def __init__(self, dataset: str | Dataset, arguments: dict[str, Any]) -> None:
        self._arguments = dataset, arguments
        self.episodes = Episodes(dataset, **{"protocol": "tool", **arguments, "on_no_verdict": "truncate"})

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """Threads that wait for verdicts: enough to keep all workers busy."""
        return ThreadPoolExecutor(4 * self.episodes.pool.workers)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Shared, self._arguments


class Environment:
    """An episode in which the model calls a tool. TRL offers each public method but ``reset`` and ``get_reward``.

    ``environment`` makes it. The verdict of the last submission is only waited for in ``get_reward``, so that the
    judge works on many episodes at the same time.
    """

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._play: Play | None = None
        self._latest: Future[Turn] | None = None  # the judging of the latest program
        self._over = False

    def reset(self, problem_id: str | None = None, **row: object) -> None:
        """Start an episode. The prompt of the row is the prompt.

        Args:
            problem_id: the problem's id, a column of the data set.
            row: the other columns.
        """
        del row
        if problem_id is None:
            raise UsageError(
                "reset: expected a column problem_id in train_dataset, as rlef_env.prompt_rows writes it, got none; "
                "without it the rollouts of a group would answer different problems"
            )
        self._play, self._latest, self._over = self._shared.episodes.begin(problem_id), None, False

    def submit(self, code: str) -> str:
        """Run a program on the tests of the problem, and return what failed.

        Args:
            code: a whole program in Python.

        Returns:
            What failed, or that the episode is over.
        """
        play = self._begun()
        if self._over or play.ended:
            return "The episode is over. No further program is accepted."
        # The model's own fault, which TRL shows it as an error. Later it would be an error of get_reward.
        episodes = self._shared.episodes
        episodes.dynamics.read(code)
        self._over = episodes.dynamics.is_last(play.episode)
        self._latest = self._shared.threads.submit(play.respond, code)
        if self._over:
            return "This was the last program. The episode is over."
        self._over = self._latest.exception() is not None  # get_reward raises it; TRL would show it to the model
        return "The episode is over." if self._over or play.ended else self._latest.result().feedback

    def get_reward(self) -> float | None:
        """Return the sum of the rewards; None if the judge itself failed.

        A model that stops before the end of the episode gets what it would get for empty responses.
        """
        play = self._begun()
        if self._latest is not None:
            self._latest.result()
        while not play.ended:
            play.respond("")
        return play.total_reward

    def _begun(self) -> Play:
        if self._play is None:
            raise UsageError("expected reset(problem_id=...) first, got no episode")
        return self._play


# --- rollouts --------------------------------------------------------------------------------------------------------


def rollout(dataset: str | Dataset, **arguments: Any) -> Callable[[list[Messages], Any], dict[str, Any]]:
    """Return a ``rollout_func`` that plays episodes as chats; use it with ``reward_funcs=rollout_reward``.

    Experimental: it calls a private method of ``GRPOTrainer`` to generate. ``max_completion_length`` bounds each
    response. TRL gives prompts only, so the rows must have the prompts of ``prompt_rows`` with the same arguments.

    Args:
        dataset: as for ``Episodes``.
        arguments: those of ``Episodes``: ``max_turns``, ``feedback``, ``reward``, ``pool``, ...
    """
    episodes = Episodes(dataset, **arguments | {"on_no_verdict": "truncate"})
    prompts = {name: value for name, value in arguments.items() if name != "pool"}
    ids: dict[str, str] = {}
    for row in prompt_rows(episodes.dataset, **prompts):
        if ids.setdefault(row["prompt"][-1]["content"], row["problem_id"]) != row["problem_id"]:
            raise UsageError(f"rollout: expected one problem a prompt, got two like {row['problem_id']}; leave one out")

    def rlef_rollout(prompts: list[Messages], trainer: Any) -> dict[str, Any]:
        plays = [_begin(episodes, ids, prompt) for prompt in prompts]
        prompt_ids = [_tokens(trainer, messages) for messages in prompts]
        completions: list[list[int]] = [[] for _ in plays]
        masks: list[list[int]] = [[] for _ in plays]
        logprobs: list[list[float]] | None = [[] for _ in plays]
        while open_ := [number for number, play in enumerate(plays) if not play.ended]:
            contexts = [prompt_ids[number] + completions[number] for number in open_]
            written, sampled = trainer._generate_single_turn(contexts, None, {}, 1)
            texts = map(_response, trainer.processing_class.batch_decode(written, skip_special_tokens=True))
            with ThreadPoolExecutor(len(open_)) as threads:
                turns = list(threads.map(lambda number, text: plays[number].respond(text), open_, texts))
            for place, (number, turn) in enumerate(zip(open_, turns, strict=True)):
                ids_ = list(written[place])
                feedback = [] if plays[number].ended else _feedback_tokens(trainer, ids_, turn.feedback)
                completions[number] += ids_ + feedback
                masks[number] += [1] * len(ids_) + [0] * len(feedback)
                if logprobs is not None and sampled is not None:
                    logprobs[number] += [*sampled[place], *[0.0] * len(feedback)]
            logprobs = None if sampled is None else logprobs
        return {
            "prompt_ids": prompt_ids,
            "completion_ids": completions,
            "logprobs": logprobs,
            "env_mask": masks,
            "rlef_reward": [play.total_reward for play in plays],
            "problem_id": [play.problem.id for play in plays],
        }

    return rlef_rollout


def rollout_reward(completions: Sequence[object], rlef_reward: Sequence[float | None], **_: object) -> list[Any]:
    """Return the rewards of the episodes that ``rollout`` played; None where the judge itself failed."""
    del completions
    return list(rlef_reward)


def _begin(episodes: Episodes, ids: dict[str, str], prompt: Messages) -> Play:
    problem_id = ids.get(prompt[-1]["content"])
    if problem_id is None:
        raise UsageError(
            "rollout: expected the prompts of rlef_env.prompt_rows with the same arguments, got "
            f"{prompt[-1]['content']!r:.100}"
        )
    return episodes.begin(problem_id)


def _tokens(trainer: Any, messages: Messages) -> list[int]:
    template = trainer.processing_class.apply_chat_template
    return list(template(messages, add_generation_prompt=True, tokenize=True, return_dict=False))


def _feedback_tokens(trainer: Any, written: list[int], feedback: str) -> list[int]:
    """Return the tokens between a response and the next one: its end, the feedback, and the start of the next."""
    tokenizer, mark = trainer.processing_class, "RESPONSE-ENDS-HERE"
    chat = [{"role": "user", "content": "?"}, {"role": "assistant", "content": mark}]
    text = tokenizer.apply_chat_template(
        [*chat, {"role": "user", "content": feedback}], add_generation_prompt=True, tokenize=False
    )
    tokens = list(tokenizer(text.partition(mark)[2], add_special_tokens=False)["input_ids"])
    return tokens[1:] if written and tokens[:1] == written[-1:] else tokens
