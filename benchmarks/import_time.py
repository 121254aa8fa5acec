"""Measure the time that `import rlef_env` adds to `import gymnasium`, which every user needs anyway.

Each import runs in a fresh process and is timed from inside, around the import statement alone. The two kinds
alternate, so that a machine that slows down affects both. The goal is at most 0.1 s more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

GOAL_SECONDS = 0.1
GYMNASIUM = "import gymnasium"
BOTH = "import gymnasium, rlef_env"


def seconds_to(statement: str) -> float:
    """Return how long the statement takes in a fresh interpreter, in seconds."""
    program = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return float(output)


def measure(rounds: int) -> dict[str, float | int | str]:
    """Import both ways ``rounds`` times and compare the medians."""
    seconds_to(BOTH)  # not counted: it compiles bytecode and fills the disk cache
    alone, together = [], []
    for _ in range(rounds):
        alone.append(seconds_to(GYMNASIUM))
        together.append(seconds_to(BOTH))
    return {
        "python": sys.version.split()[0],
        "rounds": rounds,
        "gymnasium_seconds": round(statistics.median(alone), 4),
        "both_seconds": round(statistics.median(together), 4),
        "added_seconds": round(statistics.median(together) - statistics.median(alone), 4),
        "goal_seconds": GOAL_SECONDS,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21, help="processes of each kind (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds)
    for name, value in figures.items():
        print(f"{name:<18} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if float(figures["added_seconds"]) <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
