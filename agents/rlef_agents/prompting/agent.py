"""The agent that carries out the steps of a baseline with a model and the judge, and counts what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from rlef_agents.prompting.steps import Ask, Steps, answer_of
from rlef_env.agents import Agent, Conversation, SampledText, checked_responses
from rlef_env.envs import shared_pool
from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, Verdict

__all__ = ["PromptingAgent"]


class PromptingAgent:
    """Answers with a baseline that asks a model.

    All conversations of a call advance side by side: the model gets the chats of all that wait for it in one call,
    while the judge runs the programs of the others.

    A response's ``prompt_tokens`` and ``completion_tokens`` are those of all answers that it took, also of those that
    are no part of it; None where one of them is unknown. Its ``values`` are ``model_calls``, the number of these
    answers, and ``executions``, the number of runs of a program on a test that the baseline asked for.

    Args:
        model: agent that answers chats.
        baseline: returns the steps that lead to the response to a conversation.
        settings: what decides the responses, beside the model, as plain JSON values.
        pool: judges; None is the pool that this process shares, whose programs are always locked in.

    Attributes:
        concurrent: whether ``act`` may be called from several threads, as for the model.
        settings: the settings, with those of the model.
        token_prices: those of the model.
    """

    def __init__(
        self,
        model: Agent,
        baseline: Callable[[Conversation], Steps[str]],
        settings: Mapping[str, Any] | None = None,
        pool: BaseJudgePool | None = None,
    ) -> None:
        self._model, self._baseline, self._pool = model, baseline, pool
        self.concurrent = bool(getattr(model, "concurrent", False))
        self.settings = {**(settings or {}), "model": dict(getattr(model, "settings", {}))}
        self.token_prices = getattr(model, "token_prices", None)

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Raises:
            RuntimeError: the judge failed on a program of the baseline.
        """
        started = [_Started(each, self._baseline(each)) for each in conversations]
        running = [each for each in started if each.go_on(None)]
        while running:
            judged = [(each, self._submit(each.wanted)) for each in running if isinstance(each.wanted, JudgeJob)]
            asking = [each for each in running if isinstance(each.wanted, Ask)]
            answers = self._answers([each.chat() for each in asking])
            goes_on = [each.go_on(answer) for each, answer in zip(asking, answers, strict=True)]
            goes_on += [each.go_on(_decided(future.result())) for each, future in judged]
            running = [
                each for each, more in zip([*asking, *(each for each, _ in judged)], goes_on, strict=True) if more
            ]
        return [each.response() for each in started]

    def _answers(self, chats: list[Conversation]) -> list[SampledText]:
        if not chats:
            return []
        return list(map(answer_of, checked_responses(self._model.act(chats), len(chats))))

    def _submit(self, job: JudgeJob) -> Future[Judgement]:
        return (self._pool or shared_pool()).submit(job)


@dataclass
class _Started:
    """A response that a baseline works on.

    Attributes:
        conversation: the conversation.
        steps: the baseline's steps.
        wanted: what it waits for; its response when it has ended.
        tokens: numbers of tokens read and written, of each answer.
        values: numbers of other things.
    """

    conversation: Conversation
    steps: Steps[str]
    wanted: Any = None
    tokens: list[tuple[int | None, int | None]] = field(default_factory=list)
    values: Counter[str] = field(default_factory=lambda: Counter({"model_calls": 0, "executions": 0}))

    def chat(self) -> Conversation:
        """Return what the model has to answer, with a seed of its own."""
        seed = Random(f"{self.conversation.seed} {self.wanted.purpose}").getrandbits(31)
        return replace(self.conversation, messages=self.wanted.messages, seed=seed)

    def go_on(self, result: SampledText | Judgement | None) -> bool:
        """Count a result and go on with it; return whether the baseline wants something more."""
        if isinstance(result, SampledText):
            self.tokens.append((result.prompt_tokens, result.completion_tokens))
            self.values.update({"model_calls": 1, **result.values})
        elif isinstance(result, Judgement):
            self.values["executions"] += len(result.results)
        try:
            self.wanted = self.steps.send(result)  # type: ignore[arg-type]  # None starts it
        except StopIteration as end:
            self.wanted = end.value
            return False
        return True

    def response(self) -> SampledText:
        """Return the response with what it took."""
        read, written = (_sum([pair[part] for pair in self.tokens]) for part in (0, 1))
        return SampledText(self.wanted, read, written, dict(self.values))


def _decided(judgement: Judgement) -> Judgement:
    """Return a judgement, unless the judge itself failed: that says nothing about the program."""
    if judgement.verdict is Verdict.NO_VERDICT:
        raise RuntimeError(f"a program of the baseline: expected a verdict, got none ({judgement.category})")
    return judgement


def _sum(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)
