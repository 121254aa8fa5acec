"""Random settings of a package: they are read, or refused in one line."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems.packages import read_package
from tools.samples import DMOJ, KATTIS, KATTIS_2025, write_package

values = st.sampled_from(
    [None, True, 3, -1, 1.5, "x", "", [], {}, [1], ["a"], [[]], {"a": 1}, {"": None}, 10**30, "sample", "1.in", "{{a}}"]
)


def some(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), values, max_size=3)


GROUP = some(
    *("max_score", "score_aggregation", "require_pass", "args", "output_validator_args", "full_feedback"),
    "static_validation_score",
)
later = st.fixed_dictionaries(
    {
        "problem.yaml": some("type", "uuid", "credits", "source", "limits", "keywords", "languages", "constants").map(
            lambda fields: {"problem_format_version": "2025-09", "name": "Sum", **fields}
        ),
        "data/test_group.yaml": GROUP,
        "data/secret/test_group.yaml": GROUP,
        "data/secret/1.yaml": GROUP,
        "submissions/submissions.yaml": st.dictionaries(
            st.sampled_from(["accepted", "a/*", "{a", "a/{b,c}", "[x]"]),
            values | some("permitted", "required", "language", "sample"),
            max_size=2,
        ),
    }
).map(lambda files: {**KATTIS_2025, "submissions/accepted/a.py": "{{a}}", **files})
TESTDATA = some("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "output_validator_flags")
legacy = st.fixed_dictionaries(
    {
        "problem.yaml": some("name", "type", "validation", "validator_flags", "grading", "limits", "source"),
        "data/testdata.yaml": TESTDATA,
        "data/secret/testdata.yaml": TESTDATA,
    }
).map(lambda files: {**KATTIS, **files})
CASE = some("in", "out", "points", "checker", "batched", "dependencies", "binary_data")
dmoj = st.builds(
    lambda fields, cases: {**DMOJ, "init.yml": {"test_cases": [{"in": "1.in", "out": "1.out"}, *cases], **fields}},
    some("archive", "pretest_test_cases", "short_circuit", "points", "checker", "interactive", "unbuffered"),
    st.lists(CASE | CASE.map(lambda case: {"batched": [case], "points": 3}), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(later | legacy | dmoj)
def test_any_settings(files: dict[str, Any]) -> None:
    root, message = Path(tempfile.mkdtemp()), ""
    try:
        texts = {name: text if isinstance(text, str) else json.dumps(text) for name, text in files.items()}
        read_package(write_package(root, texts))
    except DataError as error:
        message = str(error)
    finally:
        shutil.rmtree(root)
    assert "\n" not in message
