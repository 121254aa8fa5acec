"""Verdicts that are known already, by content: the program, the tests, the limits, the checker, the interpreter.

Models repeat themselves: the same program comes again and again, for the same problem. A verdict that has to do with
time is not kept unless asked for, as it may differ from run to run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.judge.job import JudgeJob, needed_to_judge
from rlef_env.judge.judge import DEFAULT_TIME_SECONDS
from rlef_env.judge.judgement import Judgement, Verdict
from rlef_env.judge.pool.packing import from_json, to_json

__all__ = ["VerdictCache"]

NEAR_THE_LIMIT: Final = 0.5  # a share of the time limit: a run that takes more might go over it the next time
NEVER: Final = frozenset({Verdict.NO_VERDICT})
TIMED: Final = frozenset({Verdict.TIME_LIMIT, Verdict.OUTPUT_LIMIT, Verdict.MEMORY_LIMIT})


class VerdictCache:
    """Remembers judgements. Safe to use from several threads; a file may be shared by several processes.

    Args:
        size: how many judgements to remember; the oldest go first.
        path: a file to keep them in, too, made if it is not there; None keeps them in memory only.
        timed: remember verdicts that have to do with time or memory, as well.

    Raises:
        UsageError: the size is below 1, or the file is not one of these.
    """

    def __init__(self, size: int = 100_000, path: str | os.PathLike[str] | None = None, timed: bool = False) -> None:
        if type(size) is not int or size < 1:
            raise UsageError(f"size: expected a whole number of at least 1, got {size!r}")
        self.size, self.timed = size, timed
        self.hits = self.misses = 0
        self._lock = threading.Lock()
        self._memory: OrderedDict[bytes, str] = OrderedDict()
        self._file = None if path is None else _open(Path(path))

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def get(self, key: bytes) -> Judgement | None:
        """The judgement under a key, if it is known."""
        with self._lock:
            text = self._memory.get(key)
            if text is not None:
                self._memory.move_to_end(key)
            elif self._file is not None:
                with contextlib.suppress(sqlite3.Error):  # a damaged or locked file knows nothing
                    row = self._file.execute("SELECT judgement FROM judgements WHERE key = ?", (key,)).fetchone()
                    text = row and row[0]
            if text is None:
                self.misses += 1
                return None
            self.hits += 1
        return from_json(text)

    def put(self, key: bytes, job: JudgeJob, judgement: Judgement, time_factor: float = 1.0) -> None:
        """Remember a judgement, unless it is one that may differ the next time."""
        if not self._steady(job, judgement, time_factor):
            return
        text = to_json(judgement)
        with self._lock:
            self._memory[key] = text
            if len(self._memory) > self.size:
                self._memory.popitem(last=False)
            if self._file is not None:
                with contextlib.suppress(sqlite3.Error):  # a full disk, say: it is judged again where it is asked for
                    self._file.execute("INSERT OR REPLACE INTO judgements (key, judgement) VALUES (?, ?)", (key, text))
                    self._file.execute(
                        "DELETE FROM judgements WHERE place <= (SELECT max(place) FROM judgements) - ?", (self.size,)
                    )

    def _steady(self, job: JudgeJob, judgement: Judgement, time_factor: float) -> bool:
        verdicts = {judgement.verdict, *(result.verdict for result in judgement.results)}
        if verdicts & NEVER:
            return False
        limit = (job.problem.time_limit or DEFAULT_TIME_SECONDS) * time_factor
        slow = max(judgement.test_cpu_seconds, default=0.0) > NEAR_THE_LIMIT * limit
        return self.timed or not (slow or verdicts & TIMED)


def _open(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=60)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = OFF")  # a verdict lost with the power is judged again
        file.execute(
            "CREATE TABLE IF NOT EXISTS judgements (place INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE, "
            "judgement TEXT)"
        )
    except sqlite3.Error as error:
        raise UsageError(f"path: expected a file of cached verdicts or none yet, got {path} ({error})") from None
    return file


@cache
def own_version() -> str:
    """The version of this package; to look it up takes milliseconds, and a judgement that is known takes less."""
    return version("rlef-env")


def content_key(job: JudgeJob, tests: bytes, arguments: Mapping[str, Any]) -> bytes:
    """The key of a job.

    Args:
        job: the job.
        tests: digest of its problem, as ``content_of`` gives it.
        arguments: what its judge was made with; its own checkers do not count, as their verdicts are not kept.
    """
    parts = (
        job.program,
        (job.roles, job.stop_early, job.limit, job.offset, job.gate),
        sorted((item for item in arguments.items() if item[0] != "checkers"), key=str),
        sys.version,
        own_version(),
    )
    return hashlib.sha256(tests + repr(parts).encode("utf-8", "surrogatepass")).digest()


def content_of(job: JudgeJob) -> bytes:
    """A digest of all that a problem's verdicts depend on."""
    problem = job.problem
    digest = hashlib.sha256()
    for role, _, test in problem.tests():
        for text in (role, test.input, test.output):
            content = text.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "little") + content)
    rest = (problem.time_limit, problem.memory_limit, problem.checker, problem.function, problem.interactor)
    digest.update(
        repr((*rest, problem.grader, problem.groups, needed_to_judge(problem).solutions)).encode(
            "utf-8", "surrogatepass"
        )
    )
    return digest.digest()
