"""Apply each patch of ``mutants.toml`` to a copy of the project and check that its test fails: ``make mutants``.

    python -m tests.mutants             # all: minutes
    python -m tests.mutants 17 17b warm-up   # these

Each mutant gets one line: ``killed by TEST``, or ``SURVIVED``. The tests are first run without a bug, because a test
that fails anyway proves nothing. A test that does not run to its end has killed nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.patches import ROOT, ROWS, Mutant, mutants

COPIED = ("agents", "data", "rlef_env", "tests", "pyproject.toml", "rlef_command.py")
TIMEOUT = 600.0
"""Time limit in seconds for a test with a bug in it, on a busy machine."""

PASSED, FAILED = 0, 1
"""Exit codes of pytest. Any other means that a test did not run to its end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if each mutant was killed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description="Put bugs into copies of the project and check that tests fail."
    )
    parser.add_argument("names", nargs="*", help="names of mutants; all by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="number of concurrent tests")
    parser.add_argument("--verbose", action="store_true", help="show how each test failed")
    asked = parser.parse_args(arguments)
    every = mutants()
    if unknown := set(asked.names) - {each.name for each in every}:
        parser.error(f"expected names of mutants.toml, got {', '.join(sorted(unknown))}")
    chosen = [each for each in every if not asked.names or each.name in asked.names]
    with tempfile.TemporaryDirectory(prefix="rlef-mutants-") as folder, ThreadPoolExecutor(asked.jobs) as pool:
        clean = copy_project(ROOT, Path(folder) / "clean")  # so that the project may be edited meanwhile
        refuse_installed(clean)
        code, output = run_tests(clean, sorted({each.test for each in chosen}))
        if code != PASSED:
            print(f"{output}\nThese tests must pass without a bug before one is put in.")
            return 1
        killed = list(pool.map(lambda each: check(each, clean, asked.verbose), chosen))
    rows = {each.row for each in chosen if each.row} - {
        each.row for each, dead in zip(chosen, killed, strict=True) if not dead
    }
    print(f"{sum(killed)} of {len(chosen)} mutants killed; {len(rows)} of {len(ROWS)} rows")
    return 0 if all(killed) else 1


def check(mutant: Mutant, clean: Path, verbose: bool) -> bool:
    """Apply a mutant, run its test and print one line, with ``verbose`` also the failure; return whether it failed."""
    root = copy_project(clean, clean.with_name(mutant.name.replace(" ", "-")))
    path = root / mutant.path
    path.write_text(mutant.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
    code, output = run_tests(root, [mutant.test])
    shutil.rmtree(root)
    end = f"killed by {mutant.test}"
    if code != FAILED:
        end = "SURVIVED" if code == PASSED else f"SURVIVED: its test did not run to its end\n{output}"
    elif verbose:
        how = [line[:160] for line in output.splitlines() if line.startswith(("E ", "FAILED", "ERROR"))]
        end += "".join(f"\n    {line}" for line in how[:4] + how[4:][-1:])
    print(f"{mutant.name}: {mutant.bug}: {end}", flush=True)
    return code == FAILED


def copy_project(source: Path, target: Path) -> Path:
    """Copy the files that the tests need."""
    target.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*")
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=unwanted)
        else:
            shutil.copy(source / name, target / name)
    return target


def run_tests(root: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """Run tests of a copy against the code of that copy.

    Returns:
        pytest's exit code, None at the time limit; and the end of its output.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *tests]
    limit = TIMEOUT * len(tests)
    try:
        done = subprocess.run(
            command, env=environment(root), cwd=root, timeout=limit, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"it was still running after {limit:.0f} s"
    return done.returncode, done.stdout[-3000:] + done.stderr[-1000:]


def environment(root: Path) -> dict[str, str]:
    """Return an environment in which a copy's modules precede the installed ones."""
    path = os.pathsep.join([str(root), str(root / "agents")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def refuse_installed(root: Path) -> None:
    """Refuse a copy whose tests import the installed code: every mutant would survive."""
    code = "import rlef_agents, sys; sys.exit(not rlef_agents.__file__.startswith(sys.argv[1]))"
    if subprocess.run([sys.executable, "-c", code, str(root)], env=environment(root), cwd=root, check=False).returncode:
        raise RuntimeError(f"expected rlef_agents to be imported from {root}, not from where it is installed")


if __name__ == "__main__":
    sys.exit(main())
