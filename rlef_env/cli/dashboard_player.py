"""A person who plays in the page of ``rlef dashboard``: programs from a text field, episodes into the run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gymnasium.error import InvalidAction

from rlef_env.cli.play import as_response, ending, keeping
from rlef_env.envs import CodeEnv
from rlef_env.episodes.render import verdict_words
from rlef_env.errors import UsageError

__all__ = ["BrowserPlayer"]


class BrowserPlayer:
    """Plays one episode after the other. An episode goes into the run when it ends, or when the next one begins.

    It is called with ``{"do": "begin", "problem": ID or ""}`` or ``{"do": "answer", "program": TEXT}``, as
    ``rlef_env.analysis.report.Player``.

    Args:
        env: the environment.
        path: folder of the run.
    """

    def __init__(self, env: CodeEnv, path: Path) -> None:
        self._env, self._path = env, path
        self._episode = ExitStack()
        self._open = False
        # One thread for all: the sandbox belongs to the thread that started it, and those of a server end.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="player")

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Begin an episode, or answer in it.

        Raises:
            UsageError: nothing like it can be asked now.
        """
        return self._thread.submit(self._act, asked).result()

    def close(self) -> None:
        """Keep the episode that is open, and end."""
        self._thread.submit(self._end).result()
        self._thread.shutdown()

    def _act(self, asked: dict[str, Any]) -> dict[str, Any]:
        program = asked.get("program")
        if asked.get("do") == "begin":
            return self._begin(str(asked.get("problem") or ""))
        if asked.get("do") != "answer" or not isinstance(program, str) or not program.strip():
            raise UsageError("expected a program; write one first")
        if not self._open:
            raise UsageError("expected an episode that has not ended; begin another")
        return self._answer(program)

    def _begin(self, problem: str) -> dict[str, Any]:
        self._end()
        prompt, info = self._env.reset(options={"problem_id": problem} if problem else None)
        self._episode.enter_context(keeping(self._path, self._env))
        self._open = True
        return {"problem": info["problem_id"], "prompt": prompt, "turn": 1, "turns": self._env.config.max_turns}

    def _answer(self, program: str) -> dict[str, Any]:
        try:
            feedback, reward, terminated, truncated, info = self._env.step(as_response(program))
        except InvalidAction as error:
            raise UsageError(f"expected a valid program: {error}") from None
        turn = self._env.episode.turns[-1]
        ended = terminated or truncated
        answer = {
            "verdict": turn.judgement.verdict.value,
            "words": verdict_words(turn.judgement.verdict),
            "feedback": feedback,
            "reward": float(reward),
            "turn": info["turn"] + (not ended),
            "turns": self._env.config.max_turns,
            "ended": ending(self._env.episode) if ended else "",
        }
        if ended:
            self._end()
        return answer

    def _end(self) -> None:
        self._open = False
        self._episode.close()
