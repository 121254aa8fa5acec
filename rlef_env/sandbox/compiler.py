"""Compiles programs that are not Python, in a locked process as well, and caches the results by content."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace

from rlef_env.sandbox.execution import Execution, Limits, Program, Status
from rlef_env.sandbox.java_names import java_names
from rlef_env.sandbox.languages import LANGUAGES, commands_by_standard, find_language, tool_paths
from rlef_env.sandbox.zygote.handle import ZygoteProcess
from rlef_env.sandbox.zygote.source import c_source
from rlef_env.sandbox.zygote.zygote_profile import Profile

__all__ = ["Compiler", "runtime_paths"]

LIMITS = Limits(cpu_seconds=60.0, memory_bytes=2**31)  # of all processes of a compiler together
WALL_FACTOR = 5  # a compilation that takes this many times its CPU limit was starved by the machine
MAX_CACHE_BYTES = 2**28  # of artifacts; the least recently used are dropped first
TOOLCHAIN = ("/usr/bin", "/usr/include", "/usr/lib", "/usr/lib64", "/usr/libexec", "/etc/alternatives")
MAX_OUTPUT_BYTES = 60_000  # of a compiler's messages
TRANSIENT = (b"fatal error", b"internal compiler error", b"Killed", b"memory")  # printed by a compiler that gave up
RANDOM_NAME = re.compile(rb"\bcc\w{6}(?=\.[os]\b)|\brustc\w{6}(?=/)|\bgo-build\d+(?=/)")
"""Temporary files of gcc, rustc and go in their messages: the same program must get the same feedback each time."""
_OWN: dict[str, bytes] = {}  # the C programs of this package, compiled

DRIVER = b"""
import json, os, shutil, subprocess, sys
job = json.load(sys.stdin)
os.chdir(job["scratch"])
for entry in os.scandir():
    shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.unlink(entry)
with open(job["source_name"], "w", encoding="utf-8", errors="surrogatepass") as file:
    file.write(job["source"])
environment = {"PATH": "/usr/bin:/bin", "HOME": job["scratch"], "TMPDIR": job["scratch"], "LC_ALL": "C.UTF-8",
               "GOCACHE": job["scratch"] + "/cache", "GO111MODULE": "off", "CGO_ENABLED": "0", "UV_USE_IO_URING": "0"}
first = None
for commands in job["standards"]:
    for command in commands:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, check=False)
        if done.returncode:
            break
    else:
        break
    first = done.stdout if first is None else first
else:
    sys.stderr.buffer.write(first)
    sys.exit(1)
with open(job["artifact"], "rb") as file:
    shutil.copyfileobj(file, sys.stdout.buffer)
"""


class Compiler:
    """Compiles sources to artifacts, in zygotes that are started on first use.

    Args:
        isolation: as for ``Sandbox``.
        require: as for ``Sandbox``.
    """

    def __init__(self, isolation: str, require: Collection[str]) -> None:
        self._isolation, self._require = isolation, require
        self._scratch = ""
        self._zygotes: dict[str, ZygoteProcess] = {}
        self._cache: OrderedDict[bytes, bytes | Execution] = OrderedDict()

    def close(self) -> None:
        """End the zygotes and remove the scratch folder."""
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = ""

    def kill(self) -> None:
        """Kill the zygotes at once, from any thread."""
        for zygote in list(self._zygotes.values()):
            zygote.kill()

    @property
    def zygotes(self) -> list[int]:
        """Process ids of its zygotes."""
        return [zygote.pid for zygote in self._zygotes.values()]

    def compile(self, program: Program) -> bytes | Execution:
        """Return the artifact, or the failed compilation with the compiler's output in ``stderr``.

        Both are cached by content, except failures that may be the machine's: those are tried again.

        A program that the language's newest standard refuses is compiled by the older ones. If all refuse it, the
        output is that of the newest.

        Raises:
            UsageError: the language is unknown, or its compiler is not installed.
        """
        key = hashlib.sha256(f"{program.language}\0{program.source}".encode("utf-8", "surrogatepass")).digest()
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        artifact = self._compile(program)
        if isinstance(artifact, bytes) or _is_final(artifact):
            self._cache[key] = artifact
            while sum(map(_size, self._cache.values())) > MAX_CACHE_BYTES:
                self._cache.popitem(last=False)
        return artifact

    def launcher(self) -> bytes:
        """Return launcher.c compiled, b"" if there is no C compiler. It is compiled once per process."""
        return self._own("launcher.c")

    def pipes(self) -> bytes:
        """Return pipes.c compiled to a shared object, likewise."""
        return self._own("pipes.c")

    def _own(self, name: str) -> bytes:
        if "gcc" not in tool_paths("c"):
            return b""
        if name not in _OWN:
            program = Program(c_source(name), "c")
            artifact = self._compile(program, shared=True) if name == "pipes.c" else self.compile(program)
            if not isinstance(artifact, bytes) and artifact.status is not Status.COMPILE_ERROR:
                return b""  # our failure, or the machine's: tried again for the next zygote
            _OWN[name] = artifact if isinstance(artifact, bytes) else b""
        return _OWN[name]

    def _compile(self, program: Program, shared: bool = False) -> bytes | Execution:
        language = find_language(program.language)
        if shared:
            language = replace(language, compile=tuple(map(_as_shared_object, language.compile)))
        zygote = self._zygote(program.language)
        file, main = java_names(program.source) if "{file}" in language.source else ("", "")
        job = {
            "scratch": self._scratch,
            "source_name": language.source.replace("{file}", file),
            "source": program.source,
            # One run compiles by all of them in turn, under one set of limits.
            "standards": [
                [[word.replace("{file}", file).replace("{main}", main) for word in command] for command in commands]
                for commands in commands_by_standard(language)
            ],
            "artifact": language.artifact,
        }
        # The wall limit never decides: how long a compilation takes depends on the machine.
        limits = replace(LIMITS, wall_seconds=WALL_FACTOR * LIMITS.cpu_seconds + 10)
        with zygote.load(DRIVER, limits) as loaded:
            execution = loaded.run(json.dumps(job).encode())
        if execution.status is Status.EXITED and execution.exit_code == 0:
            return execution.stdout
        if execution.status in (Status.FAILED, Status.STARVED, Status.EXITED):
            refused = execution.status is Status.EXITED
            output = execution.stderr.replace(f"{self._scratch}/".encode(), b"")
            output = RANDOM_NAME.sub(b"solution", output)[:MAX_OUTPUT_BYTES]
            status, code = (Status.COMPILE_ERROR, 1) if refused else (execution.status, None)
            return Execution(status, exit_code=code, stderr=output, message=execution.message)
        reason = f"compiling it took too much ({execution.status.value.replace('_', ' ')})\n"
        return Execution(Status.COMPILE_ERROR, stderr=reason.encode(), compile_over_limit=True)

    def _zygote(self, name: str) -> ZygoteProcess:
        if name not in self._zygotes:
            self._scratch = self._scratch or tempfile.mkdtemp(prefix="rlef-compile-")
            profile = Profile(
                native=True,
                executables=(*filter(os.path.isdir, TOOLCHAIN), *runtime_paths(name)),
                compiles=True,
                scratch=self._scratch,
                reserves=True,
                open_files=1024,
            )
            self._zygotes[name] = ZygoteProcess(self._isolation, self._require, profile)
        return self._zygotes[name]


def _is_final(failure: Execution) -> bool:
    """Return whether a compiler would refuse the program again: not if it ran out of something or was killed."""
    return failure.exit_code is not None and not any(text in failure.stderr for text in TRANSIENT)


def _size(result: bytes | Execution) -> int:
    return len(result if isinstance(result, bytes) else result.stderr)


def _as_shared_object(command: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for word in command for each in (("-shared", "-fPIC", "-s") if word == "-static" else (word,)))


def runtime_paths(name: str) -> tuple[str, ...]:
    """Return the folders that a language's tools need: for a tool in PREFIX/bin all of PREFIX, unless that is /usr."""
    found = []
    for path in tool_paths(name).values():
        prefix = os.path.dirname(os.path.dirname(path))
        found += [path] if prefix in ("/usr", "/") else [prefix]
    found += [path for pattern in LANGUAGES[name].settings for path in glob.glob(pattern)]
    return tuple(dict.fromkeys(found))
