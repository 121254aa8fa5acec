"""The sandbox: loads a program once and runs it on any number of inputs, each in a fresh locked process."""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from rlef_env.errors import IsolationUnavailable, UsageError
from rlef_env.sandbox.compiler import Compiler, runtime_paths
from rlef_env.sandbox.execution import Execution, Limits, Program, PythonStart
from rlef_env.sandbox.languages import find_language
from rlef_env.sandbox.loaded_program import LoadedProgram, Started, ignore_sleep
from rlef_env.sandbox.policy.layers import REQUIRED
from rlef_env.sandbox.zygote.handle import ZygoteProcess
from rlef_env.sandbox.zygote.scratch import MAX_SCRATCH_BYTES
from rlef_env.sandbox.zygote.zygote_profile import Profile

__all__ = ["ISOLATIONS", "Sandbox"]

ISOLATIONS = ("locked", "none")
PLAIN_START = PythonStart()
MIN_HEAP_MEGABYTES = 16  # that a runtime is told; it starts with no less


class Sandbox:
    """Runs programs in locked processes. Not thread-safe: use one per thread.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all (your own programs, or a machine that cannot lock).
        require: the layers of a lock without which nothing is run; the others are used where they hold.
        numpy: load the caller's numpy before runs start, at no cost per run. Its generator starts the same in every
            run.
        python: the interpreter that runs Python programs, 3.10 or newer; None for the one that runs this.
        on_sleep: called with True when a run has been off the core for 0.05 s without waiting for one, and with False
            when it no longer sleeps.

    Attributes:
        layers: layer -> whether it holds here.

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
        on_sleep: Callable[[bool], object] = ignore_sleep,
    ) -> None:
        if isolation not in ISOLATIONS:
            raise UsageError(f"isolation: expected one of {list(ISOLATIONS)}, got {isolation!r}")
        if not sys.platform.startswith("linux"):
            raise IsolationUnavailable(
                f"the sandbox needs Linux 5.13 or newer (seccomp, Landlock, memory files), got {platform.platform()}; "
                "run in a Linux machine or container"
            )
        self.isolation, self._require = isolation, require
        self._preload, self._interpreter = _numpy_folder() if numpy else "", python
        self._zygotes: dict[tuple[str, bool], ZygoteProcess] = {}
        self._python = self._zygote("python")
        self._on_sleep, self._open = on_sleep, False
        self._compiler = Compiler(isolation, require)
        self.layers = self._python.layers

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and everything in them. Safe to call twice."""
        for zygote in self._zygotes.values():
            zygote.close()
        self._compiler.close()

    def kill(self) -> None:
        """Kill everything at once, from any thread. A run in progress fails. ``close`` must still be called."""
        for zygote in list(self._zygotes.values()):
            zygote.kill()
        self._compiler.kill()

    @property
    def pid(self) -> int:
        """Process id of the zygote for Python."""
        return self._python.pid

    @property
    def zygotes(self) -> dict[int, bool]:
        """Process ids of its zygotes, those of compilers as well. True: it may keep a launcher between two programs."""
        own = {zygote.pid: bool(zygote.profile.launcher) for zygote in self._zygotes.values()}
        return {**own, **dict.fromkeys(self._compiler.zygotes, False)}

    @contextlib.contextmanager
    def load(
        self, program: Program, limits: Limits | None = None, start: PythonStart = PLAIN_START
    ) -> Iterator[LoadedProgram]:
        """Compile a program, in a process of its own, ready to run. Only one program can be loaded at a time.

        Args:
            program: what to compile.
            limits: of every run.
            start: what a Python program finds when it starts; other languages ignore it.

        Raises:
            UsageError: the language is not one of ``LANGUAGES``, or not installed; another program is loaded; or the
                limits allow more in the scratch folder than it can hold.
        """
        limits = limits or Limits()
        if limits.scratch_bytes > MAX_SCRATCH_BYTES:
            raise UsageError(f"scratch_bytes: expected at most {MAX_SCRATCH_BYTES}, got {limits.scratch_bytes}")
        if self._open:
            raise UsageError(
                "load: expected a sandbox in which no program is loaded, got one in which another still is; "
                "leave its `with` block first, or load this one into a second Sandbox"
            )
        self._open = True
        try:
            with self._load(program, limits, start) as loaded:
                yield loaded
        finally:
            self._open = False

    @contextlib.contextmanager
    def _load(self, program: Program, limits: Limits, start: PythonStart) -> Iterator[LoadedProgram]:
        writes = limits.scratch_bytes > 0
        if program.language == "python":
            source = program.source.encode("utf-8", "surrogatepass")
            with self._zygote("python", writes).load(source, limits, start=start, on_sleep=self._on_sleep) as loaded:
                yield loaded
            return
        language = find_language(program.language)
        artifact = self._compiler.compile(program)
        if isinstance(artifact, Execution):
            yield LoadedProgram(limits, Started(None, artifact))
            return
        megabytes = str(max(limits.memory_bytes // 2**20, MIN_HEAP_MEGABYTES))
        command = [word.replace("{megabytes}", megabytes) for word in language.run]
        if language.own_megabytes:
            limits = replace(limits, memory_bytes=limits.memory_bytes + language.own_megabytes * 2**20)
        with self._zygote(program.language, writes).load(artifact, limits, command, on_sleep=self._on_sleep) as loaded:
            yield loaded

    def _zygote(self, name: str, writes: bool = False) -> ZygoteProcess:
        """Return the zygote for a language, started on first use; runs that may write files have a separate one."""
        if (name, writes) not in self._zygotes:
            python: str | None = None
            if name == "python":
                profile, python = Profile(preload=self._preload, writes=writes), self._interpreter
            else:
                language = find_language(name)
                profile = Profile(
                    native=True,
                    executables=() if language.native else runtime_paths(name),
                    calls=language.calls,
                    reserves=language.reserves,
                    launcher=self._compiler.launcher(),
                    pipes=self._compiler.pipes() if language.calls else b"",
                    writes=writes,
                )
            self._zygotes[name, writes] = ZygoteProcess(self.isolation, self._require, profile, python)
        return self._zygotes[name, writes]


def _numpy_folder() -> str:
    """Return the folder in which the caller's numpy is installed."""
    found = importlib.util.find_spec("numpy")
    if found is None or found.origin is None:
        raise UsageError("numpy: expected it to be installed beside rlef_env, found none; pip install numpy")
    return str(Path(found.origin).parent.parent)
