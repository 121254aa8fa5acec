"""Extension fields of a row that CodeContests itself does not have: function, grader, interactor, groups, date."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from rlef_env.problems.graders import GRADERS
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import ROLES, FunctionSpec, InteractorSpec, Role, TestGroup

__all__ = [
    "date_from_field",
    "function_from_field",
    "function_to_row",
    "grader_from_field",
    "groups_from_field",
    "groups_to_row",
    "interactor_from_field",
    "interactor_to_row",
]

_PROTOCOLS: Final = ("kattis", "testlib")
_AGGREGATES: Final = ("min", "sum")


def date_from_field(field: Field) -> str | None:
    """Return a day as ``"2023-08-21"``, None if the field is absent.

    Raises:
        DataError: not a day of the calendar.
    """
    if not field.present:
        return None
    text = field.text()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise field.error("a day as YYYY-MM-DD", "write it like 2023-08-21, or null where it is unknown")


def function_from_field(field: Field) -> FunctionSpec | None:
    """Read ``{"entry_point": ..., "preamble": ...}``; return None if the field is absent.

    Raises:
        DataError: the name is not a Python name, or a field is invalid.
    """
    if not field.present:
        return None
    _only(field, "entry_point", "preamble")
    entry_point = field.child("entry_point")
    if not entry_point.text().isidentifier():
        raise entry_point.error("the name of a function", "write the name only")
    preamble = field.child("preamble")
    return FunctionSpec(entry_point.text(), preamble.text() if preamble.present else "")


def function_to_row(function: FunctionSpec) -> dict[str, str]:
    """Return the row of a function; ``function_from_field`` reads it back equal."""
    return {"entry_point": function.entry_point, "preamble": function.preamble}


def grader_from_field(field: Field) -> str:
    """Return the name of a grader, empty if the field is absent.

    Raises:
        DataError: no grader has this name.
    """
    if not field.present or field.value == "":
        return ""
    if field.text() not in GRADERS:
        raise field.error(f"one of {', '.join(GRADERS)}", "choose one of these, or leave the field out")
    return field.text()


def interactor_from_field(field: Field) -> InteractorSpec | None:
    """Read ``{"source", "language", "protocol", "flags"}``; return None if the field is absent.

    Raises:
        DataError: a field is missing or invalid.
    """
    if not field.present:
        return None
    _only(field, "source", "language", "protocol", "flags")
    language, flags = field.child("language"), field.child("flags")
    protocol = field.child("protocol")
    if protocol.present and protocol.value not in _PROTOCOLS:
        raise protocol.error(f"one of {', '.join(_PROTOCOLS)}", "choose one of these")
    return InteractorSpec(
        source=field.child("source").text(),
        language=language.text() if language.present else "python",
        protocol=protocol.value if protocol.present else "kattis",
        flags=tuple(flag.text() for flag in flags.items()) if flags.present else (),
    )


def interactor_to_row(interactor: InteractorSpec) -> dict[str, Any]:
    """Return the row of an interactor; ``interactor_from_field`` reads it back equal."""
    return {
        "source": interactor.source,
        "language": interactor.language,
        "protocol": interactor.protocol,
        "flags": list(interactor.flags),
    }


def groups_from_field(field: Field, tests: Mapping[Role, int]) -> tuple[TestGroup, ...]:
    """Read a list of ``{"name", "points", "tests": [[role, index], ...], "aggregate", "requires"}``.

    Args:
        field: the list; if it is absent, there are no groups.
        tests: the number of tests of each role.

    Raises:
        DataError: a field is invalid, or a group names a test or group that does not exist.
    """
    if not field.present:
        return ()
    items = field.items()
    names = [item.child("name").text() for item in items]
    known, seen = set(names), set[str]()
    groups = []
    for place, item in enumerate(items):
        _only(item, "name", "points", "tests", "aggregate", "requires")
        if names[place] in seen:
            raise item.child("name").error("a unique name", "rename one of the two groups")
        seen.add(names[place])
        aggregate, requires = item.child("aggregate"), item.child("requires")
        if aggregate.present and aggregate.value not in _AGGREGATES:
            raise aggregate.error(f"one of {', '.join(_AGGREGATES)}", "choose one of these")
        required = requires.items() if requires.present else []
        for other in required:
            if other.text() not in known:
                raise other.error("the name of a group", "add the group or leave it out")
        groups.append(
            TestGroup(
                name=names[place],
                points=item.child("points").number(),
                tests=tuple(_test_place(test, tests) for test in item.child("tests").items()),
                aggregate=aggregate.value if aggregate.present else "min",
                requires=tuple(other.text() for other in required),
            )
        )
    return tuple(groups)


def _test_place(field: Field, tests: Mapping[Role, int]) -> tuple[Role, int]:
    parts = field.items()
    if len(parts) != 2:
        raise field.error("a role and an index", 'write it like ["private", 0]')
    role, index = parts
    if role.value not in ROLES:
        raise role.error(f"one of {', '.join(ROLES)}", "choose one of these")
    named: Role = role.value
    if not 0 <= index.integer() < tests[named]:
        raise index.error(f"the place of one of the {tests[named]} {named} tests", "count from 0")
    return named, index.integer()


def groups_to_row(groups: Sequence[TestGroup]) -> list[dict[str, Any]]:
    """Return the row of groups; ``groups_from_field`` reads it back equal."""
    return [
        {
            "name": group.name,
            "points": group.points,
            "tests": [list(test) for test in group.tests],
            "aggregate": group.aggregate,
            "requires": list(group.requires),
        }
        for group in groups
    ]


def _only(field: Field, *keys: str) -> None:
    for key in field.table():
        if key not in keys:
            raise field.child(key).error(f"only {', '.join(keys)}", "leave the field out")
