"""Programs that differ from a given one by one small change: a constant, a comparison or an operator."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

__all__ = ["mutants"]

OTHER: Final[dict[type, type]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mod, ast.Mod: ast.FloorDiv,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def mutants(source: str, count: int) -> list[str]:
    """Return at most ``count`` of the programs that one change makes, those with the smallest SHA-256 of their text.

    Args:
        source: a program in Python; one that does not parse has none.
        count: maximum number of programs.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    same = ast.unparse(tree)
    changed = {text for text in _changed(tree) if text != same}
    return list(islice(sorted(changed, key=lambda text: hashlib.sha256(text.encode()).hexdigest()), count))


def _changed(tree: ast.Module) -> Iterator[str]:
    """Make each change in the tree itself, yield the program, and take the change back."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            value = node.value
            for node.value in (value + 1, value - 1):
                yield ast.unparse(tree)
            node.value = value
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
            first = node.ops[0]
            node.ops[0] = OTHER[type(first)]()
            yield ast.unparse(tree)
            node.ops[0] = first
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OTHER:
            operator = node.op
            node.op = OTHER[type(operator)]()
            yield ast.unparse(tree)
            node.op = operator
