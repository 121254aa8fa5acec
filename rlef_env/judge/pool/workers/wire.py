"""Messages between a pool and its workers: pickled tuples over a socket, many of them in one system call.

Jobs and judgements are sent as plain tuples, which are pickled several times as fast as the objects.
"""

from __future__ import annotations

import contextlib
import pickle
import select
import socket
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judgement import Judgement, TestResult
from rlef_env.judge.points import GroupScore
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = [
    "SOCKET_BYTES",
    "Channel",
    "Frames",
    "JobTuple",
    "JudgementTuple",
    "frames",
    "job_from_tuple",
    "job_to_tuple",
    "judgement_from_tuple",
    "judgement_to_tuple",
    "num_bytes",
    "portable_error",
]

SOCKET_BYTES: Final = 64_000
"""Number of bytes that any socket takes while nobody reads them."""
HEADER: Final = struct.Struct("<Q")  # number of bytes that follow
CHUNK: Final = 1 << 16  # bytes
Message: TypeAlias = tuple[Any, ...]
Frames: TypeAlias = list[bytes]
"""Encoded messages: for each its length and its pickled content."""
JobTuple: TypeAlias = tuple[Any, ...]
"""A ``JudgeJob`` as plain values, with a key in place of its problem."""
JudgementTuple: TypeAlias = tuple[Any, ...]
"""A ``Judgement`` as plain values."""


def frames(*message: Any) -> Frames:
    """Encode a message. Raises whatever its items raise when they are pickled."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return [HEADER.pack(len(content)), content]


def num_bytes(encoded: Frames) -> int:
    """Return the number of bytes of encoded messages."""
    return sum(map(len, encoded))


def job_to_tuple(job: JudgeJob, key: int) -> JobTuple:
    """Return a job as plain values; the key, which comes first, stands for its problem."""
    program = job.program
    return key, program.source, program.language, job.roles, job.stop_early, job.limit, job.offset, job.gate


def job_from_tuple(values: JobTuple, problems: Mapping[int, Problem]) -> JudgeJob:
    """Return the job; ``problems`` maps keys to problems."""
    key, source, language, *options = values
    return JudgeJob(problems[key], Program(source, language), *options)


def judgement_to_tuple(judgement: Judgement) -> JudgementTuple:
    """Return a judgement as plain values; the last one only where the judge failed, as cached verdicts have none."""
    return (
        judgement.verdict,
        tuple(map(tuple, judgement.results)),
        judgement.total,
        judgement.category,
        judgement.isolation,
        tuple(map(tuple, judgement.groups)),
        judgement.test_cpu_seconds,
        judgement.test_peak_bytes,
        *([True] if judgement.judge_failed else []),
    )


def judgement_from_tuple(values: JudgementTuple) -> Judgement:
    """Return the judgement."""
    verdict, results, total, category, isolation, groups, cpu_seconds, peak_bytes, *judge_failed = values
    made = tuple([_shared_result(*result) for result in results])
    scores = tuple(map(GroupScore._make, groups))
    measured = tuple(cpu_seconds), tuple(peak_bytes)
    return Judgement(verdict, made, total, category, isolation, scores, *measured, bool(judge_failed))


@lru_cache(maxsize=1024)  # an entry takes a few kB at most, and 32 kB if all its text is in other scripts than Latin
def _shared_result(*values: Any) -> TestResult:
    """Return a result, the same object for equal values: most of the decoding time would go into creating results."""
    return TestResult._make(values)


def portable_error(error: Exception) -> Exception:
    """Return the error, or one with the same message that can be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception as reason:  # noqa: BLE001 - an error may define its own pickling
        return RuntimeError(f"{type(error).__name__}: {error} ({reason})")
    return error


class Channel:
    """One end of a connection. For one thread at a time.

    Args:
        descriptor: of a connected stream socket; ``close`` closes it.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._outgoing: Frames = []
        self._incoming = bytearray()

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._socket.fileno()

    def write(self, encoded: Iterable[bytes]) -> None:
        """Buffer frames; ``flush`` sends them."""
        self._outgoing += encoded

    def flush(self) -> None:
        """Send what was written. Blocks while the socket is full.

        Raises:
            OSError: the other end is closed.
        """
        if self._outgoing:
            content, self._outgoing = b"".join(self._outgoing), []
            self._socket.sendall(content)

    def readable(self) -> bool:
        """Return whether ``read`` would receive something, or raise ``EOFError``, without blocking."""
        return bool(self._poll.poll(0))

    def read(self) -> list[Message]:
        """Wait for a message and return it with all messages that arrived with it.

        Raises:
            OSError: the other end is closed.
            EOFError: the other end is closed.
        """
        incoming = self._incoming
        while True:
            received = self._socket.recv(CHUNK)
            if not received:
                raise EOFError
            incoming += received
            messages, start = [], 0
            while len(incoming) >= (content := start + HEADER.size):
                (size,) = HEADER.unpack_from(incoming, start)
                if len(incoming) < content + size:
                    break
                start = content + size
                messages.append(pickle.loads(memoryview(incoming)[content:start]))
            if messages:
                del incoming[:start]
                return messages

    def shut_down(self) -> None:
        """End the connection, so that both ends read what was sent before, and then ``EOFError``."""
        with contextlib.suppress(OSError):  # the other end is closed
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end. Safe to call twice."""
        self._socket.close()
