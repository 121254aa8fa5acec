"""Write docs/gallery.md: a real episode of each kind of problem: `python -m tools.gallery`.

Whoever answers here knows the answer, and gives first a wrong program that a public test shows to be wrong. Prompts,
feedback, verdicts and rewards are the environment's own. Nothing of other people's data sets is printed: the rows of
each schema are the small ones that the tests are made with.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rlef_env import CodeEnv, load_dataset
from rlef_env.episodes import verdict_grid, verdict_words
from rlef_env.episodes.episode import Episode
from rlef_env.judge import Judge
from rlef_env.problems import SCHEMAS, Dataset, Problem
from rlef_env.problems.procedural import FAMILIES
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
"""A schema's name -> what its row lacks to have a public test."""
TITLE = """\
# Gallery

One real episode of each kind of problem, as the environment plays it: the prompt, what was answered, the feedback, and
the verdict of each test in a grid. Whoever answers here knows the answer, but first gives a wrong program that a public
test shows to be wrong. Made by `python -m tools.gallery`; a test holds the page to what that gives.
"""


class Section(NamedTuple):
    """Some episodes under a heading."""

    title: str
    words: str
    entries: Iterator[Entry]


class Entry(NamedTuple):
    """A problem, and programs to answer it with: the wrong ones to choose from, and a right one."""

    title: str
    dataset: Dataset
    problem: Problem
    wrong: Sequence[str]
    right: str


def stored(title: str, dataset: Dataset, problem: Problem) -> Entry:
    """A problem that has programs of its own; those that only print something wrong come first."""
    wrong = sorted(problem.incorrect_solutions, key=lambda solution: solution.verdict != "wrong_answer")
    return Entry(title, dataset, problem, [each.source for each in wrong], problem.solutions[0].source)


def starter() -> Iterator[Entry]:
    """A few problems of the starter set."""
    dataset = load_dataset("starter")
    for slug in STARTER:
        problem = dataset.get(f"starter/{slug}")
        kind = "a function" if problem.function else f"checker `{problem.checker.name}`"
        yield stored(f"{problem.id}: {kind}", dataset, problem)


def families() -> Iterator[Entry]:
    """The first problem of each family."""
    for name in sorted(FAMILIES):
        dataset = load_dataset(f"procedural/{name}?difficulty=1&count=1")
        yield stored(name, dataset, dataset[0])


def schemas(folder: Path) -> Iterator[Entry]:
    """A small row of each schema of data sets, answered alike."""
    for schema in sorted(SCHEMAS, key=lambda schema: schema.label):
        path = folder / f"{schema.name}.jsonl"
        path.write_text(json.dumps(ROWS[schema.name] | WITH_EXAMPLES.get(schema.name, {})) + "\n", encoding="utf-8")
        yield addition(schema.label, load_dataset(path))


def packages(folder: Path) -> Iterator[Entry]:
    """A small package of each format."""
    yield addition("Kattis", load_dataset(write_package(folder / "kattis" / "sum", KATTIS).parent))
    yield addition(
        "DMOJ, which marks no test as public: an episode of one turn",
        load_dataset(write_package(folder / "dmoj" / "sum", DMOJ).parent),
    )


def addition(title: str, dataset: Dataset) -> Entry:
    """A problem that asks to add, as a program or as a function."""
    function = dataset[0].function
    if function is None:
        right, wrong = ("print(sum(map(int, input().split())))", "print(max(map(int, input().split())))")
    else:
        right, wrong = (f"def {function.entry_point}(a, b):\n    return {value}" for value in ("a + b", "max(a, b)"))
    return Entry(title, dataset, dataset[0], [wrong], right)


def played(entry: Entry, judge: Judge) -> Episode:
    """The episode of a right program after the first wrong one that a public test tells from it.

    Without public tests there is no feedback, and nothing but the last response counts: then it is the only one.
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
    """A response that is a program and nothing else."""
    return f"```python\n{source.strip()}\n```"


def shown(title: str, episode: Episode) -> str:
    """An episode as Markdown."""
    parts = [f"### {title}", *quoted("The prompt:", episode.prompt)]
    for number, turn in enumerate(episode.turns, start=1):
        parts += quoted(f"Response {number}:", turn.response)
        words = f"{verdict_words(turn.judgement.verdict)}, reward {turn.reward:+g}"
        parts += quoted(f"Verdict: {words}", "\n".join(verdict_grid(turn.judgement)))
        if turn.feedback:
            parts += quoted("Feedback:", turn.feedback)
    return "\n\n".join(parts) + "\n"


def quoted(words: str, text: str) -> list[str]:
    """Words, and a text below them, as it is."""
    return [words, "\n".join(f"    {line}".rstrip() for line in text.strip("\n").splitlines())]


def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder, Judge() as judge:
        sections = (
            Section("Starter", "Problems of the set that comes with the package.", starter()),
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
