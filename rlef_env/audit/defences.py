"""What held an attack, worked out from its verdict and from the last words of the interpreter."""

from __future__ import annotations

import errno
import re

from rlef_env.judge import Judgement, TestResult, Verdict

__all__ = ["DEFENCES", "held_by"]

DEFENCES = {
    "seccomp": "the system call was refused, or ended the program",
    "file walls": "Landlock, seccomp and the private root: no file but the library, none of them writable",
    "rlimits": "the program's own bounds: open files, threads, address space, file size",
    "time limit": "killed when its CPU time or its idle time was over",
    "memory limit": "killed, or refused memory, for touching too much",
    "output limit": "killed for printing too much",
    "compiler": "it never ran",
    "comparison": "it ran to its end, and its output is not the answer",
    "its own end": "it ended itself: an exception, an exit status or a signal, which is a runtime error",
    "nothing": "a test was passed, or no verdict was had",
}
"""What may hold an attack -> what that means."""

BY_VERDICT = {
    Verdict.SECURITY_VIOLATION: "seccomp",
    Verdict.TIME_LIMIT: "time limit",
    Verdict.MEMORY_LIMIT: "memory limit",
    Verdict.OUTPUT_LIMIT: "output limit",
    Verdict.COMPILE_ERROR: "compiler",
    Verdict.WRONG_ANSWER: "comparison",
    Verdict.ACCEPTED: "nothing",
    Verdict.NO_VERDICT: "nothing",
}
BY_ERRNO = {
    **dict.fromkeys((errno.EPERM, errno.ENOSYS, errno.EACCES), "seccomp"),
    **dict.fromkeys((errno.ENOENT, errno.EROFS, errno.ENOTDIR, errno.ENXIO), "file walls"),
    **dict.fromkeys((errno.EMFILE, errno.EAGAIN, errno.EFBIG, errno.ENOMEM, errno.ETOOMANYREFS), "rlimits"),
}
SYSTEM_ERROR = re.compile(r"^[\w.]*(?:Error|error): \[Errno (\d+)\][^\n]*?(?:: ('[^\n]*'|\"[^\n]*\"))?$", re.MULTILINE)


def held_by(judgement: Judgement) -> tuple[str, ...]:
    """What held it on any test: keys of ``DEFENCES``, each once, in the tests' order."""
    return tuple(dict.fromkeys(map(_holder, judgement.results)))


def _holder(result: TestResult) -> str:
    if result.verdict in BY_VERDICT:
        return BY_VERDICT[result.verdict]
    if result.category in ("SIGXFSZ", "SIGXCPU"):
        return "rlimits"
    if result.category in ("ModuleNotFoundError", "ImportError"):
        return "file walls"
    if result.category == "RuntimeError" and "can't start new thread" in result.stderr:
        return "rlimits"
    if errors := SYSTEM_ERROR.findall(result.stderr):
        number, path = errors[-1]
        holder = BY_ERRNO.get(int(number), "its own end")
        return "file walls" if holder == "seccomp" and path else holder
    return "its own end"
