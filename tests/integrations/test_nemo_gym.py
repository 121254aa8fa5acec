"""The resources server with the released nemo-gym, which needs Python 3.13: its own application answers over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlef_env import Verdict
from rlef_env.integrations import nemo_gym as adapter
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, Case, fenced, write_dataset

pytest.importorskip("nemo_gym")


@pytest.fixture(scope="module")
def client() -> Any:
    from nemo_gym.server_utils import ServerClient
    from starlette.testclient import TestClient

    server = adapter.server_class()
    config = server.model_fields["config"].annotation(
        host="127.0.0.1", port=1, entrypoint="app.py", name="rlef", domain="coding"
    )
    return TestClient(server(config=config, server_client=ServerClient.model_construct()).setup_webserver())


def verified(client: Any, dataset: str, case: Case) -> dict[str, Any]:
    content = [{"type": "output_text", "text": fenced(case.program), "annotations": []}]
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": content}
    made = {"id": "r", "object": "response", "created_at": 0.0, "model": "m", "output": [message]}
    body = {
        "responses_create_params": {"input": [{"role": "user", "content": "?"}]},
        "verifier_metadata": {"problem_id": case.problem_id, "dataset": dataset},
        "response": {**made, "parallel_tool_calls": False, "tool_choice": "auto", "tools": []},
    }
    answer = client.post("/verify", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_each_case_is_rewarded_as_by_score(client: Any, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "problems.jsonl")
    for case in CASES:
        answer = verified(client, dataset, case)
        assert (answer["reward"], answer["verdict"], answer["mask_sample"]) == (case.reward, case.verdict.value, False)


def test_no_verdict_is_masked(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, verify_row = ScriptedJudge([Verdict.NO_VERDICT]), adapter.verify_row
    monkeypatch.setattr(adapter, "verify_row", lambda row: verify_row(row, pool=judge))
    answer = verified(client, write_dataset(tmp_path / "problems.jsonl"), CASES[0])
    assert (answer["mask_sample"], answer["failure_kind"]) == (True, "judge_failed")


def test_it_seeds_and_judges_again(client: Any) -> None:
    assert client.post("/seed_session", json={}).status_code == 200
    assert client.get("/reverify_mode").json() == "stateless"
