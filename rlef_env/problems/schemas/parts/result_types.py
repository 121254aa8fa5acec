"""Result type that starter code declares for a function, and whether a value fits it."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import Any, Final

__all__ = ["fits", "result_type"]

_MAX_SOURCE: Final = 100_000  # characters of starter code
_MAX_HEAD: Final = 10_000  # characters of a definition's header, which may span several lines
_MAX_DEFINITIONS: Final = 5  # of one name that are examined
_MAX_ITEMS: Final = 20  # of a list that are examined
_LISTS: Final = frozenset(
    {"list", "List", "set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet", "deque", "Deque"}
    | {"Sequence", "MutableSequence", "Iterable", "Iterator", "Generator", "Collection", "Container", "Reversible"}
)
_TUPLES: Final = frozenset({"tuple", "Tuple"})
_DICTS: Final = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict", "Counter"}
)
_NUMBERS: Final = frozenset({"int", "float", "bool", "complex", "Decimal", "Fraction"})
_TEXTS: Final = frozenset({"str", "bytes", "Text", "AnyStr", "LiteralString"})
_INNER: Final = frozenset({"Final", "ClassVar", "Annotated", "Required"})  # their first argument is the type itself
_MAX_DEPTH: Final = 20


def result_type(starter: str, name: str) -> ast.expr | None:
    """Return the annotation of a function's result; None if the code has none, or cannot be parsed.

    Starter code is not a whole program: a body may be missing, with a comment or nothing in its place.
    """
    for definition in _definitions(starter[:_MAX_SOURCE], name):
        return _unquoted(definition.returns) if definition.returns is not None else None
    return None


def _definitions(starter: str, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of that name, the last one first, because it is the one that a program would have."""
    head = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", re.MULTILINE)
    found = []
    for match in list(head.finditer(starter))[-_MAX_DEFINITIONS:]:
        text = starter[match.start() : match.start() + _MAX_HEAD]
        tree = _parsed(textwrap.dedent(_signature(text)) + " pass\n")
        if tree is not None and isinstance(tree.body[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(tree.body[0])
    return found[::-1]


def _signature(text: str) -> str:
    """Return a definition up to the colon that ends its header, skipping brackets, strings and comments."""
    depth = 0
    for token in re.finditer(r"""'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*"|#[^\n]*|[()\[\]{}:]""", text, re.DOTALL):
        mark = token[0]
        depth += (mark in ("(", "[", "{")) - (mark in (")", "]", "}"))
        if mark == ":" and depth == 0:
            return text[: token.end()]
    return text


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _unquoted(node: ast.expr) -> ast.expr | None:
    """Return the type in an annotation that is a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        tree = _parsed(node.value.strip())
        statement = tree.body[0] if tree is not None and len(tree.body) == 1 else None
        return statement.value if isinstance(statement, ast.Expr) else None
    return node


def fits(annotation: ast.expr | None, value: Any, depth: int = 0) -> bool | None:
    """Return whether a JSON value, in which tuples and sets are lists, fits a type; None if the type is unknown.

    Args:
        annotation: the type.
        value: the value.
        depth: nesting depth of this type in another one.
    """
    node = _unquoted(annotation) if annotation is not None else None
    if node is None or depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return value is None if node.value is None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _any_of([fits(side, value, depth + 1) for side in (node.left, node.right)])
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _fits_generic(_name(node.value), inner, value, depth)
    return _fits_generic(_name(node), [], value, depth)


def _fits_generic(name: str, inner: list[ast.expr], value: Any, depth: int) -> bool | None:
    if name == "Optional" and inner:
        return True if value is None else fits(inner[0], value, depth + 1)
    if name == "Union":
        return _any_of([fits(each, value, depth + 1) for each in inner])
    if name in _INNER and inner:
        return fits(inner[0], value, depth + 1)
    if name in _LISTS:
        if not isinstance(value, list):
            return False
        return _all_of([fits(inner[0], item, depth + 1) for item in value[:_MAX_ITEMS]]) if inner else True
    if name in _TUPLES:
        return isinstance(value, list) and _fits_tuple(inner, value, depth)
    if name in _DICTS:
        return isinstance(value, dict)
    if name in _NUMBERS:
        return isinstance(value, (int, float))
    if name in _TEXTS:
        return isinstance(value, str)
    return None


def _fits_tuple(inner: list[ast.expr], value: list[Any], depth: int) -> bool | None:
    if len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is Ellipsis:
        return _all_of([fits(inner[0], item, depth + 1) for item in value[:_MAX_ITEMS]])
    if not inner:
        return None
    if len(inner) != len(value):
        return False
    return _all_of([fits(each, item, depth + 1) for each, item in zip(inner, value, strict=True)])


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name: ``typing.List`` is ``List``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _all_of(answers: list[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def _any_of(answers: list[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False
