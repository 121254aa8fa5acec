"""A resources server for NeMo Gym: a rollout is one response, judged on all tests.

A row names its problem in ``verifier_metadata``, as ``rlef problems export --for nemo-gym`` writes it. Judging keeps no
state, so NeMo Gym may judge stored rollouts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlef_env.envs import score_async
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import BaseJudgePool

__all__ = ["response_text", "server_class", "verify_row"]


def response_text(response: Mapping[str, Any]) -> str:
    """Return the text that the model wrote last in a response of OpenAI's Responses API, without its thoughts."""
    messages = [item for item in response.get("output") or () if item.get("type") == "message"]
    if not messages or messages[-1].get("role") != "assistant":
        return ""
    parts = messages[-1].get("content") or ()
    if isinstance(parts, str):
        return parts
    return "".join(part.get("text") or "" for part in parts if part.get("type") == "output_text")


async def verify_row(row: Mapping[str, Any], *, pool: BaseJudgePool | None = None) -> dict[str, Any]:
    """Judge the response of a row, the body of ``/verify``, and return the fields that the answer adds to it.

    Args:
        row: ``response`` and ``verifier_metadata`` with ``problem_id``, ``dataset`` and ``split``.
        pool: a judge pool; None is the pool that this process shares.

    Raises:
        NoVerdictError: the judge itself failed; nothing is known about the response.
        UsageError: the row names no problem.
        ProblemNotFound: the data set has no such problem.
    """
    metadata = row.get("verifier_metadata") or {}
    missing = [name for name in ("problem_id", "dataset") if not metadata.get(name)]
    if missing:
        raise UsageError(
            f"verifier_metadata: expected {' and '.join(missing)}, as rlef problems export --for nemo-gym writes them, "
            f"got {sorted(metadata)}"
        )
    scored = await score_async(
        metadata["problem_id"],
        response_text(row["response"]),
        dataset=metadata["dataset"],
        split=metadata.get("split") or "train",
        pool=pool,
    )
    judgement = scored.judgement
    if scored.reward is None:
        raise NoVerdictError(f"{metadata['problem_id']}: the judge failed ({judgement.category or 'no reason given'})")
    return {"reward": scored.reward, "solved": float(scored.solved), "verdict": judgement.verdict.value}


def server_class() -> Any:
    """Return the subclass of NeMo Gym's ``SimpleResourcesServer``.

    Where the judge fails it raises NeMo Gym's ``JudgeError``: the answer is then masked, with ``failure_kind``
    ``judge_failed``.

    Raises:
        ImportError: nemo-gym is not installed.
    """
    try:
        from nemo_gym import base_resources_server as base
        from nemo_gym.judge import JudgeError
    except ModuleNotFoundError as error:
        if error.name != "nemo_gym":
            raise
        raise ImportError(f"{__name__}: expected nemo-gym to be installed; pip install nemo-gym") from None

    class RlefConfig(base.BaseResourcesServerConfig):  # type: ignore[misc]
        REVERIFY_MODE = base.ReverifyMode.STATELESS

    class RlefRequest(base.BaseVerifyRequest):  # type: ignore[misc]
        verifier_metadata: dict[str, Any] | None = None

    class RlefResponse(base.BaseVerifyResponse):  # type: ignore[misc]
        verifier_metadata: dict[str, Any] | None = None
        solved: float
        verdict: str

    async def verify(self: Any, body: Any) -> Any:
        del self
        row = body.model_dump()
        try:
            return RlefResponse(**row, **await verify_row(row))
        except NoVerdictError as error:
            raise JudgeError(str(error)) from error

    # FastAPI reads the types of the body and the answer here; they exist only in this function.
    verify.__annotations__ = {"body": RlefRequest, "return": RlefResponse}
    members = {"__annotations__": {"config": RlefConfig}, "__module__": __name__, "verify": verify}
    return type(base.SimpleResourcesServer)("RlefResourcesServer", (base.SimpleResourcesServer,), members)
