"""Stock checkers of other judges as ``CheckerSpec``: the same verdicts if the answer files are valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.problem import CheckerSpec

__all__ = ["TESTLIB_CHECKERS", "dmoj_checker"]

# A valid answer file of ncmp, icmp, uncmp and hcmp holds integers in their canonical form, and testlib refuses every
# other form of the output, so equal numbers have equal text. testlib adds 1e-15 to each tolerance.
TESTLIB_CHECKERS: Final[Mapping[str, CheckerSpec]] = {
    "wcmp": CheckerSpec("tokens"),
    "ncmp": CheckerSpec("tokens"),
    "icmp": CheckerSpec("tokens"),
    "hcmp": CheckerSpec("tokens"),
    "uncmp": CheckerSpec("tokens", ("unordered",)),
    "lcmp": CheckerSpec("lines", ("ignore_spaces",)),
    "fcmp": CheckerSpec("lines", ("keep_spaces",)),
    "yesno": CheckerSpec("yesno"),
    "nyesno": CheckerSpec("yesno"),
    "dcmp": CheckerSpec("kattis", ("case_sensitive", "float_tolerance", "1.000000001e-6")),
    "rcmp4": CheckerSpec("kattis", ("case_sensitive", "float_tolerance", "1.00000000001e-4")),
    "rcmp6": CheckerSpec("kattis", ("case_sensitive", "float_tolerance", "1.000000001e-6")),
    "rcmp9": CheckerSpec("kattis", ("case_sensitive", "float_tolerance", "1.000001e-9")),
}
"""testlib's stock checker -> ours (MikeMirzayanov/testlib, checkers)."""

_STANDARD = ("ignore_spaces", "ignore_blank_lines")
_ERROR_MODES = {
    "default": "float_tolerance",
    "absolute": "float_absolute_tolerance",
    "relative": "float_relative_tolerance",
}
_MODE_OF = {"floats": "default", "floatsabs": "absolute", "floatsrel": "relative"}
_FIXED = {
    "standard": CheckerSpec("lines", _STANDARD),
    "easy": CheckerSpec("characters"),
    "identical": CheckerSpec("exact"),
    "unordered": CheckerSpec("tokens", ("unordered",)),
    "linecount": CheckerSpec("lines", ("strip", "ignore_blank_lines")),
    "linematches": CheckerSpec("lines", ("keep_spaces", "ignore_blank_lines")),
}


def dmoj_checker(name: str, arguments: Mapping[str, Any] | None = None) -> CheckerSpec:
    """Return the checker that a DMOJ ``init.yml`` names (DMOJ/judge-server, dmoj/checkers).

    The result is correct or wrong only.
    ``linecount`` and ``linematches`` give points for each line; here all lines must be correct. If DMOJ distinguishes a
    blank line from an empty one, or one final line break from none, both are correct here. ``floats`` compares
    infinities and NaNs as text.

    >>> dmoj_checker("floats", {"precision": 4}).flags
    ('ignore_spaces', 'ignore_blank_lines', 'float_tolerance', '1e-4')

    Raises:
        DataError: an unknown checker, or an invalid argument. The message names no file: the caller adds it.
    """
    arguments = arguments or {}
    if name in _FIXED:
        return _FIXED[name]
    if name in _MODE_OF:
        precision, mode = arguments.get("precision", 6), arguments.get("error_mode", _MODE_OF[name])
        if isinstance(precision, bool) or not isinstance(precision, int) or not 0 <= precision <= 300:
            raise DataError(f"checker {name}: expected a precision from 0 to 300, got {precision!r}; write a number")
        if mode not in _ERROR_MODES:
            raise DataError(f"checker {name}: expected error_mode {', '.join(_ERROR_MODES)}, got {mode!r}; choose one")
        return CheckerSpec("lines", (*_STANDARD, _ERROR_MODES[mode], f"1e-{precision}"))
    if name == "sorted":
        split_on = arguments.get("split_on", "lines")
        if split_on not in ("lines", "whitespace"):
            raise DataError(f"checker sorted: expected split_on lines or whitespace, got {split_on!r}; choose one")
        return CheckerSpec("lines", (*_STANDARD, "unordered")) if split_on == "lines" else _FIXED["unordered"]
    if name == "rstripped":
        return CheckerSpec("lines", ("ignore_blank_lines",) if arguments.get("filter_new_line") else ())
    known = ", ".join([*_FIXED, *_MODE_OF, "sorted", "rstripped"])
    raise DataError(f"checker: expected one of DMOJ's own ({known}), got {name!r}; write it as a program")
