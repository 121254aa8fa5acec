"""Read and write plain values and calls as Python source, the text of tests that call a function, without executing it.

Plain values are those of None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and dict. Beyond
Python's literals, ``inf``, ``nan``, ``set()``, ``float("inf")``, calls of a container's type with a literal
(``set([1])``) and arithmetic of constants (``3 * 19``, ``[0] * 100``) are read, all within bounds.
"""

from __future__ import annotations

import ast
import json
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from rlef_env.errors import DataError
from rlef_env.problems.parsing.hashing import check_keys
from rlef_env.problems.parsing.json_text import read_integer

__all__ = ["CallText", "NotPlain", "format_call", "format_value", "parse_call", "parse_value", "value_of"]

MAX_SOURCE = 2**24  # characters of source
MAX_PARSED = 2**22  # characters of source other than lists of numbers: its tree takes 100 bytes a character
MAX_DEPTH = 90  # nested containers; CPython's own parser reads fewer than 200 brackets
MAX_REPEATED = 2**20  # elements or characters of a repeated or joined sequence
MAX_MADE = 2**22  # elements, characters and 64-bit words of integers that one text creates in total
MAX_BITS = 2**17  # of the result of arithmetic
CONTAINERS: Mapping[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "dict": dict}
NUMBERS = re.compile(r"[-+0-9eE.,\[\] \n]*")
NO_BRACKET = re.compile(r"[^\[\]]+")
NUMBERS_CALL = re.compile(rf"([A-Za-z_]\w*)\(({NUMBERS.pattern})\)", re.ASCII)
LONG_INTEGER = re.compile(r"(?<![\w.])[1-9][0-9]{4000,}(?![\w.])", re.ASCII)
DIGITS_LIMIT = 4000  # digits; Python neither reads nor writes more than 4300 in decimal


class NotPlain(ValueError):
    """A value, or its source, is not plain or not within bounds."""


@dataclass(frozen=True, slots=True)
class CallText:
    """A call, read from its source.

    Attributes:
        name: the function's name.
        args: positional arguments.
        kwargs: keyword arguments.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def format_call(name: str, args: Iterable[object] = (), kwargs: Mapping[str, object] | None = None) -> str:
    """Return the source of a call, as a test's ``input`` holds it.

    >>> format_call("f", [[1, 2.5], "x"], {"deep": float("-inf")})
    "f([1, 2.5], 'x', deep=-inf)"

    Raises:
        NotPlain: an argument is not a plain value.
    """
    parts = [format_value(each) for each in args]
    parts += [f"{key}={format_value(each)}" for key, each in (kwargs or {}).items()]
    return f"{name}({', '.join(parts)})"


def format_value(value: object) -> str:
    """Return the source of a plain value, as a test's ``output`` holds it; ``parse_value`` reads it back.

    >>> format_value((1, {"a": {2}}, set(), [float("nan")]))
    "(1, {'a': {2}}, set(), [nan])"

    Raises:
        NotPlain: not a plain value, or nested too deeply.
    """
    return _format(value, 0)


def _format(value: Any, depth: int) -> str:
    kind = type(value)
    if kind in (bool, str, bytes) or value is None:
        return repr(value)
    if kind is int:
        return repr(value) if value.bit_length() < 3 * DIGITS_LIMIT else hex(value)
    if kind is float:
        return repr(value)
    if kind is complex:
        return f"complex({value.real!r}, {value.imag!r})"
    if depth >= MAX_DEPTH:
        raise NotPlain(f"expected at most {MAX_DEPTH} nested containers, got more")
    if kind is dict:
        pairs = (f"{_format(key, depth + 1)}: {_format(each, depth + 1)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if kind not in (list, tuple, set, frozenset):
        raise NotPlain(f"expected a plain value, got one of type {kind.__name__}")
    items = ", ".join(_format(each, depth + 1) for each in value)
    if kind is list:
        return f"[{items}]"
    if kind is tuple:
        return f"({items},)" if len(value) == 1 else f"({items})"
    items = f"{{{items}}}" if value else ""
    return items or "set()" if kind is set else f"frozenset({items})"


def parse_call(source: str) -> CallText:
    """Return the call that a test's ``input`` holds.

    >>> parse_call("f([0] * 3, key=-1)")
    CallText(name='f', args=([0, 0, 0],), kwargs={'key': -1})

    Raises:
        DataError: not one call with plain values.
    """
    match = NUMBERS_CALL.fullmatch(source)
    try:
        if match and _is_shallow(source):
            return CallText(match[1], tuple(json.loads(f"[{match[2]}]")))
    except (ValueError, RecursionError):
        pass
    try:
        node = _expression(source)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise NotPlain("not one call of a name")
        return CallText(node.func.id, *arguments_of(node))
    except NotPlain as error:
        raise DataError(
            f"test: expected a call with plain values such as f([1, 2], key='x'), got {_short(source)} ({error}); "
            "write it in this form, or write a test that is code"
        ) from None


def parse_value(source: str) -> Any:
    """Return the plain value that a test's ``output`` holds.

    >>> parse_value("{'a': (1, -inf)}")
    {'a': (1, -inf)}

    Raises:
        DataError: not the source of a plain value.
    """
    if NUMBERS.fullmatch(source) and _is_shallow(source):
        try:
            return json.loads(source)  # the same for numbers in lists, and many times faster
        except (ValueError, RecursionError):
            pass
    try:
        return value_of(_expression(source))
    except NotPlain as error:
        raise DataError(
            f"test: expected a plain value such as [1, 'x', (2.5, None)], got {_short(source)} ({error}); "
            "write it as a Python literal"
        ) from None


def _is_shallow(source: str) -> bool:
    """Return whether lists of numbers are within the bounds."""
    if len(source) > MAX_SOURCE:
        return False
    brackets = NO_BRACKET.sub("", source)
    return max(accumulate(1 if bracket == "[" else -1 for bracket in brackets), default=0) <= MAX_DEPTH


def _expression(source: str) -> ast.expr:
    if len(source) > MAX_PARSED:
        raise NotPlain(f"longer than {MAX_PARSED} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # e.g. of a "\d" in a string
            return ast.parse(_readable(source).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:  # the last three: deep or odd source
        raise NotPlain(f"{type(error).__name__}: {error}") from None


def _readable(source: str) -> str:
    """Rewrite long decimal integers, which Python does not read, in hexadecimal; leave a source with quotes unchanged.

    Raises:
        ValueError: a number has more than 100,000 digits.
    """
    if len(source) <= DIGITS_LIMIT or "'" in source or '"' in source:
        return source
    return LONG_INTEGER.sub(lambda match: hex(read_integer(match[0])), source)


def _short(source: str) -> str:
    return repr(source if len(source) <= 60 else source[:40] + "..." + source[-17:])


# --- from a tree to a value ------------------------------------------------------------------------------------------


def arguments_of(node: ast.Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the values of a call's arguments; raise ``NotPlain`` if one is not plain."""
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise NotPlain("** in a call")
        named[keyword.arg] = value_of(keyword.value)
    return tuple(value_of(each) for each in node.args), named


def value_of(node: ast.expr) -> Any:
    """Return the plain value of an expression of constants without executing it; raise ``NotPlain`` if it has none."""
    try:
        return _value(node, 0, Allowance())
    except (TypeError, ValueError, ArithmeticError) as error:
        raise NotPlain(str(error)) from None


class Allowance:
    """Remaining amount that one text may create beyond its own length."""

    def __init__(self) -> None:
        self.left = MAX_MADE

    def spend_on(self, made: Any) -> Any:
        """Return the value if the allowance covers it."""
        if type(made) is int:
            self.left -= made.bit_length() // 64
        elif type(made) in (str, bytes, list, tuple, set, frozenset):
            self.left -= len(made)
        if self.left < 0:
            raise NotPlain("too many repeated or joined elements")
        return made


def _value(node: ast.expr, depth: int, allowance: Allowance) -> Any:
    if depth > MAX_DEPTH:
        raise NotPlain(f"more than {MAX_DEPTH} nested expressions")
    if isinstance(node, ast.Constant) and node.value is not Ellipsis:
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = [_value(each, depth + 1, allowance) for each in node.elts]
        return items if isinstance(node, ast.List) else tuple(items) if isinstance(node, ast.Tuple) else _set(items)
    if isinstance(node, ast.Dict):
        keys = [_key(key, depth + 1, allowance) for key in node.keys]
        check_keys(keys)
        return dict(zip(keys, [_value(each, depth + 1, allowance) for each in node.values], strict=True))
    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return float(node.id)
    if isinstance(node, ast.UnaryOp) and type(node.op) in UNARY:
        return UNARY[type(node.op)](_number(_value(node.operand, depth + 1, allowance)))
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        left, right = (_value(each, depth + 1, allowance) for each in (node.left, node.right))
        return allowance.spend_on(BINARY[type(node.op)](left, right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return allowance.spend_on(_made(node.func.id, [_value(each, depth + 1, allowance) for each in node.args]))
    raise NotPlain(f"{type(node).__name__} is not a constant")


def _key(node: ast.expr | None, depth: int, allowance: Allowance) -> Any:
    if node is None:
        raise NotPlain("** in a dict")
    return _value(node, depth, allowance)


def _made(name: str, args: list[Any]) -> Any:
    """Return the result of calling a plain type."""
    if name in ("float", "int", "str", "bool") and len(args) == 1 and type(args[0]) in (bool, int, float, str):
        if type(args[0]) is str and len(args[0]) > DIGITS_LIMIT and name != "str":
            raise NotPlain("too many digits")
        return {"float": float, "int": int, "str": str, "bool": bool}[name](args[0])
    if name == "complex" and all(type(each) in (int, float) for each in args):
        return complex(*args)
    if name in CONTAINERS and not args:
        return CONTAINERS[name]()
    if name in ("set", "frozenset") and len(args) == 1 and type(args[0]) in (list, tuple, str, set, frozenset):
        return CONTAINERS[name](_set(list(args[0])))
    if name in ("list", "tuple") and len(args) == 1 and type(args[0]) in (list, tuple, str):
        return CONTAINERS[name](args[0])
    raise NotPlain(f"a call of {name}")


def _set(items: list[Any]) -> set[Any]:
    check_keys(items, of_set=True)
    return set(items)


def _number(value: Any) -> Any:
    if type(value) not in (bool, int, float, complex):
        raise NotPlain(f"arithmetic with a {type(value).__name__}")
    return value


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        return _bounded(operation(_number(left), _number(right)))

    return apply


def _bounded(value: Any) -> Any:
    if type(value) is int and value.bit_length() > MAX_BITS:
        raise NotPlain("too large an integer")
    return value


def _add(left: Any, right: Any) -> Any:
    if type(left) is type(right) and type(left) in (str, bytes, list, tuple):
        if len(left) + len(right) > MAX_REPEATED:
            raise NotPlain("too long a sequence")
        return left + right
    return _bounded(_number(left) + _number(right))


def _multiply(left: Any, right: Any) -> Any:
    for items, times in ((left, right), (right, left)):
        if type(items) in (str, bytes, list, tuple) and type(times) in (int, bool):
            if len(items) * times > MAX_REPEATED:
                raise NotPlain("too long a sequence")
            return _copies(items, times) if type(items) in (list, tuple) else items * times
    return _bounded(_number(left) * _number(right))


def _copies(items: Any, times: int) -> Any:
    if any(type(each) in (list, tuple, dict, set, frozenset) for each in items):
        raise NotPlain("one object in several places")  # the text of [[0] * 3] * 3 would not show this
    if times * sum(len(each) for each in items if type(each) in (str, bytes)) > MAX_REPEATED:
        raise NotPlain("too long a sequence")
    return items * times


def _power(base: Any, exponent: Any) -> Any:
    if type(_number(exponent)) in (int, bool) and type(_number(base)) in (int, bool):
        if exponent < 0 or base.bit_length() * exponent > MAX_BITS:
            raise NotPlain("too large a power")
        return base**exponent
    return _number(float(base) ** float(exponent))


UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _arithmetic(operator.sub),
    ast.Mult: _multiply,
    ast.Div: _arithmetic(operator.truediv),
    ast.FloorDiv: _arithmetic(operator.floordiv),
    ast.Mod: _arithmetic(operator.mod),
    ast.Pow: _power,
}
