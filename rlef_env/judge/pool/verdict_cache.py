"""A cache of verdicts by content: the program, the tests, the limits, the checker and the interpreter.

Models repeat themselves: they send the same program for the same problem again and again. A verdict that depends on
time or memory may differ from run to run, so it is not stored by default.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
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
from rlef_env.judge.pool.workers.wire import judgement_from_tuple, judgement_to_tuple
from rlef_env.problems import Problem

__all__ = ["VerdictCache", "job_key", "problem_digest"]

NEAR_THE_LIMIT: Final = 0.5  # fraction of the time limit: a run that takes longer might exceed the limit the next time
RESOURCE_VERDICTS: Final = frozenset({Verdict.TIME_LIMIT, Verdict.OUTPUT_LIMIT, Verdict.MEMORY_LIMIT})


class VerdictCache:
    """Stores judgements. Safe to use from several threads; several processes may share its file.

    Args:
        size: maximum number of judgements; the oldest are dropped.
        path: SQLite file in which to store them, too, created if it does not exist; None: in memory only.
        timed: also store verdicts that depend on time or memory.

    Attributes:
        hits: number of lookups that found a judgement.
        misses: number of lookups that did not.

    Raises:
        UsageError: the size is below 1, or the file is not a verdict cache.
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
        """Return the judgement under a key; None if there is none."""
        with self._lock:
            text = self._memory.get(key)
            if text is not None:
                self._memory.move_to_end(key)
            elif self._file is not None:
                with contextlib.suppress(sqlite3.Error):  # a damaged or locked file has no entries
                    row = self._file.execute("SELECT judgement FROM judgements WHERE key = ?", (key,)).fetchone()
                    text = row and row[0]
            if text is None:
                self.misses += 1
                return None
            self.hits += 1
        return _from_json(text)

    def put(self, key: bytes, job: JudgeJob, judgement: Judgement, time_factor: float = 1.0) -> None:
        """Store a judgement, unless it may differ the next time.

        Args:
            key: of the job; see ``job_key``.
            job: what was judged.
            judgement: of the job.
            time_factor: by which the judge multiplied the time limit.
        """
        if not self._is_repeatable(job, judgement, time_factor):
            return
        text = json.dumps(judgement_to_tuple(judgement))
        with self._lock:
            self._memory[key] = text
            if len(self._memory) > self.size:
                self._memory.popitem(last=False)
            if self._file is not None:
                with contextlib.suppress(sqlite3.Error):  # such as a full disk: the job is judged again
                    self._file.execute("INSERT OR REPLACE INTO judgements (key, judgement) VALUES (?, ?)", (key, text))
                    self._file.execute(
                        "DELETE FROM judgements WHERE place <= (SELECT max(place) FROM judgements) - ?", (self.size,)
                    )

    def _is_repeatable(self, job: JudgeJob, judgement: Judgement, time_factor: float) -> bool:
        verdicts = {judgement.verdict, *(result.verdict for result in judgement.results)}
        if Verdict.NO_VERDICT in verdicts or judgement.judge_failed:
            return False
        if Verdict.COMPILE_ERROR in verdicts and job.program.language != "python":
            return False  # another version of the compiler, or more time or memory for it, may compile the program
        limit = (job.problem.time_limit or DEFAULT_TIME_SECONDS) * time_factor
        slow = max(judgement.test_cpu_seconds, default=0.0) > NEAR_THE_LIMIT * limit
        return self.timed or not (slow or verdicts & RESOURCE_VERDICTS)


def _open(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=60)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = OFF")  # after a power failure, lost verdicts are judged again
        file.execute(
            "CREATE TABLE IF NOT EXISTS judgements (place INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE, "
            "judgement TEXT)"
        )
    except sqlite3.Error as error:
        raise UsageError(f"path: expected a file of cached verdicts or no file, got {path} ({error})") from None
    return file


def _from_json(text: str) -> Judgement:
    verdict, results, *rest = json.loads(text)
    named = [(role, index, Verdict(name), *more) for role, index, name, *more in results]
    return judgement_from_tuple((Verdict(verdict), named, *rest))


@cache
def package_version() -> str:
    """Return the version of this package. The lookup takes milliseconds, more than a cached judgement."""
    return version("rlef-env")


def job_key(job: JudgeJob, digest: bytes, judge_arguments: Mapping[str, Any]) -> bytes:
    """Return the key of a job: a digest of everything that its verdict depends on.

    Args:
        job: the job.
        digest: ``problem_digest`` of its problem.
        judge_arguments: of its judge. Custom checkers are ignored, because their verdicts are not stored.
    """
    parts = (
        job.program,
        (job.roles, job.stop_early, job.limit, job.offset, job.gate),
        sorted((item for item in judge_arguments.items() if item[0] != "checkers"), key=str),
        sys.version,
        package_version(),
    )
    return hashlib.sha256(digest + repr(parts).encode("utf-8", "surrogatepass")).digest()


def problem_digest(problem: Problem) -> bytes:
    """Return a digest of everything in a problem that verdicts depend on."""
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
