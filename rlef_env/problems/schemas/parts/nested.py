"""Read values that stand in a row as text: JSON, or what Python's ``repr`` writes. Nothing is executed."""

from __future__ import annotations

import json
import re
import sys
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.json_text import MAX_DEPTH, MAX_MEMORY, parse_json

__all__ = ["json_in", "json_or_python_in"]

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<string>'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")
        |(?P<float>-?(?:[0-9]+\.[0-9]*|[0-9]+(?=[eE])|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
        |(?P<integer>-?[0-9]+)
        |(?P<name>None|True|False)\b
        |(?P<mark>[\[\](){},:])
        |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_NAMES: Final = {"None": "null", "True": "true", "False": "false"}
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}


def json_in(field: Field, max_memory: int = MAX_MEMORY) -> Field:
    """Return the value in a string of JSON as a field whose path says so: ``input_output(JSON).inputs[3]``.

    NaN, infinity and integers with more digits than ``int`` reads are allowed, because rows of real data sets have
    them; ``Field.decoded`` refuses them.

    Args:
        field: the string.
        max_memory: see ``parse_json``.

    Raises:
        DataError: not a string, not JSON, a duplicate key in an object, or beyond the bounds of ``parse_json``.
    """
    text = _text(field)
    try:
        value = parse_json(text, python_json=True, long_integers=True, max_memory=max_memory)
    except ValueError as error:
        raise field.error(f"a string that holds JSON ({error})", "check that nothing was cut") from None
    return Field(value, field.where, f"{field.path}(JSON)")


def json_or_python_in(field: Field) -> Field:
    """Return the value in a string of JSON or, if it is not JSON, of a Python literal; the path says which.

    Raises:
        DataError: the string is neither; tuples become lists, and names, calls and operators are refused.
    """
    text = _text(field)
    try:
        return Field(parse_json(text, python_json=True, long_integers=True), field.where, f"{field.path}(JSON)")
    except ValueError as error:
        not_json = str(error)
    try:
        value = parse_json(_json_of_literal(text), python_json=True, long_integers=True)
        return Field(value, field.where, f"{field.path}(Python)")
    except ValueError as error:
        raise field.error(
            f"a string that holds JSON ({not_json}) or a Python literal ({error})",
            "check that nothing was cut",
        ) from None


def _text(field: Field) -> str:
    return field.value if isinstance(field.value, str) else field.text()


def _json_of_literal(text: str) -> str:
    """Translate what ``repr`` writes for plain values into JSON, token by token; the JSON reader checks the rest.

    Plain values are lists, tuples (which become lists), dicts, strings, numbers, ``None``, ``True`` and ``False``.
    Python's own parser is not used: a long text can exhaust its memory.

    Raises:
        ValueError: another token, brackets that do not match, or brackets nested too deeply.
    """
    pieces: list[str] = []
    opened: list[tuple[str, int]] = []  # each open bracket, and its index in pieces
    tuples: set[int] = set()  # the indices of the open brackets behind which a comma stands
    place = 0
    kind = ""
    while kind != "end":
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"no plain value at character {place}")
        kind = match.lastgroup or ""
        token, place = match[kind], match.end()
        if kind == "mark" and token in _CLOSING:
            if len(opened) == MAX_DEPTH:
                raise ValueError(f"more than {MAX_DEPTH} nested brackets")
            opened.append((token, len(pieces)))
            pieces.append("{" if token == "{" else "[")
        elif kind == "mark" and token in "])}":
            bracket, index = opened.pop() if opened else ("", 0)
            if _CLOSING.get(bracket) != token:
                raise ValueError(f"{token!r} without its opening bracket before character {place}")
            if pieces[-1] == "," and len(pieces) > index + 2:  # a trailing comma
                pieces.pop()
            if bracket == "(" and index not in tuples and len(pieces) > index + 1:
                pieces[index] = ""  # brackets around one value without a comma are not a tuple
            else:
                pieces.append("}" if token == "}" else "]")
        else:
            if token == "," and opened:
                tuples.add(opened[-1][1])
            pieces.append(_json_of_token(kind, token))
    return " ".join(pieces)


def _json_of_token(kind: str, token: str) -> str:
    if kind == "string":
        body = token[1:-1]
        return json.dumps(_ESCAPE.sub(_unescaped, body) if "\\" in body else body, ensure_ascii=False)
    if kind == "float":  # Python also writes and reads 5. and .5
        return re.sub(r"\.(?![0-9])", ".0", re.sub(r"(?<![0-9])\.", "0.", token))
    return _NAMES.get(token, token)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        number = int(code[1:], 16)
        if number > sys.maxunicode:
            raise ValueError(f"no character {match[0]}")
        return chr(number)
    if code not in _ESCAPES:
        raise ValueError(f"an escape that repr does not write: {match[0]!r}")
    return _ESCAPES[code]
