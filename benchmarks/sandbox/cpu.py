"""Rows in CPU time: the full lock against the floor and against other ways to run a program, and layer by layer."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, Goal, measured, missing, ratios
from benchmarks.sandbox.blocks import INTERPRETER, Blocks, Floor, JudgeBlocks, SandboxBlocks, Script, alternate
from benchmarks.sandbox.settings import Settings
from benchmarks.sandbox.workload import C_PROGRAM, trivial_programs
from rlef_env.sandbox import Program, installed_languages
from rlef_env.sandbox.doctor import probe
from rlef_env.sandbox.policy.bpf import base_filter, run_filter

__all__ = ["bubblewrap", "compiled", "judge_overhead", "layers", "lock", "lock_cost", "subprocess_run"]

LOCKED = "full lock, compile-once"


def lock(settings: Settings) -> list[Figure]:
    """Measure W1 under the full lock, against the floor."""
    rows = []
    with Floor() as floor:
        for compile_once, bound in ((False, 1.2), (True, 1.05)):
            subject = SandboxBlocks(compile_once=compile_once)
            taken = _measure({"floor": floor, "locked": subject}, settings)
            how = "compiled once per program" if compile_once else "compiled for every test"
            rows.append(
                measured(
                    "lock",
                    f"full lock against the floor, W1, {how}",
                    ratios(taken["locked"], taken["floor"]),
                    "x",
                    Goal(bound, "x"),
                    f"{_milliseconds(taken['locked'])} ms CPU per run, the floor {_milliseconds(taken['floor'])} ms",
                )
            )
    return rows


def lock_cost(settings: Settings) -> list[Figure]:
    """Measure W1 under the full lock, against the same sandbox without a lock."""
    taken = _measure({"none": SandboxBlocks("none"), "locked": SandboxBlocks()}, settings)
    figure = 'cost of the lock: full lock against isolation="none", W1'
    note = f'{_milliseconds(taken["locked"])} ms CPU per run, with isolation="none" {_milliseconds(taken["none"])} ms'
    return [measured("lock_cost", figure, ratios(taken["locked"], taken["none"]), "x", note=note)]


def subprocess_run(settings: Settings) -> list[Figure]:
    """Measure a new interpreter per run, without isolation, against the full lock."""
    figure = "a new interpreter per run (subprocess.run, no isolation) against the full lock"
    with _program_file() as path, Script("spawned.py", "run", INTERPRETER, "-I", "-S", str(path)) as spawned:
        return [_against_lock("subprocess", figure, spawned, settings, Goal(3.9, "x", at_least=True))]


def bubblewrap(settings: Settings) -> list[Figure]:
    """Measure a new interpreter in bubblewrap per run, against the full lock."""
    figure = "bubblewrap (--unshare-all, rlimits, the interpreter's files only) against the full lock"
    cheapest = "the same with every file of the machine readable (--ro-bind / /)"
    goal = Goal(6.0, "x", at_least=True)
    rows = []
    with _program_file() as path:
        program = [INTERPRETER, "-I", "-S", str(path)]
        for words, wrapped, bound in (
            (figure, [*_interpreter_only(path), *program], goal),
            (cheapest, ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", *program], None),
        ):
            if reason := _why_no_bubblewrap(wrapped):
                rows.append(missing("bubblewrap", words, f"skipped: {reason}", bound))
                continue
            with Script("spawned.py", "limited", *wrapped) as spawned:
                rows.append(_against_lock("bubblewrap", words, spawned, settings, bound))
    return rows


def compiled(settings: Settings) -> list[Figure]:
    """Measure a compiled program under the full lock, against a bare start and wait."""
    figure, goal = "compiled program (C, static): full lock against a bare posix_spawn + wait4", Goal(1.5, "x")
    if "c" not in installed_languages():
        return [missing("compiled", figure, "skipped: no gcc here (Debian: apt-get install gcc libc6-dev)", goal)]
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder) / "solution.c", Path(folder) / "solution"
        source.write_text(C_PROGRAM)
        subprocess.run(["gcc", "-O2", "-static", "-o", str(binary), str(source)], check=True)
        with Script("spawned.py", "bare", str(binary)) as floor:
            locked = SandboxBlocks(programs=[Program(C_PROGRAM, "c")])
            taken = _measure({"floor": floor, "locked": locked}, settings)
    note = f"{_milliseconds(taken['locked'])} ms CPU per run, the floor {_milliseconds(taken['floor'])} ms"
    return [measured("compiled", figure, ratios(taken["locked"], taken["floor"]), "x", goal, note)]


def judge_overhead(settings: Settings) -> list[Figure]:
    """Measure ``Judge.judge`` per test, against the sandbox alone."""
    taken = _measure({"sandbox": SandboxBlocks(), "judge": JudgeBlocks()}, settings)
    figure = "Judge.judge against the sandbox alone, W1, per test"
    note = f"{_milliseconds(taken['judge'])} ms CPU per test, the sandbox {_milliseconds(taken['sandbox'])} ms"
    return [measured("judge", figure, ratios(taken["judge"], taken["sandbox"]), "x", note=note)]


def layers(settings: Settings) -> list[Figure]:
    """Measure each layer that is applied per run, alone, in a bare forked interpreter."""
    if reason := _why_no_layers():
        return [missing("layers", "each layer's own cost", f"skipped: {reason}")]
    config = {"base": base_filter().hex(), "run": run_filter()[0].hex()}
    variants: dict[str, tuple[bool, tuple[str, ...]]] = {
        "nothing": (False, ()),
        "inherited": (True, ()),
        "six resource limits": (True, ("rlimits",)),
        "one more Landlock layer": (True, ("landlock",)),
        "one more seccomp filter": (True, ("seccomp",)),
        "one more seccomp filter, put together in the child": (True, ("seccomp, built in the child",)),
        "all three": (True, ("rlimits", "landlock", "seccomp")),
    }
    with contextlib.ExitStack() as stack:
        subjects: dict[str, Blocks] = {}
        for name, (inherited, chosen) in variants.items():
            text = json.dumps({**config, "inherited": inherited, "apply": chosen})
            subjects[name] = stack.enter_context(Script("layers.py", text))
        taken = _measure(subjects, settings)
    bare = f"a bare fork and its end take {_milliseconds(taken['nothing'])} ms"
    rows = [_extra("what is inherited (base filter, Landlock)", taken["inherited"], taken["nothing"], bare)]
    return rows + [_extra(f"per run: {name}", taken[name], taken["inherited"]) for name in list(variants)[2:]]


def _measure(subjects: dict[str, Blocks], settings: Settings) -> dict[str, list[float]]:
    return alternate(subjects, settings.runs, settings.rounds, settings.row_seconds)


def _against_lock(row: str, figure: str, spawned: Script, settings: Settings, goal: Goal | None) -> Figure:
    taken = _measure({LOCKED: SandboxBlocks(), "spawned": spawned}, settings)
    note = f"{_milliseconds(taken['spawned'])} ms CPU per run, the {LOCKED} {_milliseconds(taken[LOCKED])} ms"
    return measured(row, figure, ratios(taken["spawned"], taken[LOCKED]), "x", goal, note)


def _extra(figure: str, values: Sequence[float], without: Sequence[float], note: str = "") -> Figure:
    microseconds = [(value - less) * 1e6 for value, less in zip(values, without, strict=True)]
    return measured("layers", f"layer, {figure}", microseconds, "us", note=note)


def _milliseconds(values: Sequence[float]) -> str:
    return f"{sorted(values)[len(values) // 2] * 1e3:.2f}"


@contextlib.contextmanager
def _program_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "solution.py"
        path.write_text(trivial_programs(1)[0])
        yield path


def _interpreter_only(program: Path) -> list[str]:
    """Return bubblewrap's arguments that expose what the full lock exposes: interpreter, libraries, program."""
    shown = [sys.base_prefix, "/usr", str(program.parent)]
    links = [path for path in ("/lib", "/lib32", "/lib64", "/bin") if Path(path).is_symlink()]
    folders = [path for path in ("/lib", "/lib32", "/lib64") if Path(path).is_dir() and path not in links]
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"),
        *(word for path in (*shown, *folders) for word in ("--ro-bind", path, path)),
        *(word for path in links for word in ("--symlink", str(Path(path).readlink()), path)),
    ]


def _why_no_bubblewrap(command: list[str]) -> str:
    if shutil.which("bwrap") is None:
        return "no bwrap here (Debian: apt-get install bubblewrap)"
    done = subprocess.run(command, input=b"1 2\n", capture_output=True)
    return "" if done.returncode == 0 else f"bwrap does not run here ({done.stderr.decode(errors='replace').strip()})"


def _why_no_layers() -> str:
    held = probe()
    lacking = [f"{name}: {held[name].reason}" for name in ("seccomp", "landlock") if not held[name].available]
    return "; ".join(lacking)
