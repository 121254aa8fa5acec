"""An OpenEnv server and its client: a WebSocket session plays one episode after the other.

``create_app`` makes the server, ``RlefClient`` talks to it. A step's reward is the reward of the turn, so the sum over
an episode is the reward of ``CodeEnv``. It is None where the judge itself failed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from gymnasium.error import Error, ResetNeeded

from rlef_env.envs import Episodes, Play
from rlef_env.envs.arguments import at_least
from rlef_env.envs.extract import extract_program, fenced
from rlef_env.errors import RLEFError, UsageError
from rlef_env.judge import BaseJudgePool
from rlef_env.problems import Dataset

try:
    from fastapi.responses import JSONResponse
    from openenv.core import EnvClient
    from openenv.core.client_types import StepResult
    from openenv.core.env_server import http_server
    from openenv.core.env_server.interfaces import Environment
    from openenv.core.env_server.types import Action, EnvironmentMetadata, Observation, State
    from pydantic import BeforeValidator, Field
except ImportError:
    raise ImportError(f"{__name__}: expected OpenEnv to be installed; pip install openenv") from None

__all__ = ["RlefAction", "RlefClient", "RlefEnvironment", "RlefObservation", "RlefState", "create_app"]

RESET_ARGUMENTS: Final = "seed, episode_id, problem_id, split, index"


def _text(value: object) -> str:
    """Return a program as a text: verifiers' bridge sends a program that is also JSON, such as ``42``, as its value."""
    return value if isinstance(value, str) else json.dumps(value)


class RlefAction(Action):  # type: ignore[misc]
    """A model's response, or a program alone."""

    program: Annotated[str, BeforeValidator(_text)] = Field(
        description="A whole program: alone, or between triple backticks in a response."
    )


class RlefObservation(Observation):  # type: ignore[misc]
    """What a model reads next, and the facts of the episode so far. ``reward`` is None iff there is no verdict."""

    text: str = Field(description="The prompt or the feedback.")
    problem_id: str
    turn: int = Field(description="Number of responses so far.")
    verdict: str | None = Field(default=None, description="Verdict of the latest response; None before it.")
    has_verdict: bool = Field(default=True, description="False: the judge itself failed. Leave the episode out.")
    truncated: bool = Field(default=False, description="Whether the episode ended because the judge itself failed.")
    solved: bool = Field(default=False, description="Whether the latest program passed all tests.")


class RlefState(State):  # type: ignore[misc]
    """The episode's id and number of steps, and its problem."""

    problem_id: str | None = None


class RlefEnvironment(Environment):  # type: ignore[misc]
    """The environment of a session. ``create_app`` makes one for each.

    Args:
        splits: the episodes of each split; the first one is played if ``reset`` names none.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, splits: Mapping[str, Episodes]) -> None:
        super().__init__()
        self._splits = splits
        self._play: Play | None = None
        self._episode_id: str | None = None

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        problem_id: str | None = None,
        split: str | None = None,
        index: int | None = None,
        **unknown: object,
    ) -> RlefObservation:
        """Start an episode.

        Args:
            seed: decides which problem is drawn.
            episode_id: a name for the episode; None makes one.
            problem_id: the problem; None draws one.
            split: the split; None is the first one.
            index: the number of a task of the split, in place of ``problem_id``.
            unknown: refused.

        Raises:
            UsageError: an argument is unknown or has a value that is not supported.
            ProblemNotFound: no problem has this id.
        """
        self._play = None
        if unknown:
            raise UsageError(f"reset: expected {RESET_ARGUMENTS}, got {', '.join(sorted(unknown))}; check the spelling")
        split = next(iter(self._splits)) if split is None else split
        if index is not None:
            if problem_id is not None:
                raise UsageError("reset: expected problem_id or index, got both; leave one out")
            problem_id = self.get_task(split, index)["problem_id"]
        self._play = self._episodes(split).begin(problem_id, seed)
        self._episode_id = str(uuid.uuid4()) if episode_id is None else episode_id
        return _observation(self._play)

    def step(self, action: RlefAction, timeout_s: float | None = None, **_: object) -> RlefObservation:
        """Judge a response. The limits of the judge hold, whatever ``timeout_s`` says.

        Raises:
            ResetNeeded: there is no episode, or it has ended.
            InvalidAction: the response is longer than 1,048,576 characters.
            NoVerdictError: the judge failed, with ``on_no_verdict="raise"``. Send the same step again.
        """
        del timeout_s
        play = self._begun()
        play.respond(_response(action.program))
        return _observation(play)

    async def step_async(self, action: RlefAction, timeout_s: float | None = None, **_: object) -> RlefObservation:
        """Judge a response like ``step``, while other sessions go on."""
        del timeout_s
        play = self._begun()
        await play.respond_async(_response(action.program))
        return _observation(play)

    @property
    def state(self) -> RlefState:
        """The episode's id and number of steps, and its problem."""
        if self._play is None:
            return RlefState()
        episode = self._play.episode
        return RlefState(episode_id=self._episode_id, step_count=len(episode.turns), problem_id=episode.problem_id)

    def get_metadata(self) -> EnvironmentMetadata:
        """Return the name and a description."""
        return EnvironmentMetadata(
            name="rlef", description="A coding problem is an episode, a whole program is an action.", version="0.1.0"
        )

    def list_splits(self) -> list[str]:
        """Return the names of the splits."""
        return list(self._splits)

    def num_tasks(self, split: str) -> int:
        """Return the number of problems with a test."""
        return len(self._episodes(split).dataset.tested)

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """Return ``{"problem_id", "split", "index"}`` of a problem with a test."""
        count = self.num_tasks(split)
        if type(index) is not int or not 0 <= index < count:  # True is no number
            raise UsageError(f"index: expected a number from 0 to {count - 1} in split {split!r}, got {index!r}")
        return self.get_task_range(split, index, index + 1)[0]

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[dict[str, Any]]:
        """Return the tasks of a slice."""
        dataset = self._episodes(split).dataset
        numbers = range(len(dataset.tested))[start:stop]
        return [{"problem_id": dataset.ids[dataset.tested[n]], "split": split, "index": n} for n in numbers]

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """Return all tasks of a split."""
        return self.get_task_range(split)

    def _episodes(self, split: str) -> Episodes:
        if split not in self._splits:
            raise UsageError(f"split: expected one of {', '.join(map(repr, self._splits))}, got {split!r}")
        return self._splits[split]

    def _begun(self) -> Play:
        if self._play is None:
            raise ResetNeeded(
                "step: expected an episode, got none; call reset first, in the same session of the WebSocket /ws: "
                "each POST has an environment of its own"
            )
        if self._play.ended:
            raise ResetNeeded("step: the episode has ended; call reset to start the next one")
        return self._play


def _response(program: str) -> str:
    """Return an action as a response: callers such as verifiers' bridge take the backticks off some responses."""
    return program if extract_program(program) is not None else fenced(program)


def _observation(play: Play) -> RlefObservation:
    episode, info = play.episode, play.info
    latest = episode.turns[-1] if episode.turns else None
    return RlefObservation(
        text=episode.prompt if latest is None else latest.feedback,
        problem_id=episode.problem_id,
        turn=len(episode.turns),
        verdict=info["verdict"],
        has_verdict=info["has_verdict"],
        truncated=episode.truncated,
        solved=episode.solved,
        done=episode.ended,
        reward=None if latest is None or episode.truncated else latest.reward,
    )


def create_app(
    dataset: str | Dataset = "starter",
    *,
    splits: Sequence[str] = ("train",),
    sessions: int = 64,
    pool: BaseJudgePool | None = None,
    **arguments: Any,
) -> Any:
    """Return the server as an ASGI application, for one process: ``uvicorn server.app:app`` without ``--workers``.

    Args:
        dataset: as for ``CodeEnv``.
        splits: the splits to serve.
        sessions: the largest number of sessions at the same time; one more is refused.
        pool: a judge pool; None is the pool that this process shares.
        arguments: the other arguments of ``CodeEnv``: ``max_turns``, ``feedback``, ``reward``, ``on_no_verdict``, ...

    Raises:
        UsageError: an argument is unknown or has a value that is not supported.
        DataError: the data set cannot be read.
    """
    at_least("sessions", sessions, 1)
    if isinstance(splits, str) or not splits:
        raise UsageError(f"splits: expected a list of names such as ['train'], got {splits!r}")
    episodes = {split: Episodes(dataset, pool=pool, split=split, **arguments) for split in splits}
    app = http_server.create_app(
        partial(RlefEnvironment, episodes),
        RlefAction,
        RlefObservation,
        env_name="rlef",
        max_concurrent_envs=sessions,
        state_cls=RlefState,
    )
    for error in (RLEFError, Error):
        app.add_exception_handler(error, _refused)
    return app


async def _refused(_: object, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=400)


class RlefClient(EnvClient):  # type: ignore[misc]
    """A client of the server, for one session. ``.sync()`` has the same methods without ``await``.

    Args:
        base_url: the address of the server, e.g. ``"http://127.0.0.1:8000"``.
        message_timeout_s: seconds to wait for an answer. Many sessions wait for few workers, so OpenEnv's 60 are short.
        arguments: the other arguments of OpenEnv's ``EnvClient``.
    """

    def __init__(self, base_url: str | None = None, *, message_timeout_s: float = 600.0, **arguments: Any) -> None:
        super().__init__(base_url, message_timeout_s=message_timeout_s, **arguments)

    def _step_payload(self, action: RlefAction) -> dict[str, Any]:
        return {"program": action.program}

    def _parse_result(self, payload: Mapping[str, Any]) -> StepResult:
        reward, done = payload.get("reward"), payload.get("done", False)
        return StepResult(RlefObservation(**payload["observation"], reward=reward, done=done), reward, done)

    def _parse_state(self, payload: Mapping[str, Any]) -> RlefState:
        return RlefState(**payload)
