"""Write docs/gallery.md, a real episode of each kind of problem: `python -m tools.gallery`.

The scripted agent knows the answer, and first gives a wrong program that fails a public test. Prompts, feedback,
verdicts and rewards come from the environment. Other people's data sets are not printed: the row of each schema is a
small one, written by hand (`tools/samples.py`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rlef_env import CodeEnv, load_dataset
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.render import verdict_grid, verdict_words
from rlef_env.judge import Judge
from rlef_env.problems import Dataset, Problem
from rlef_env.problems.procedural import FAMILIES
from rlef_env.problems.schemas import SCHEMAS
from tools.samples import DMOJ, KATTIS, ROWS, write_package

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "gallery.md"
STARTER = "add-numbers", "seat-labels", "dice-race", "two-teams"
PAIRS = [{"input": "1 2\n", "output": "3\n"}, {"input": "3 4\n", "output": "7\n"}]
EXAMPLE = 'def add(a, b):\n    """Add.\n\n    >>> add(1, 2)\n    3\n    """\n'
WITH_EXAMPLES: dict[str, dict[str, Any]] = {
    "common_oj": {
        "test": json.dumps([{"input": {"stdin": x["input"]}, "output": {"stdout": x["output"]}} for x in PAIRS])
    },
    "human_eval": {"prompt": EXAMPLE},
    "human_eval_plus": {"prompt": EXAMPLE},
    "prime_intellect": {
        "verification_info": json.dumps(
            {"language": "python", "test_cases": [{**pair, "type": "stdin_stdout"} for pair in PAIRS]}
        )
    },
}
"""Name of a schema -> the fields that its sample row lacks to have a public test."""
TITLE = """\
# Gallery

One real episode of each kind of problem, played by the environment: the prompt, the responses, the feedback, and the
verdict of each test in a grid. The scripted agent knows the answer, but first gives a wrong program that fails a public
test. Made by `python -m tools.gallery`; a test compares the page with the generator's output.
"""


class Section(NamedTuple):
    """Episodes under a heading."""

    title: str
    words: str
    entries: Iterator[Entry]


class Entry(NamedTuple):
    """A problem, wrong programs to choose from, and a right one."""

    title: str
    dataset: Dataset
    problem: Problem
    wrong: Sequence[str]
    right: str


def stored(title: str, dataset: Dataset, problem: Problem) -> Entry:
    """Return a problem with its stored programs; wrong programs that print a wrong answer come first."""
    wrong = sorted(problem.incorrect_solutions, key=lambda solution: solution.verdict != "wrong_answer")
    return Entry(title, dataset, problem, [each.source for each in wrong], problem.solutions[0].source)


def starter() -> Iterator[Entry]:
    """Yield a few problems of the starter set."""
    dataset = load_dataset("starter")
    for slug in STARTER:
        problem = dataset.get(f"starter/{slug}")
        kind = "a function" if problem.function else f"checker `{problem.checker.name}`"
        yield stored(f"{problem.id}: {kind}", dataset, problem)


def families() -> Iterator[Entry]:
    """Yield the first problem of each family."""
    for name in sorted(FAMILIES):
        dataset = load_dataset(f"procedural/{name}?difficulty=1&count=1")
        yield stored(name, dataset, dataset[0])


def schemas(folder: Path) -> Iterator[Entry]:
    """Yield a small row of each schema, with similar answers."""
    for schema in sorted(SCHEMAS, key=lambda schema: schema.label):
        path = folder / f"{schema.name}.jsonl"
        path.write_text(json.dumps(ROWS[schema.name] | WITH_EXAMPLES.get(schema.name, {})) + "\n", encoding="utf-8")
        yield addition(schema.label, load_dataset(path))


def packages(folder: Path) -> Iterator[Entry]:
    """Yield a small package of each format."""
    yield addition("Kattis", load_dataset(write_package(folder / "kattis" / "sum", KATTIS).parent))
    yield addition(
        "DMOJ, which has no public tests: an episode of one turn",
        load_dataset(write_package(folder / "dmoj" / "sum", DMOJ).parent),
    )


def addition(title: str, dataset: Dataset) -> Entry:
    """Return a problem that asks to add two numbers, as a program or as a function."""
    function = dataset[0].function
    if function is None:
        right, wrong = ("print(sum(map(int, input().split())))", "print(max(map(int, input().split())))")
    else:
        right, wrong = (f"def {function.entry_point}(a, b):\n    return {value}" for value in ("a + b", "max(a, b)"))
    return Entry(title, dataset, dataset[0], [wrong], right)


def played(entry: Entry, judge: Judge) -> Episode:
    """Play a wrong program that fails a public test, then the right program; return the episode.

    Without public tests there is no feedback, and only the last response counts: then the right program is the only
    response.
    """
    public = entry.problem.public_tests
    with CodeEnv(entry.dataset, max_turns=3 if public else 1, judge=judge) as env:
        if not public:
            env.reset(options={"problem_id": entry.problem.id})
            env.step(fenced(entry.right))
            return env.episode
        for wrong in entry.wrong:
            env.reset(options={"problem_id": entry.problem.id})
            _, _, terminated, _, info = env.step(fenced(wrong))
            if not terminated and info["has_verdict"]:
                env.step(fenced(entry.right))
                return env.episode
    raise ValueError(
        f"{entry.title}: expected a wrong program that fails a public test, got none; choose another problem"
    )


def fenced(source: str) -> str:
    """Return a response that consists of a program."""
    return f"```python\n{source.strip()}\n```"


def shown(title: str, episode: Episode) -> str:
    """Return an episode as Markdown."""
    parts = [f"### {title}", *quoted("The prompt:", episode.prompt)]
    for number, turn in enumerate(episode.turns, start=1):
        parts += quoted(f"Response {number}:", turn.response)
        words = f"{verdict_words(turn.judgement.verdict)}, reward {turn.reward:+g}"
        parts += quoted(f"Verdict: {words}", "\n".join(verdict_grid(turn.judgement)))
        if turn.feedback:
            parts += quoted("Feedback:", turn.feedback)
    return "\n\n".join(parts) + "\n"


def quoted(words: str, text: str) -> list[str]:
    """Return a title, and below it a text, unchanged."""
    return [words, "\n".join(f"    {line}".rstrip() for line in text.strip("\n").splitlines())]


def page() -> str:
    """Return the whole page."""
    with tempfile.TemporaryDirectory() as folder, Judge() as judge:
        sections = (
            Section("Starter", "Problems of the embedded set.", starter()),
            Section("Procedural", "The easiest problem of seed 0 of each [family](procedural.md).", families()),
            Section(
                "Schemas", "One row of each schema of [data sets](datasets.md), made by hand.", schemas(Path(folder))
            ),
            Section("Packages", "Two problem packages, made by hand.", packages(Path(folder))),
        )
        parts = [TITLE]
        for title, words, entries in sections:
            parts += [f"## {title}\n\n{words}\n", *(shown(entry.title, played(entry, judge)) for entry in entries)]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
