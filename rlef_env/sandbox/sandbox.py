"""The sandbox: load a program once, run it on any number of inputs, each in a fresh locked process."""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from rlef_env.errors import IsolationUnavailable, UsageError
from rlef_env.sandbox.compiler import Compiler, runtime_paths
from rlef_env.sandbox.execution import Execution, Limits, Program
from rlef_env.sandbox.languages import find_language
from rlef_env.sandbox.layers import REQUIRED
from rlef_env.sandbox.profile import Profile
from rlef_env.sandbox.zygote_process import LoadedProgram, ZygoteProcess

__all__ = ["ISOLATIONS", "Sandbox"]

ISOLATIONS = ("locked", "none")


class Sandbox:
    """Runs programs in locked processes. Not for several threads at once: each thread has its own.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all (your own programs, or a machine that cannot lock).
        require: the layers of a lock without which nothing is run; the others are used where they hold.
        numpy: have the caller's numpy loaded, at no cost per run. Its generator starts the same in every run.
        python: the interpreter that runs Python programs, 3.10 or newer; None for the one that runs this.

    Raises:
        IsolationUnavailable: a required layer of the lock is missing here; the message names it.
        SandboxFailure: the zygote did not start.
        UsageError: ``isolation`` is neither of the two.
    """

    def __init__(
        self,
        isolation: str = "locked",
        require: Collection[str] = REQUIRED,
        numpy: bool = False,
        python: str | None = None,
    ) -> None:
        if isolation not in ISOLATIONS:
            raise UsageError(f"isolation: expected one of {list(ISOLATIONS)}, got {isolation!r}")
        if not sys.platform.startswith("linux"):
            raise IsolationUnavailable(
                f"the sandbox needs Linux 5.13 or newer (seccomp, Landlock, memory files), got {platform.platform()}; "
                "run in a Linux machine or container"
            )
        self.isolation, self._require = isolation, require
        self._python = ZygoteProcess(isolation, require, Profile(preload=_numpy_folder() if numpy else ""), python)
        self._launchers: dict[str, ZygoteProcess] = {}
        self._compiler = Compiler(isolation, require)
        self.layers = self._python.layers
        """Layer -> whether it holds here."""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and everything in them. Safe to call twice."""
        self._python.close()
        for launcher in self._launchers.values():
            launcher.close()
        self._compiler.close()

    def kill(self) -> None:
        """End everything at once, from any thread: a run under way fails. ``close`` is still due."""
        for zygote in (self._python, *self._launchers.values()):
            zygote.kill()
        self._compiler.kill()

    @property
    def pid(self) -> int:
        """The process id of the zygote for Python."""
        return self._python.pid

    @contextlib.contextmanager
    def load(self, program: Program, limits: Limits | None = None) -> Iterator[LoadedProgram]:
        """Compile a program, in a process of its own, ready to run.

        Raises:
            UsageError: the language is not one of ``LANGUAGES``, or not installed.
        """
        limits = limits or Limits()
        if program.language == "python":
            with self._python.load(program.source.encode("utf-8", "surrogatepass"), limits) as loaded:
                yield loaded
            return
        language = find_language(program.language)
        artifact = self._compiler.compile(program)
        if isinstance(artifact, Execution):
            yield LoadedProgram(limits, failure=artifact)
            return
        launcher = self._launcher(program.language)
        command = [word.replace("{megabytes}", str(limits.memory_bytes // 2**20)) for word in language.run]
        with launcher.load(artifact, limits, command) as loaded:
            yield loaded

    def _launcher(self, name: str) -> ZygoteProcess:
        if name not in self._launchers:
            language = find_language(name)
            executables = () if language.native else runtime_paths(name)
            launcher = self._compiler.launcher()
            profile = Profile(native=True, executables=executables, reserves=language.reserves, launcher=launcher)
            self._launchers[name] = ZygoteProcess(self.isolation, self._require, profile)
        return self._launchers[name]


def _numpy_folder() -> str:
    """The folder that the caller's numpy is installed in."""
    found = importlib.util.find_spec("numpy")
    if found is None or found.origin is None:
        raise UsageError("numpy: expected it to be installed beside rlef_env, found none; pip install numpy")
    return str(Path(found.origin).parent.parent)
