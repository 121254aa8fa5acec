"""Every Python block in the documentation runs, each in a fresh process, and what the README shows is real."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from rlef_env.envs.registration import ENVIRONMENTS
from rlef_env.problems import load_dataset
from rlef_env.problems.checker_spec import CHECKER_FLAGS, CHECKERS
from rlef_env.problems.graders import GRADERS
from rlef_env.problems.quality_report import Quality

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
BLOCK = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINE_LINK = re.compile(r"\[`(?P<name>[\w.]+)`\]\((?P<path>[^)#\s]+\.py)#L(?P<line>\d+)\)")
LINK = re.compile(r"\]\((?!https?://|#)(?P<target>[^)#\s]+)")


class Block(NamedTuple):
    page: Path
    line: int
    code: str
    needs: str  # a package that only some environments have (`make integrations`), or nothing

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def python_blocks() -> list[Block]:
    """All blocks marked ``python``, or ``python needs PACKAGE``; on the page of ``python no-run`` is said why not."""
    return [
        Block(
            page, text.count("\n", 0, match.start()) + 1, match["code"], match["info"].partition(" needs ")[2].strip()
        )
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in BLOCK.finditer(text)
        if re.fullmatch(r"python( needs \w+)?", match["info"].strip())
    ]


@pytest.mark.parametrize("block", python_blocks(), ids=str)
def test_block_runs(block: Block, tmp_path: Path) -> None:
    if block.needs:
        pytest.importorskip(block.needs)
    process = subprocess.run(
        [sys.executable, "-c", block.code], cwd=tmp_path, capture_output=True, text=True, timeout=250
    )
    assert process.returncode == 0, process.stderr


def test_the_readme_has_its_blocks() -> None:
    """The environment, and an agent: neither may drop out of what is run above."""
    blocks = [block.code for block in python_blocks() if block.page.name == "README.md"]
    assert any("gym.make" in code for code in blocks)
    assert any("class MyAgent" in code for code in blocks)


def test_the_feedback_in_the_readme_is_real() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = next(block.code for block in python_blocks() if "print(feedback)" in block.code)
    feedback = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    shown = "\n".join(f"    {line}".rstrip() for line in feedback.rstrip().splitlines())
    assert shown in text, f"README.md should show:\n{shown}"


def test_the_summary_of_the_starter_set_in_the_readme_is_real() -> None:
    """By the labels, which tests/problems/test_starter.py holds the judge to."""
    problems = load_dataset("starter")
    correct = sum(len(problem.solutions) for problem in problems)
    labels = Counter(str(wrong.verdict) for problem in problems for wrong in problem.incorrect_solutions)
    incorrect = ", ".join(f"{count} {verdict}" for verdict, count in labels.most_common())
    summary = f"{correct + labels.total()} programs of {len(problems)} problems. correct: {correct} accepted; "
    assert f"rlef: {summary}incorrect: {incorrect}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_data_page_has_every_checker_flag_and_class() -> None:
    """In the words of the code."""
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for name, info in CHECKERS.items():
        flags = ", ".join(f"`{flag}`" for flag in info.flags)
        assert f"| `{name}` | {info.meaning} | {flags} | {info.origin} |\n" in text
    for flag, meaning in CHECKER_FLAGS.items():
        assert f"| `{flag}` | {meaning} |\n" in text
    for quality in Quality:
        assert f"| `{quality.value}` | " in text
    for grader in GRADERS.values():
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith(f"| `{grader.name}` | ")]
        found = (f"{grader.recursion_limit or 1000:,}", "`Solution()`" if grader.calls_solution else "the function")
        assert found in [tuple(row[3:5]) for row in rows]


def test_the_readme_names_every_environment() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ids = {f"RLEF{name}v0" for name in re.findall(r"`(?:RLEF)?(-\w+-)(?:v0)?`", text)}
    assert ids == set(ENVIRONMENTS)


def definitions(path: Path) -> dict[str, int]:
    """Where a module defines its functions, classes, methods, fields, constants and attributes, by dotted names."""
    lines: dict[str, int] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            match node:
                case ast.ClassDef(name=name):
                    lines.setdefault(prefix + name, node.lineno)
                    visit(node.body, f"{prefix}{name}.")
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    lines.setdefault(prefix + name, node.lineno)
                    for inner in ast.walk(node):
                        match inner:
                            case (
                                ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attribute))
                                | ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)])
                            ):
                                lines.setdefault(prefix + attribute, inner.lineno)
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    lines.setdefault(prefix + name, node.lineno)

    visit(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return lines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_lines_are_to_what_they_name(page: Path) -> None:
    """``[`Class.method`](file.py#L12)``, or a method or field by its own name: the message says the right lines."""
    wrong = []
    for link in LINE_LINK.finditer(page.read_text(encoding="utf-8")):
        lines = definitions(page.parent / link["path"])
        there = {line for name, line in lines.items() if f".{name}".endswith(f".{link['name']}")}
        if int(link["line"]) not in there:
            said = " or ".join(f"L{line}" for line in sorted(there)) or "nowhere"
            wrong.append(f"{link['name']} is at {said} of {link['path']}, not at L{link['line']}")
    assert not wrong, f"{page.name}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []
