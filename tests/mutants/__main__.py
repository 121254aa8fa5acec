"""Put each bug of ``mutants.toml`` into a copy of the project and see that its test fails: ``make mutants``.

    python -m tests.mutants             # all: minutes
    python -m tests.mutants 17 17b warm-up   # these

One line for each: ``killed by TEST``, or ``SURVIVED``. The tests are first run without a bug: one that fails anyway
says nothing. A test that cannot be run to its end has killed nothing.
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

COPIED = ("agents", "rlef_env", "starter", "tests", "pyproject.toml", "rlef_command.py")
TIMEOUT = 600.0
"""Seconds that a test may take with a bug in it, on a busy machine."""

PASSED, FAILED = 0, 1
"""What pytest exits with. Anything else means that no test was run to its end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 0 if each was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Put bugs in; see that tests notice.")
    parser.add_argument("names", nargs="*", help="of mutants; all where none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tests that run at a time")
    parser.add_argument("--verbose", action="store_true", help="show how each test failed")
    asked = parser.parse_args(arguments)
    every = mutants()
    if unknown := set(asked.names) - {each.name for each in every}:
        parser.error(f"expected names of mutants.toml, got {', '.join(sorted(unknown))}")
    chosen = [each for each in every if not asked.names or each.name in asked.names]
    with tempfile.TemporaryDirectory(prefix="rlef-mutants-") as folder, ThreadPoolExecutor(asked.jobs) as pool:
        clean = copied(ROOT, Path(folder) / "clean")  # work on the project may go on meanwhile
        refuse_installed(clean)
        code, said = tested(clean, sorted({each.test for each in chosen}))
        if code != PASSED:
            print(f"{said}\nThese tests must pass without a bug, before one is put in.")
            return 1
        killed = list(pool.map(lambda each: judged(each, clean, asked.verbose), chosen))
    rows = {each.row for each in chosen if each.row} - {
        each.row for each, dead in zip(chosen, killed, strict=True) if not dead
    }
    print(f"{sum(killed)} of {len(chosen)} mutants killed; {len(rows)} of {len(ROWS)} rows")
    return 0 if all(killed) else 1


def judged(mutant: Mutant, clean: Path, verbose: bool) -> bool:
    """Whether its test fails; says so in one line, and with ``verbose`` how."""
    root = copied(clean, clean.with_name(mutant.name.replace(" ", "-")))
    path = root / mutant.path
    path.write_text(mutant.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
    code, said = tested(root, [mutant.test])
    shutil.rmtree(root)
    end = f"killed by {mutant.test}"
    if code != FAILED:
        end = "SURVIVED" if code == PASSED else f"SURVIVED: its test was not run to its end\n{said}"
    elif verbose:
        how = [line[:160] for line in said.splitlines() if line.startswith(("E ", "FAILED", "ERROR"))]
        end += "".join(f"\n    {line}" for line in how[:4] + how[4:][-1:])
    print(f"{mutant.name}: {mutant.bug}: {end}", flush=True)
    return code == FAILED


def copied(source: Path, target: Path) -> Path:
    """A copy of what the tests need."""
    target.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*")
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=unwanted)
        else:
            shutil.copy(source / name, target / name)
    return target


def tested(root: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """Run tests of a copy on the code of that copy.

    Returns:
        What pytest exits with, None if it did not end; and the end of what it said.
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
    """In which a copy's modules are found before those that are installed."""
    path = os.pathsep.join([str(root), str(root / "agents")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def refuse_installed(root: Path) -> None:
    """A copy whose tests import the code that is installed would let every mutant survive."""
    words = "import rlef_agents, sys; sys.exit(not rlef_agents.__file__.startswith(sys.argv[1]))"
    if subprocess.run(
        [sys.executable, "-c", words, str(root)], env=environment(root), cwd=root, check=False
    ).returncode:
        raise RuntimeError(f"expected rlef_agents to be imported from {root}, not from where it is installed")


if __name__ == "__main__":
    sys.exit(main())
