"""One word means one thing: words that stood for several, or for nothing a newcomer knows, do not come back in code."""

from __future__ import annotations

import io
import re
import tokenize
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("rlef_env", "agents", "benchmarks", "tests", "tools", "data")
RETIRED = {
    "asleep": "sleeping, on_sleep",
    "bell": "wakeup",
    "breach": "violation",
    "breaches": "violations",
    "carrier": "file_format",
    "carriers": "file_formats",
    "converse": "interact",
    "crew": "worker_set",
    "deaf": "closed",
    "dispatcher": "scheduler",
    "ear": "incoming",
    "heard": "received",
    "hire": "start",
    "hired": "started",
    "judging": "judge, pending",
    "layout": "schema",
    "layouts": "schemas",
    "luggage": "pickled arguments",
    "mouth": "outgoing",
    "parcel": "pickled problem",
    "parcels": "pickled problems",
    "slots": "sub_envs",
    "stillborn": "lost before ready",
    "twin": "duplicate",
    "twins": "duplicates",
    "whisper": "send",
}
"""Retired word -> what to say instead."""
RETIRED_PREFIXES = {"most_": "max_", "least_": "min_", "longest_": "max_"}
"""Retired beginning of a name -> what to say instead."""
ALLOWED = {"dataclass_slots": "slots"}
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def names_in(path: Path) -> dict[str, int]:
    """Every identifier of a source file, and the first line that it is on."""
    found: dict[str, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            found.setdefault(token.string, token.start[0])
    return found


def test_retired_words_do_not_come_back() -> None:
    """In names of files and in identifiers; prose is not looked at."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")):
        if "attacks" in path.parts or ".venv" in path.parts:
            continue
        where = path.relative_to(ROOT)
        for name, line in {path.stem: 1, **names_in(path)}.items():
            for part in map(str.lower, PART.findall(name)):
                if part in RETIRED and name != "slots":  # the argument of dataclass()
                    wrong[f"{part!r}: write {RETIRED[part]!r}"].append(f"{where}:{line} {name}")
    assert not wrong, "\n".join(f"{word}: {', '.join(places[:5])}" for word, places in wrong.items())


@pytest.mark.parametrize("prefix", RETIRED_PREFIXES)
def test_limits_are_named_max_and_min(prefix: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "attacks" not in path.parts
        for name, line in names_in(path).items()
        if name.lower().lstrip("_").startswith(prefix) and name not in ("most_common",)
    ]
    assert not wrong, f"write {RETIRED_PREFIXES[prefix]}...: {wrong}"
