"""The judging of NeMo Gym's rows, on the form of the bodies of ``/verify`` of nemo-gym 0.7.0."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from rlef_env import Verdict, load_dataset
from rlef_env.errors import NoVerdictError, ProblemNotFound, UsageError
from rlef_env.integrations.nemo_gym import response_text, server_class, verify_row
from rlef_env.integrations.rows import training_rows
from rlef_env.testing import ScriptedJudge
from tests.asynchronous import run
from tests.integrations.cases import CASES, Case, fenced, write_dataset


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    name = write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl")
    written = training_rows("nemo-gym", load_dataset(name), name)
    return {row["verifier_metadata"]["problem_id"]: row for row in written}


def response(*texts: str) -> dict[str, Any]:
    """Return a response with a thought and a message of these parts."""
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    thought = {"id": "r", "type": "reasoning", "summary": [{"type": "summary_text", "text": fenced("print(0)")}]}
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": parts}
    return {"id": "resp", "object": "response", "created_at": 0.0, "model": "m", "output": [thought, message]}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_is_rewarded_as_by_score(rows: dict[str, Any], case: Case) -> None:
    answer = run(verify_row({**rows[case.problem_id], "response": response(fenced(case.program))}))
    solved = float(case.verdict is Verdict.ACCEPTED)
    assert answer == {"reward": case.reward, "solved": solved, "verdict": case.verdict.value}


def test_no_verdict_is_an_error_and_never_a_number(rows: dict[str, Any]) -> None:
    row = {**rows["text"], "response": response(fenced("pass"))}
    with pytest.raises(NoVerdictError, match="text: the judge failed"):
        run(verify_row(row, pool=ScriptedJudge([Verdict.NO_VERDICT])))


def test_only_the_last_message_of_the_model_is_read() -> None:
    assert response_text(response("a", "b")) == "ab"
    assert response_text({"output": []}) == ""
    assert response_text({"output": [{"type": "message", "role": "user", "content": "print(1)"}]}) == ""
    assert response_text({"output": [{"type": "reasoning", "summary": []}]}) == ""


def test_bad_input_is_one_line(rows: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected problem_id and dataset"):
        run(verify_row({"response": response("")}))
    metadata = {**rows["text"]["verifier_metadata"], "problem_id": "unknown"}
    with pytest.raises(ProblemNotFound, match="unknown"):
        run(verify_row({"verifier_metadata": metadata, "response": response("")}))


@pytest.mark.skipif(find_spec("nemo_gym") is not None, reason="nemo-gym is installed")
def test_the_missing_package_is_one_line() -> None:
    with pytest.raises(ImportError, match="expected nemo-gym to be installed; pip install nemo-gym"):
        server_class()
