"""Appends episodes to a run folder. What was appended survives the end of the process, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final

from rlef_env.errors import UsageError
from rlef_env.runs.facts import ProblemFacts
from rlef_env.runs.folder import RunFolder, problem_line, whole_lines
from rlef_env.runs.record import EpisodeRecord, record_line
from rlef_env.runs.shards import seal

__all__ = ["EpisodeWriter"]

SHARD_EPISODES: Final = 4096
SHARD_BYTES: Final = 128 * 2**20

LARGE_BYTES: Final = 4 * 2**20
"""Files of this size are compressed by another process: a thread would hold up this one, which may be training."""

SEAL: Final = """
import os, sys, pathlib
os.nice(10)
from rlef_env.runs.shards import seal
seal(pathlib.Path(sys.argv[1]))
"""


class EpisodeWriter:
    """Appends episodes to a run; safe to use from several threads. One process at a time writes a part of a run.

    Each episode is one line, given to the operating system before ``append`` returns. Finished files are compressed in
    the background where pyarrow is installed; elsewhere they stay as they are.

    Args:
        run: the run.
        part: name of this process's part: letters and digits.
        compress: whether to compress finished files.
        shard_episodes: number of episodes of a file.

    Attributes:
        problem: why the last file could not be compressed; None if it could. It is read as it is.

    Raises:
        UsageError: another process writes this part.
        OSError: a file cannot be written.
    """

    def __init__(
        self, run: RunFolder, part: str = "main", compress: bool = True, shard_episodes: int = SHARD_EPISODES
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]+", part):
            raise UsageError(f"part: expected letters and digits, got {part!r}")
        run.episodes.mkdir(exist_ok=True)
        self.run, self.problem = run, None if compress else "compress is off"
        self._part, self._shard_episodes = part, shard_episodes
        self._lock = threading.Lock()
        self._locked: int | None = _lock_file(run, part)
        self._sealing = ThreadPoolExecutor(1, thread_name_prefix="run-writer") if _can_compress(compress) else None
        self._sealed: list[Future[None]] = []
        self._file: int | None = None
        self._size = self._count = 0
        names = [path.name for path in run.episodes.glob(f"{part}-*")]
        self._next = 1 + max((int(name.split("-")[1][:6]) for name in names if _NUMBERED.search(name)), default=-1)
        for path in sorted(run.episodes.glob(f"{part}-*.jsonl")):  # of a process that ended early
            self._seal_later(path.stem)
        self._known = set(run.problem_facts())

    def __enter__(self) -> EpisodeWriter:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the writer."""
        self.close()

    def append(self, record: EpisodeRecord, problem: ProblemFacts | None = None) -> None:
        """Append an episode.

        Args:
            record: the episode.
            problem: facts about its problem, if the run's file of problems may not have them yet.

        Raises:
            OSError: the disk is full or fails; nothing of the episode was appended.
            ValueError: a number of the episode is not finite.
        """
        line = record_line(record)
        with self._lock:
            if problem is not None and problem.problem_id not in self._known:
                _append(self.run.problems, problem_line(problem))
                self._known.add(problem.problem_id)
            if self._file is None:
                path = self.run.episodes / f"{self._part}-{self._next:06d}.jsonl"
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
                self._size = self._count = 0
            _write(self._file, line, self._size)
            self._size += len(line)
            self._count += 1
            if self._count >= self._shard_episodes or self._size >= SHARD_BYTES:
                self._finish_file(self._file)

    def close(self) -> None:
        """Compress what is left, and let other processes write. Safe to call twice."""
        with self._lock:
            if self._locked is None:
                return
            if self._file is not None:
                self._finish_file(self._file)
            if self._sealing is not None:
                self._sealing.shutdown()
            os.close(self._locked)
            self._locked = None

    def _finish_file(self, file: int) -> None:
        os.fsync(file)
        os.close(file)
        self._file = None
        self._seal_later(f"{self._part}-{self._next:06d}")
        self._next += 1

    def _seal_later(self, stem: str) -> None:
        if self._sealing is not None:
            self._sealed.append(self._sealing.submit(self._seal, stem))

    def _seal(self, stem: str) -> None:
        path = self.run.episodes / f"{stem}.jsonl"
        try:
            if path.with_suffix(".parquet").exists() or not whole_lines(path):
                path.unlink()  # a crash came between the two, or before the first line was whole
            elif path.stat().st_size >= LARGE_BYTES:
                seal_elsewhere(path)
            else:
                seal(path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the JSON lines stay and are read as they are
            self.problem = f"{path}: {error}"


def seal_elsewhere(path: Path) -> None:
    """Compress a file in a process of low priority.

    Raises:
        OSError: it failed; the message is the last line that it printed.
    """
    command = [sys.executable, "-c", SEAL, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True)
    if done.returncode:
        raise OSError(f"{path}: not compressed: {(done.stderr.strip().splitlines() or ['killed'])[-1]}")


_NUMBERED: Final = re.compile(r"-\d{6}\.")


def _can_compress(compress: bool) -> bool:
    if not compress:
        return False
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def _lock_file(run: RunFolder, part: str) -> int:
    handle = os.open(run.episodes / f".{part}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise UsageError(
            f"{run.path}: expected a run that no other process writes, but one does; wait for its end, or choose "
            "another folder"
        ) from None
    return handle


def _append(path: os.PathLike[str], line: bytes) -> None:
    """Append a line to a file that other processes may append to."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        _write(handle, line, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def _write(handle: int, line: bytes, size: int) -> None:
    """Append a line to a file of this size, whole or not at all."""
    left = memoryview(line)
    try:
        while left:
            left = left[os.write(handle, left) :]
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise
