"""The table of families on docs/procedural.md agrees with the families."""

from __future__ import annotations

from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest

from rlef_env.problems.procedural import FAMILIES, Family


def row(family: Family[Any]) -> str:
    """Return the family's row of the table."""
    test = family.generate(0, family.grades[0]).public_tests[0]
    example = " → ".join(
        text.rstrip("\n").replace("\n", " ⏎ ").replace("|", "\\|") for text in (test.input, test.output)
    )
    knobs = "; ".join(knob_text(family, knob) for knob in fields(family.default))
    return f"| `{family.name}` | {family.summary} | {knobs} | `{example}` |"


def knob_text(family: Family[Any], knob: Field[Any]) -> str:
    values = [str(getattr(config, knob.name)).lower() for config in family.grades]
    shown = ", ".join(values) if len(set(values)) > 1 else values[0]
    bounds = f" ({knob.metadata['minimum']} to {knob.metadata['maximum']})" if knob.metadata else ""
    return f"`{knob.name}`{bounds} {shown}"


@pytest.mark.parametrize("name", FAMILIES)
def test_the_table_has_the_family(name: str, root: Path) -> None:
    page = (root / "docs" / "procedural.md").read_text(encoding="utf-8")
    assert row(FAMILIES[name]) in page.splitlines(), f"docs/procedural.md should have the row\n{row(FAMILIES[name])}"
