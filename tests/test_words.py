"""One word means one thing. Words that meant several, or nothing to a newcomer, do not come back in code.

Names of files and identifiers are checked; prose is not.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("rlef_env", "agents", "benchmarks", "tests", "tools")
RETIRED_PARTS = {
    "asleep": "sleeping", "bell": "wakeup", "carrier": "file_format", "carriers": "file_formats",
    "converse": "interact", "crew": "worker_set", "deaf": "closed", "dispatcher": "scheduler", "ear": "incoming",
    "heard": "received", "hears": "receives", "hire": "start", "hired": "started", "judging": "judge",
    "layout": "schema", "layouts": "schemas", "luggage": "pickled arguments", "mouth": "outgoing",
    "parcel": "pickled problem", "parcels": "pickled problems", "stillborn": "lost before ready",
    "twin": "duplicate", "twins": "duplicates", "whisper": "send",
}  # fmt: skip
"""Word of an identifier -> the word to use."""
RETIRED_NAMES = {
    "Breach": "Violation", "Facts": "ProblemMetadata", "OwnCheckers": "CustomCheckers", "Replies": "StepBatch",
    "Reply": "StepResult", "Rules": "EpisodeDynamics", "StoredProblems": "LazyProblems", "Trust": "Quality",
    "TrustReport": "QualityReport", "TurnQueue": "FairPriorityQueue", "UnderWay": "PendingSteps",
    "full_grid": "run_all_tests", "give_up": "cancel", "problem_of_row": "problem_from_row", "tell_asleep": "on_sleep",
    "under_way": "num_pending",
}  # fmt: skip
"""Identifier -> the one to use."""
RETIRED_PREFIXES = {"most_": "max_", "least_": "min_", "longest_": "max_"}
"""Beginning of an identifier -> the one to use."""
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
PYTHONS = {"most_common"}  # of collections.Counter


def retired(name: str) -> Iterator[tuple[str, str]]:
    """Each retired word in a name, and the word to use instead."""
    if name in PYTHONS:
        return
    if name in RETIRED_NAMES:
        yield name, RETIRED_NAMES[name]
    for part in map(str.lower, PART.findall(name)):
        if part in RETIRED_PARTS:
            yield part, RETIRED_PARTS[part]
    for prefix, replacement in RETIRED_PREFIXES.items():
        if name.lower().lstrip("_").startswith(prefix):
            yield prefix, replacement


def names_in(path: Path) -> dict[str, int]:
    """Every identifier of a source file, and the first line that it is on."""
    found: dict[str, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            found.setdefault(token.string, token.start[0])
    return found


def test_a_retired_word_is_found_in_any_spelling() -> None:
    names = ("WorkerCrew", "_hire", "MOST_BYTES", "test_twins_are_left_out", "Rules", "most_common", "appear")
    assert [[word for word, _ in retired(name)] for name in names] == [
        ["crew"], ["hire"], ["most_"], ["twins"], ["Rules"], [], []
    ]  # fmt: skip


def test_retired_words_do_not_come_back() -> None:
    wrong: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")):
        if "attacks" in path.parts or path.name == "test_words.py":
            continue
        for name, line in {path.stem: 1, **names_in(path)}.items():
            for word, replacement in retired(name):
                wrong[f"{word!r}, write {replacement!r}"].append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert not wrong, "\n".join(f"{word}: {', '.join(places[:5])}" for word, places in wrong.items())
