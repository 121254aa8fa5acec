"""The page's differences between programs, against what they must be for any two texts."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def script(chromium: Any) -> Any:
    """A blank window with the functions of diff.js."""
    source = files("rlef_env.analysis.report").joinpath("assets", "diff.js").read_text(encoding="utf-8")
    page = chromium.new_page()
    page.evaluate(
        f"() => {{ {source}; window.differences = differences; window.steps = steps; window.withinLine = withinLine; }}"
    )
    yield page
    page.close()


def test_a_difference_holds_both_programs_and_is_shortest(script: Any) -> None:
    """Random programs of few different lines; the shortest difference is known from the longest common subsequence."""
    wrong = script.evaluate(Path(__file__).with_name("differences.js").read_text(encoding="utf-8"))
    assert wrong == []


def test_changed_words_are_marked_and_unlike_lines_are_not(script: Any) -> None:
    assert script.evaluate("withinLine('for i in range(n):', 'for i in range(n + 1):')") == [
        [["for i in range(n):", False]],
        [["for i in range(n", False], [" + 1", True], ["):", False]],
    ]
    assert script.evaluate("withinLine('import sys', 'return 0')") == [[["import sys", False]], [["return 0", False]]]


def test_very_different_long_programs_take_no_time(script: Any) -> None:
    rows = script.evaluate(
        "() => differences(Array.from({length: 4000}, (_, i) => `a${i}`).join('\\n'), "
        "Array.from({length: 4000}, (_, i) => `b${i}`).join('\\n')).length"
    )
    assert rows == 8000
