"""verl: a reward function, an agent loop that plays whole episodes, and a tool.

* ``compute_score`` asks ``rlef serve`` for the verdict of a single response: a ``reward.custom_reward_function``.
* ``AgentLoop`` plays episodes with several responses as chats, and gives the sum of their rewards.
* ``SubmitTool`` lets the model run programs on the public tests; ``compute_score`` then scores the last of them.

Rows come from ``rlef problems export --for verl``. A verdict that stays lost after several attempts raises
``NoVerdictError``. ``AgentLoop`` and ``SubmitTool`` are subclasses of verl's classes, made when they are first used.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from rlef_env.envs import Episodes, Play
from rlef_env.envs.extract import read_response
from rlef_env.envs.rewards import RewardSpec, make_reward
from rlef_env.episodes import Turn
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.pool.http import HttpJudgePool, JudgeClient

__all__ = ["AgentLoop", "SubmitTool", "compute_score"]

if TYPE_CHECKING:
    AgentLoop: Any
    SubmitTool: Any

URL: Final = "RLEF_JUDGE_URL"
PROGRAM: Final = "rlef_program"  # under this name the tool hands the last program to compute_score
ATTEMPTS: Final = 3
PAUSE_SECONDS: float = 1.0  # before the second attempt; twice as long before the next


def compute_score(
    data_source: object,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, Any] | None = None,
    *,
    reward: RewardSpec = "rlef",
    url: str | None = None,
    seconds: float = 600.0,
    **_: object,
) -> dict[str, Any]:
    """Return the score of a response: the reward that ``score`` gives, from a server's verdict.

    Args:
        data_source: not used.
        solution_str: the response, which holds a program between triple backticks.
        ground_truth: not used; the server knows the tests.
        extra_info: ``problem_id`` and ``dataset`` of the row: the server was started with ``--dataset`` of that name.
        reward: as for ``CodeEnv``.
        url: address of ``rlef serve``; by default the environment variable ``RLEF_JUDGE_URL``.
        seconds: how long to ask for one judgement.

    Returns:
        ``score``, ``acc`` (1.0 if all tests pass, else 0.0) and ``verdict``.

    Raises:
        NoVerdictError: the judge failed, or was away for too long, in each of several attempts.
        UsageError: the row names no problem, or the server refuses the request.
    """
    del data_source, ground_truth
    info = extra_info or {}
    names = {"dataset": info.get("dataset"), "id": info.get("problem_id")}
    if not all(isinstance(name, str) and name for name in names.values()):
        raise UsageError(
            f"extra_info: expected problem_id and dataset, as rlef problems export --for verl writes them, got {names}"
        )
    function = make_reward(reward)
    submitted = info.get(PROGRAM)
    program = submitted if isinstance(submitted, str) else read_response(solution_str).program
    judgement = Judgement(Verdict.NO_PROGRAM)
    if program is not None:
        request = {**names, "program": program, "stop_early": reward == "rlef"}
        judgement = _asked(request, str(url or _url()), seconds, complete=function.run_all_tests)
    return {
        "score": function(Turn(solution_str, program, judgement), True),
        "acc": float(judgement.verdict is Verdict.ACCEPTED),
        "verdict": judgement.verdict.value,
    }


def _asked(request: Mapping[str, Any], url: str, seconds: float, complete: bool) -> Judgement:
    """Return a judgement that has a verdict; with ``complete``, one of every test."""
    client, end = _client(url, seconds), time.monotonic() + seconds
    for attempt in range(ATTEMPTS):
        judgement = client.judge(lambda left: json.dumps({**request, "timeout": left}).encode())
        verdicts = [judgement.verdict, *(result.verdict for result in judgement.results if complete)]
        if Verdict.NO_VERDICT not in verdicts:
            return judgement
        if attempt == ATTEMPTS - 1 or time.monotonic() > end:
            break
        time.sleep(PAUSE_SECONDS * 2**attempt)
    raise NoVerdictError(
        f"{request['id']!r}: expected a verdict, got none ({judgement.category}); this response must not be trained on"
    )


def _url() -> str:
    if not os.environ.get(URL):
        raise UsageError(f"expected {URL}=http://HOST:PORT, the address of rlef serve, in the environment, got none")
    return os.environ[URL]


@lru_cache(maxsize=8)
def _client(url: str, seconds: float) -> JudgeClient:
    return JudgeClient(url, seconds=seconds)


# --- several responses -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _pool(url: str | None) -> HttpJudgePool | None:
    return HttpJudgePool(url) if url else None  # None: the pool that this process shares


@lru_cache(maxsize=16)
def _episodes(dataset: str, split: str, arguments: str) -> Episodes:
    """Return the episodes of a data set: verl makes an agent loop for each of them."""
    return Episodes(
        dataset, split=split, pool=_pool(os.environ.get(URL)), **json.loads(arguments), on_no_verdict="raise"
    )


def _begun(row: Mapping[str, Any], arguments: Mapping[str, Any]) -> Play:
    if not row.get("problem_id") or not row.get("dataset"):
        raise UsageError("expected rows of rlef problems export --for verl, got one without problem_id and dataset")
    episodes = _episodes(row["dataset"], row.get("split") or "train", json.dumps(arguments, sort_keys=True))
    return episodes.begin(row["problem_id"])


async def _responded(play: Play, text: str) -> Turn:
    """Judge a response, several times if the judge fails.

    Raises:
        NoVerdictError: it failed each time.
    """
    for attempt in range(ATTEMPTS):
        try:
            return await play.respond_async(text)
        except NoVerdictError:  # noqa: PERF203 - the turn does not count
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
    raise AssertionError


def _make_agent_loop() -> type:
    from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopOutput

    class AgentLoop(AgentLoopBase):  # type: ignore[misc]
        """Plays an episode as a chat. ``arguments`` are those of ``Episodes``: ``max_turns``, ``feedback``, ..."""

        def __init__(self, *args: Any, arguments: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            from omegaconf import OmegaConf

            self.arguments: Any = OmegaConf.to_container(OmegaConf.create(arguments or {}), resolve=True)

        async def run(self, sampling_params: dict[str, Any], **row: Any) -> Any:
            """Return the tokens, their mask (1 = written by the model) and the sum of the rewards."""
            play = await asyncio.to_thread(_begun, row["extra_info"], self.arguments)
            limit, request_id = self.rollout_config.response_length, uuid4().hex
            messages = [dict(message) for message in row["raw_prompt"]]
            tokens = await self.ct_build_initial_tokens(messages)
            mask: list[int] = []
            logprobs: list[float] | None = None
            extra: dict[str, Any] = {}
            metrics = {"generate_sequences": 0.0, "tool_calls": 0.0}
            while len(mask) < limit:
                start = time.monotonic()
                output = await self.server_manager.generate(
                    request_id=request_id, prompt_ids=tokens, sampling_params=sampling_params
                )
                metrics["generate_sequences"] += time.monotonic() - start
                extra = {**output.extra_fields, **extra}
                written = output.token_ids[: limit - len(mask)]  # what is not trained on is not judged
                scored = output.log_probs[: len(written)] if output.log_probs else None
                known = logprobs if logprobs or not scored else [0.0] * len(mask)
                merged, mask, logprobs = await self.ct_merge_assistant_token(
                    tokens, written, mask, known, assistant_logprobs=scored
                )
                tokens = merged.token_ids
                text = self.tokenizer.decode(written, skip_special_tokens=True)
                start = time.monotonic()
                turn = await _responded(play, text)
                metrics["tool_calls"] += time.monotonic() - start
                if play.ended:
                    break
                answered = [*messages, {"role": "assistant", "content": text}]
                messages = [*answered, {"role": "user", "content": turn.feedback}]
                merged, longer, padded = await self.ct_merge_context_msg(answered, messages, tokens, mask, logprobs)
                if len(longer) >= limit:
                    break
                tokens, mask, logprobs = merged.token_ids, longer, padded
            while not play.ended:  # no room for another response: as if the others were empty
                await _responded(play, "")
            first = len(tokens) - len(mask)
            return AgentLoopOutput(
                prompt_ids=tokens[:first],
                response_ids=tokens[first:][:limit],
                response_mask=mask[:limit],
                response_logprobs=logprobs[:limit] if logprobs else None,
                reward_score=play.total_reward,
                num_turns=2 * len(play.episode.turns),
                metrics=metrics,
                extra_fields={
                    **extra,
                    "turn_scores": [turn.reward for turn in play.episode.turns],
                    "tool_rewards": [],
                    "reward_extra_info": {"acc": float(play.episode.solved)},
                },
            )

    return AgentLoop


def _make_submit_tool() -> type:
    from verl.tools.base_tool import BaseTool
    from verl.tools.schemas import OpenAIFunctionToolSchema, ToolResponse

    class SubmitTool(BaseTool):  # type: ignore[misc]
        """Runs a program on the public tests and says what failed. It gives no reward: ``compute_score`` does."""

        def __init__(self, config: dict[str, Any], tool_schema: Any = None) -> None:
            self.arguments = {**config.get("arguments", {}), "protocol": "tool", "max_turns": 2}
            self.rows: dict[str, Mapping[str, Any]] = {}
            code = {"type": "string", "description": "A whole program in Python."}
            function = {
                "name": "submit",
                "description": "Run a program on the tests of the problem, and return what failed.",
                "parameters": {"type": "object", "properties": {"code": code}, "required": ["code"]},
            }
            super().__init__(
                config,
                tool_schema or OpenAIFunctionToolSchema.model_validate({"type": "function", "function": function}),
            )

        async def create(self, instance_id: str | None = None, **kwargs: Any) -> tuple[str, Any]:
            """Note the problem of the row: ``extra_info.tools_kwargs.submit.create_kwargs``."""
            name = instance_id or uuid4().hex
            self.rows[name] = kwargs.get("create_kwargs") or {}
            return name, ToolResponse()

        async def execute(self, instance_id: str, parameters: dict[str, Any], **kwargs: Any) -> tuple[Any, float, Any]:
            """Return what failed. An exception becomes a text that the model sees; it decides no reward."""
            code = parameters.get("code")
            if not isinstance(code, str):
                return ToolResponse(text="Expected the argument code, a whole program as a text."), 0.0, {}
            kwargs["agent_data"].extra_fields[PROGRAM] = code  # first: a lost verdict must not leave an older one
            play = await asyncio.to_thread(_begun, self.rows[instance_id], self.arguments)
            turn = await _responded(play, code)
            return ToolResponse(text="All of these tests pass." if play.ended else turn.feedback), 0.0, {}

        async def release(self, instance_id: str, **_: Any) -> None:
            """Forget the problem."""
            self.rows.pop(instance_id, None)

    return SubmitTool


_MAKERS: Final = {"AgentLoop": _make_agent_loop, "SubmitTool": _make_submit_tool}


def __getattr__(name: str) -> Any:
    """Make a subclass of a class of verl when it is first used."""
    if name not in _MAKERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        made = _MAKERS[name]()
    except ModuleNotFoundError as error:
        raise UsageError(f"{name}: expected verl, got no module {error.name!r}; pip install verl") from None
    made.__module__, made.__qualname__ = __name__, name
    globals()[name] = made
    return made
