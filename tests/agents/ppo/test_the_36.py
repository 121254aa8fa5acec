"""Checks of the patches in ``tests/mutants/mutants.toml``: 36 silent bugs of LLM trainers, and bugs of this one.

No patch is run here. These tests check that each of the 36 rows has a patch, that each patch applies to the current
code and changes it, and that the test it names exists and is not slow. ``make mutants`` applies the patches to copies
of the project and checks that the named tests fail.
"""

from __future__ import annotations

import ast

import pytest

from tests.mutants.patches import ROOT, ROWS, Mutant, mutants

MUTANTS = mutants()


def test_every_row_has_a_mutant_and_names_are_used_once() -> None:
    names = [each.name for each in MUTANTS]
    assert len(names) == len(set(names))
    assert {each.row for each in MUTANTS} - {None} == set(ROWS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_patch_applies_and_its_test_is_in_make_test(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    bad = mutant.applied(text)
    assert ast.dump(ast.parse(bad)) != ast.dump(ast.parse(text)), "expected a patch that changes the program"
    file, name = mutant.test.partition("[")[0].split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    (test,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    marks = " ".join(map(ast.unparse, test.decorator_list))
    assert "slow" not in marks, mutant.test
    assert not any("slow" in ast.unparse(node) for node in tree.body if _is_pytestmark(node)), mutant.test


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def test_a_patch_that_is_stale_is_refused() -> None:
    mutant = Mutant("1", "", "file.py", "test", "-a\n+b\n c\n@@\n-d\n+e\n")
    assert mutant.applied("a\nc\nd\n") == "b\nc\ne\n"
    for stale in ("a\nd\n", "a\nc\na\nc\nd\n"):
        with pytest.raises(ValueError, match=r"mutant 1: expected these lines once in file\.py"):
            mutant.applied(stale)
