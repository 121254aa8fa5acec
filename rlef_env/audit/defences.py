"""Which defence stopped an attack, inferred from its verdict and from the interpreter's last error message."""

from __future__ import annotations

import errno
import re

from rlef_env.judge import Judgement, TestResult, Verdict

__all__ = ["DEFENCES", "stopped_by"]

DEFENCES = {
    "seccomp": "a system call was refused, or ended the program",
    "filesystem": "Landlock, seccomp and the private root: only the library's files are visible, and none is writable",
    "rlimits": "limits of the process: open files, threads, address space, file size",
    "time limit": "killed when it exceeded its CPU time or its idle time",
    "memory limit": "killed, or refused memory, for using too much",
    "output limit": "killed for printing too much",
    "compiler": "it did not compile",
    "comparison": "it exited normally, and its output is wrong",
    "runtime error": "it ended itself with an exception, an exit status or a signal",
    "nothing": "it passed a test, or got no verdict",
}
"""Defence -> meaning."""

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
    **dict.fromkeys((errno.ENOENT, errno.EROFS, errno.ENOTDIR, errno.ENXIO), "filesystem"),
    **dict.fromkeys((errno.EMFILE, errno.EAGAIN, errno.EFBIG, errno.ENOMEM, errno.ETOOMANYREFS), "rlimits"),
}
SYSTEM_ERROR = re.compile(r"^[\w.]*(?:Error|error): \[Errno (\d+)\][^\n]*?(?:: ('[^\n]*'|\"[^\n]*\"))?$", re.MULTILINE)


def stopped_by(judgement: Judgement) -> tuple[str, ...]:
    """Return the defences that stopped it on some test: keys of ``DEFENCES``, each once, in the order of the tests."""
    return tuple(dict.fromkeys(map(_defence, judgement.results)))


def _defence(result: TestResult) -> str:
    if result.verdict in BY_VERDICT:
        return BY_VERDICT[result.verdict]
    if result.category in ("SIGXFSZ", "SIGXCPU"):
        return "rlimits"
    if result.category in ("ModuleNotFoundError", "ImportError"):
        return "filesystem"
    if result.category == "RuntimeError" and "can't start new thread" in result.stderr:
        return "rlimits"
    if errors := SYSTEM_ERROR.findall(result.stderr):
        number, path = errors[-1]
        defence = BY_ERRNO.get(int(number), "runtime error")
        return "filesystem" if defence == "seccomp" and path else defence
    return "runtime error"
