"""Compiles programs that are not Python, in a locked process as well, and caches the results by content."""

from __future__ import annotations

import base64
import glob
import hashlib
import json
import os
import re
import subprocess
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace

from rlef_env.sandbox.elf import names_loader
from rlef_env.sandbox.execution import Execution, Limits, Program, Status
from rlef_env.sandbox.java_names import java_names
from rlef_env.sandbox.languages import LANGUAGES, PRINTS_ONE, commands_by_standard, find_language, tool_paths
from rlef_env.sandbox.zygote.handle import ZygoteProcess
from rlef_env.sandbox.zygote.source import c_source
from rlef_env.sandbox.zygote.zygote_profile import Profile

__all__ = ["Compiler", "runtime_paths"]

# Of all processes of a compiler together. One that sleeps waits for its own output, or for nothing.
LIMITS = Limits(cpu_seconds=60.0, idle_seconds=5.0, memory_bytes=2**31)
WALL_FACTOR = 5  # a compilation that takes this many times its CPU limit was starved by the machine
MAX_CACHE_BYTES = 2**28  # of artifacts; the least recently used are dropped first
TOOLCHAIN = ("/usr/bin", "/usr/include", "/usr/lib", "/usr/lib64", "/usr/libexec", "/etc/alternatives")
RUST_PARTS = ("rustlib", "librustc_driver*", "libLLVM*", "libstd-*", "libtest-*")
MAX_OUTPUT_BYTES = 60_000  # of a compiler's messages
TRANSIENT = (b"fatal error", b"internal compiler error", b"Killed", b"memory")  # printed by a compiler that gave up
RANDOM_NAME = re.compile(rb"(?:\./)?\b(?:cc\w{6}(?=\.[os]\b)|rustc\w{6}(?=/)|go-build\d+(?=/))")
"""Temporary files of gcc, rustc and go in their messages: the same program must get the same feedback each time."""
_OWN: dict[str, bytes] = {}  # the C programs of this package, compiled

NAMES_LOADER = b"the program names a loader: expected one that is linked statically\n"

REFUSED = 1
"""Exit status of the driver if the compiler refuses the program. With any other, the driver itself has failed, which is
never the program's fault."""

DRIVER = b"""
import base64, errno, json, os, re, subprocess, sys

# By the driver of gcc. A message about a source has a place behind the name, whatever name the program chooses for it.
KILLED = re.compile(rb"^(?:[^ \\n]*/)?g(?:cc|[+][+])(?:-[0-9]+)?: fatal error: Killed signal terminated", re.MULTILINE)

def refuse(text):
    sys.stderr.buffer.write(text)
    sys.stderr.flush()
    os._exit(1)

def empty(check=True):  # not by shutil: a compiler may have made folders deeper than Python can recurse
    names = os.listdir()
    for place in range(0, len(names), 1000):
        subprocess.run(["rm", "-rf", "--", *("./" + name for name in names[place:place + 1000])], check=check)

def compile(job):
    name = job["source_name"]
    try:
        with open(name, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(job["source"])
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # a full disk is not the program's fault
            raise
        refuse(f"{name[:100]}: {error.strerror}\\n".encode())
    for other, content in job["objects"].items():
        with open(other, "wb") as file:
            file.write(base64.b64decode(content))
    os.utime(name, (0, 0))  # for __TIMESTAMP__
    # The same everywhere: Rust puts what a program asks for into it.
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/", "TMPDIR": ".", "LC_ALL": "C.UTF-8", "UV_USE_IO_URING": "0",
                   "SOURCE_DATE_EPOCH": "0"}
    first = None
    for commands in job["standards"]:
        for command in commands:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=environment, check=False)
            if done.returncode == -9 or KILLED.search(done.stdout):
                raise RuntimeError("the compiler was killed")  # not for its limits: those end this process, too
            if done.returncode:
                break
        else:
            break
        first = done.stdout if first is None else first
    else:
        refuse(first)
    if not os.path.isfile(job["artifact"]):
        refuse(done.stdout + b"the compiler made no program that can be run\\n")
    with open(job["artifact"], "rb") as file:
        return file.read()

try:
    job = json.load(sys.stdin)
    os.chdir(job["scratch"])
    empty()
    artifact = compile(job)
    empty(check=False)
    sys.stdout.buffer.write(artifact)
    sys.stdout.flush()
except BaseException as error:
    sys.stderr.write(repr(error))
    sys.stderr.flush()
    os._exit(70)
"""


ARTIFACTS = {"executable": ("-static",), "shared object": ("-shared", "-fPIC", "-s"), "object": ("-c",)}
"""What C programs of this package are compiled to -> options."""

FORMATTED = (
    *("printf", "fprintf", "sprintf", "snprintf", "__printf_chk", "__fprintf_chk", "__sprintf_chk", "__snprintf_chk"),
    *(f"{prefix}{name}" for prefix in ("", "__isoc99_", "__isoc23_") for name in ("scanf", "fscanf", "sscanf")),
)
INT64_DEFINED = re.compile(r"typedef\b[^;]*\b__int64\s*;")
REPLACED = {"no_facts.c": ("__sysinfo",), "i64_formats.c": FORMATTED}
"""Files of this package that programs in C and C++ are linked with -> functions that they replace."""


class Compiler:
    """Compiles sources to artifacts, in zygotes that are started on first use.

    Args:
        isolation: as for ``Sandbox``.
        require: as for ``Sandbox``.
    """

    def __init__(self, isolation: str, require: Collection[str]) -> None:
        self._isolation, self._require = isolation, require
        self._scratch, self._remove = "", _nothing
        self._zygotes: dict[str, ZygoteProcess] = {}
        self._cache: OrderedDict[bytes, bytes | Execution] = OrderedDict()
        self._works: set[str] = set()  # languages whose compiler is known to make programs

    def close(self) -> None:
        """End the zygotes and remove the scratch folder."""
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        self._remove()
        self._scratch, self._remove = "", _nothing

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
        if isinstance(artifact, bytes):
            self._works.add(program.language)
        elif artifact.status is Status.COMPILE_ERROR and (failure := self._failure_of(program.language)):
            return failure
        if isinstance(artifact, bytes) or _is_final(artifact):
            self._cache[key] = artifact
            while sum(map(_size, self._cache.values())) > MAX_CACHE_BYTES:
                self._cache.popitem(last=False)
        return artifact

    def _failure_of(self, language: str) -> Execution | None:
        """Return why the compiler of a language makes no program at all, such as a library that is missing here."""
        if language not in self._works:
            made = self._compile(Program(PRINTS_ONE[language], language))
            if not isinstance(made, bytes):
                told = (made.stderr.decode("utf-8", "replace") or str(made))[:500]
                return Execution(Status.FAILED, message=f"language {language!r} cannot be compiled here: {told}")
            self._works.add(language)
        return None

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
            kinds = {"pipes.c": "shared object", "launcher.c": "executable"}
            artifact = self._compile(program, kinds.get(name, "object"))
            if not isinstance(artifact, bytes) and artifact.status is not Status.COMPILE_ERROR:
                return b""  # our failure, or the machine's: tried again for the next zygote
            _OWN[name] = artifact if isinstance(artifact, bytes) else b""
        return _OWN[name]

    def _linked(self, program: Program) -> tuple[dict[str, bytes], list[str]]:
        """Return the objects that a program is linked with, name -> content, and the options for them and for names."""
        objects: dict[str, bytes] = {}
        options: list[str] = []
        if program.language in ("c", "cpp"):
            for name in ("no_facts.c", *(["i64_formats.c"] if "I64" in program.source else [])):
                if content := self._own(name):
                    objects[f"{name[:-2]}.o"] = content
                    options += [f"-Wl,--wrap={function}" for function in REPLACED[name]]
            if "__int64" in program.source and not INT64_DEFINED.search(program.source):
                options.append("-D__int64=long long")  # of Windows, as %I64d is
        return objects, [*options, *objects]

    def _compile(self, program: Program, artifact: str = "program") -> bytes | Execution:
        """Compile a program, or to another ``artifact``: one of ``ARTIFACTS``, for the C programs of this package."""
        language = find_language(program.language)
        if artifact != "program":
            language = replace(language, compile=tuple(_with(ARTIFACTS[artifact], each) for each in language.compile))
        zygote = self._zygote(program.language)
        source = program.source.removeprefix("\ufeff")  # javac refuses a byte order mark
        file, main = java_names(source) if "{file}" in language.source else ("", "")
        objects, linked = self._linked(program) if artifact == "program" else ({}, [])
        job = {
            "scratch": self._scratch,
            "source_name": language.source.replace("{file}", file),
            "source": source,
            "objects": {name: base64.b64encode(content).decode() for name, content in objects.items()},
            # One run compiles by all of them in turn, under one set of limits.
            "standards": [
                [
                    [
                        word.replace("{file}", file).replace("{main}", main).replace("{scratch}", self._scratch)
                        for word in (*command, *linked)
                    ]
                    for command in commands
                ]
                for commands in commands_by_standard(language)
            ],
            "artifact": language.artifact,
        }
        # The wall limit never decides: how long a compilation takes depends on the machine.
        limits = replace(LIMITS, wall_seconds=WALL_FACTOR * LIMITS.cpu_seconds + 10)
        with zygote.load(DRIVER, limits) as loaded:
            execution = loaded.run(json.dumps(job).encode())
        if execution.status is Status.EXITED and execution.exit_code == 0:
            if language.native and names_loader(execution.stdout):
                return Execution(Status.COMPILE_ERROR, exit_code=1, stderr=NAMES_LOADER)
            return execution.stdout
        if execution.status is Status.EXITED and execution.exit_code == REFUSED:
            output = self._without_host_facts(execution.stderr, program.language)[:MAX_OUTPUT_BYTES]
            return Execution(Status.COMPILE_ERROR, exit_code=1, stderr=output)
        if execution.status in (Status.FAILED, Status.STARVED):
            return execution
        if execution.status in (Status.EXITED, Status.SIGNALED):  # the driver's end, not the compiler's
            told = execution.stderr.decode("utf-8", "replace")[:200]
            return Execution(Status.FAILED, message=f"the driver of the compiler failed: {told or execution}")
        reason = f"compiling it took too much ({execution.status.value.replace('_', ' ')})\n"
        return Execution(Status.COMPILE_ERROR, stderr=reason.encode(), compile_over_limit=True)

    def _without_host_facts(self, output: bytes, language: str) -> bytes:
        """Return a compiler's output without names that differ between machines, or from one time to the next."""
        output = output.replace(f"{self._scratch}/".encode(), b"").replace(self._scratch.encode(), b".")
        for folder in filter(os.path.isdir, runtime_paths(language)):
            output = output.replace(folder.encode(), language.encode())
        return RANDOM_NAME.sub(b"solution", output)

    def _zygote(self, name: str) -> ZygoteProcess:
        if name not in self._zygotes:
            if not self._scratch:
                self._scratch = tempfile.mkdtemp(prefix="rlef-compile-")
                self._remove = weakref.finalize(self, _remove_folder, self._scratch)
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
    """Return whether a compiler would refuse the program again: not if the machine may have been the reason."""
    if failure.status is not Status.COMPILE_ERROR:
        return False
    return failure.compile_over_limit or not any(text in failure.stderr for text in TRANSIENT)


def _size(result: bytes | Execution) -> int:
    return len(result if isinstance(result, bytes) else result.stderr)


def _with(options: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line with these options in place of ``-static``."""
    return tuple(each for word in command for each in (options if word == "-static" else (word,)))


def _nothing() -> None:
    """Remove no folder: there is none."""


def _remove_folder(folder: str) -> None:
    # Not by shutil: a compiler may have made folders deeper than Python can recurse.
    subprocess.run(["rm", "-rf", "--", folder], check=False)


def runtime_paths(name: str) -> tuple[str, ...]:
    """Return the files and folders that a language's tools need: for a tool in PREFIX/bin all of PREFIX.

    But not where other software is installed too, such as in /usr, or where there is a Python: this package with its
    stored answers may be among its packages. There it is the tool, and the parts of PREFIX/lib that rustc needs.
    """
    found = []
    for path in tool_paths(name).values():
        prefix = os.path.dirname(os.path.dirname(path))
        if prefix in ("/usr", "/", "/usr/local") or glob.glob(f"{glob.escape(prefix)}/lib*/python*"):
            parts = [f"{glob.escape(prefix)}/lib/{part}" for part in RUST_PARTS] if name == "rust" else []
            found += [path, *(part for pattern in parts for part in glob.glob(pattern))]
        else:
            found.append(prefix)
    found += [path for pattern in LANGUAGES[name].settings for path in glob.glob(pattern)]
    return tuple(dict.fromkeys(found))
