"""docs/gallery.md equals the output of its generator, which plays every episode again."""

from __future__ import annotations

import pytest

from rlef_env.problems.procedural import FAMILIES
from rlef_env.problems.schemas import SCHEMAS
from tools.gallery import PAGE, page


@pytest.mark.slow
def test_the_page_is_what_the_generator_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tools.gallery"


def test_every_family_and_schema_is_on_the_page() -> None:
    headings = {line[4:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("### ")}
    assert {*FAMILIES, *(schema.label for schema in SCHEMAS), "Kattis"} <= headings
