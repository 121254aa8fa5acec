"""The judge over HTTP: what clients of SandboxFusion expect, our own API, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.judge import Judge, Judgement, TestResult
from rlef_env.problems import TestGroup
from rlef_env.problems.writing import problem_to_row
from rlef_env.sandbox import Program, installed_languages
from rlef_env.server import JudgeServer
from rlef_env.server.admission import Admission, Refused
from tests.clashing import clashing
from tests.server.serving import ECHO, JSON, SETTINGS, STARTER, port_of, post, run_code

# --- SandboxFusion's clients ------------------------------------------------------------------------------------------


def verl_score(url: str, code: str, given: Any, expected: str, language: str = "python", seconds: float = 100) -> Any:
    """Return a test's score as verl computes it: True, False, or -1 (service), -2 (run), -3 (time), -4 (compiling)."""
    content = {
        "compile_timeout": 100,  # verl sends the same as for the run; the server waits for both, on a slow machine too
        "run_timeout": seconds,
        "code": code,
        "stdin": given,
        "memory_limit_MB": 1024,
        "language": language,
        "files": {},
        "fetch_files": [],
    }
    answer = requests.post(url, headers=JSON, data=json.dumps(content), timeout=280)
    if answer.status_code != 200:
        return -1
    content = answer.json()
    compiled, ran = content["compile_result"], content["run_result"]
    if content["status"] == "Success":
        return ran["stdout"].rstrip("\n") == expected.rstrip("\n") if ran["status"] == "Finished" else -1
    if content["status"] != "Failed":
        return -1
    if compiled and (compiled["status"] != "Finished" or compiled["return_code"] != 0):
        return -4
    return -3 if ran["status"] == "TimeLimitExceeded" else -2


@pytest.mark.parametrize(
    ("code", "given", "score"),
    [
        ("print(input())", "5\n", True),
        ("print(input(), end='')", "5", True),
        ("print(6)", "5\n", False),
        ("import sys\nprint(sys.stdin.read() == '')", None, False),
        ("1 / 0", "5\n", -2),
        ("print(", "5\n", -2),
        ("import os\nos.kill(os.getpid(), 9)", "5\n", -2),
        ("x = bytearray(2 * 10**9)", "5\n", -2),
        ("import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)", "5\n", -2),
        ("while True: print('x' * 10**6)", "5\n", -2),
        ("while True: pass", "5\n", -3),
        ("import time\ntime.sleep(60)", "5\n", -3),
        ("int main() { }", "5\n", False),
        ("int main() { return 1; }", "5\n", -2),
        ("int main() { oops }", "5\n", -4),
    ],
)
def test_verl_gets_the_scores_that_sandbox_fusion_gives(server: JudgeServer, code: str, given: Any, score: Any) -> None:
    language = "cpp" if code.startswith("int") else "python"
    if language not in installed_languages():
        pytest.skip("needs g++")
    seconds = 0.2 if score == -3 else 100
    assert verl_score(f"{server.url}/run_code", code, given, "5\n", language, seconds) is score


def test_a_run_has_the_fields_of_sandbox_fusion(server: JudgeServer) -> None:
    answer = run_code(server, code="import sys\nprint('é')\nprint('e', file=sys.stderr)")
    assert set(answer) == {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}
    assert (answer["status"], answer["message"], answer["compile_result"], answer["files"]) == ("Success", "", None, {})
    ran = answer["run_result"]
    assert ran.pop("execution_time") > 0
    assert ran == {"status": "Finished", "return_code": 0, "stdout": "é\n", "stderr": "e\n"}


HELLO = {
    "c": '#include <stdio.h>\nint main() { puts("hello"); }',
    "cpp": '#include <cstdio>\nint main() { puts("hello"); }',
    "go": 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }',
    "rust": 'fn main() { println!("hello"); }',
    "java": 'public class Main { public static void main(String[] a) { System.out.println("hello"); } }',
    "nodejs": "console.log('hello')",
}


@pytest.mark.parametrize("language", HELLO)
def test_every_installed_language_runs(server: JudgeServer, language: str) -> None:
    if {"nodejs": "javascript"}.get(language, language) not in installed_languages():
        answer = post(server, "/run_code", {"language": language, "code": HELLO[language]})
        assert answer.status_code == 422
        assert "install it" in answer.json()["detail"]
        return
    answer = run_code(server, language=language, code=HELLO[language])
    assert answer["run_result"]["stdout"] == "hello\n"
    assert answer["compile_result"]["return_code"] == 0


def test_data_sets_ids_and_prompts(server: JudgeServer) -> None:
    assert requests.get(f"{server.url}/v1/ping", timeout=250).json() == "pong"
    assert requests.get(f"{server.url}/list_datasets", timeout=250).json() == ["starter", "tiny", "broken"]
    ids = post(server, "/list_ids", {"dataset": "starter", "config": {}}).json()
    assert ids == list(STARTER.ids)
    prompts = post(server, "/get_prompts", {"dataset": "starter", "config": {}, "offset": 2, "limit": 3}).json()
    assert [prompt["id"] for prompt in prompts] == ids[2:5]
    one = post(server, "/get_prompt_by_id", {"dataset": "starter", "id": ids[2], "config": {"language": "cpp"}}).json()
    assert set(one) == {"id", "prompt", "labels"}
    assert one["prompt"].startswith(STARTER[2].statement)
    assert "cpp" in one["prompt"]


def test_submitted_responses_get_an_eval_result(server: JudgeServer) -> None:
    config = {"language": "python", "extra": {"run_all_cases": True}}

    def submitted(source: str) -> dict[str, Any]:
        completion = f"Here:\n```python\n{source}\n```"
        content = {"dataset": "tiny", "id": "echo", "completion": completion, "config": config}
        found: dict[str, Any] = post(server, "/submit", content).json()
        return found

    right, wrong = submitted("print(input())"), submitted("print(2)")
    assert (right["id"], right["accepted"], right["extracted_code"]) == ("echo", True, "print(input())")
    assert [test["passed"] for test in wrong["tests"]] == [False, True, False]
    assert not wrong["accepted"]
    failed = wrong["tests"][0]
    assert failed["test_info"] == {"input": {"stdin": "1\n"}, "output": {"stdout": "1\n"}}
    assert failed["exec_info"]["status"] == "Success"
    assert failed["exec_info"]["run_result"]["stdout"] == "2\n"
    crashed = submitted("1 / 0")["tests"][0]["exec_info"]
    assert (crashed["status"], crashed["run_result"]["return_code"]) == ("Failed", 1)
    assert "ZeroDivisionError" in crashed["run_result"]["stderr"]
    none = post(server, "/submit", {"dataset": "tiny", "id": "echo", "completion": "no idea", "config": config}).json()
    assert (none["accepted"], none["extracted_code"], none["tests"]) == (False, "", [])


def test_no_verdict_is_an_error_and_not_a_wrong_answer(server: JudgeServer) -> None:
    """SandboxFusion's client retries after a 500."""
    content = {"dataset": "tiny", "id": "untested", "completion": "```\nprint()\n```", "config": {"language": "python"}}
    answer = post(server, "/submit", content)
    assert answer.status_code == 500
    assert "no verdict" in answer.json()["detail"]


def test_submit_takes_a_problem_in_the_request(server: JudgeServer) -> None:
    """In SandboxFusion's data set type for rows that its server does not have."""
    test = [{"input": {"stdin": "4"}, "output": {"stdout": "8"}}]
    config = {
        "language": "python",
        "dataset_type": "CommonOJDataset",
        "provided_data": {"id": 7, "content": "Double.", "labels": {}, "test": test},
    }
    for factor, accepted in ((2, True), (3, False)):
        completion = f"```python\nprint({factor} * int(input()))\n```"
        content = {"dataset": "mine", "id": 7, "completion": completion, "config": config}
        answer = post(server, "/submit", content).json()
        assert (answer["id"], answer["accepted"]) == (7, accepted)


# --- /judge -----------------------------------------------------------------------------------------------------------

SOURCES = ["print(input())", "print(2)", "1 / 0", "print("]
OPTIONS = [{"stop_early": False}, {"gate": 2}, {"offset": 1, "limit": 1}]


@pytest.mark.parametrize("named", [True, False])
def test_judgements_equal_those_of_the_judge(server: JudgeServer, named: bool) -> None:
    problem = {"dataset": "tiny", "id": "echo"} if named else {"problem": problem_to_row(ECHO)}
    with Judge() as judge:
        for source, options in product(SOURCES, OPTIONS):
            sent = {"first" if name == "offset" else name: value for name, value in options.items()}
            answer = post(server, "/judge", {**problem, "program": source, **sent}).json()
            expected = judge.judge(ECHO, Program(source), **options)  # type: ignore[arg-type]
            assert (answer["verdict"], answer["passed"], answer["total"]) == (
                expected.verdict.value,
                expected.passed,
                expected.total,
            )
            for row, result in zip(answer["results"], expected.results, strict=True):
                assert all(row[name] == getattr(result, name) for name in ("role", "index", "category", "stdout"))
                assert row["verdict"] == result.verdict.value


def test_a_judgement_has_every_field_and_its_points(server: JudgeServer) -> None:
    groups = (TestGroup("easy", 30.0, (("private", 0),)), TestGroup("hard", 70.0, (("private", 1),)))
    problem = replace(ECHO, id="scored", groups=groups)
    answer = post(
        server, "/judge", {"problem": problem_to_row(problem), "program": "print(2)", "stop_early": False}
    ).json()
    assert answer["score"] == 30.0
    assert answer["groups"] == [
        {"name": "easy", "earned": 30.0, "points": 30.0},
        {"name": "hard", "earned": 0.0, "points": 70.0},
    ]
    elsewhere = {"test_cpu_seconds", "test_peak_bytes", "judge_failed"}  # in each result; implied by the verdict
    assert {field.name for field in fields(Judgement)} - elsewhere <= set(answer)
    assert {*TestResult._fields, "cpu_seconds", "peak_bytes"} == set(answer["results"][0])


def test_roles_and_limit_select_the_tests(server: JudgeServer) -> None:
    content = {"dataset": "tiny", "id": "echo", "program": "print(2)", "roles": ["private"], "limit": 1}
    answer = post(server, "/judge", content).json()
    assert (answer["verdict"], answer["total"]) == ("accepted", 1)


# --- refused requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "status", "words"),
    [
        ("/run_code", {"code": "1", "language": "cobol"}, 422, "one of python, cpp"),
        ("/run_code", {"language": "python"}, 422, "'code'"),
        ("/run_code", {"code": "1", "language": "python", "files": {"a.txt": "YQ=="}}, 422, "files"),
        ("/run_code", {"code": "1", "language": "python", "fetch_files": ["a.txt"]}, 422, "fetch_files"),
        ("/run_code", {"code": "1", "language": "python", "run_timeout": 1e9}, 422, "run_timeout"),
        ("/run_code", {"code": "1", "language": "python", "stdin": 5}, 422, "stdin"),
        ("/run_code", [], 422, "JSON object"),
        ("/judge", {"dataset": "none", "id": "echo", "program": "1"}, 404, "starter, tiny"),
        ("/judge", {"dataset": "tiny", "id": "ecko", "program": "1"}, 404, "'echo'"),
        ("/judge", {"dataset": "tiny", "id": "echo", "program": "1", "role": []}, 422, "only problem"),
        ("/judge", {"dataset": "tiny", "id": "echo", "program": "1", "roles": ["secret"]}, 422, "roles[0]"),
        ("/judge", {"dataset": "tiny", "id": "echo", "program": "1", "language": "cobol"}, 422, "language"),
        ("/judge", {"problem": {"name": "?"}, "program": "1"}, 422, "schemas"),
        ("/submit", {"dataset": "tiny", "id": "nope", "completion": "", "config": {}}, 404, "'echo'"),
        ("/list_ids", {"dataset": "tiny", "config": {}, "offset": -1}, 422, "offset"),
        ("/judge", {"dataset": "broken", "id": "echo", "program": "1"}, 500, "internal error"),
        ("/judge", {"dataset": "tiny", "id": "echo", "program": "1" * 3_000_000}, 413, "2000000 bytes"),
    ],
)
def test_a_bad_request_gets_a_clear_error(
    server: JudgeServer, path: str, content: Any, status: int, words: str
) -> None:
    answer = post(server, path, content)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert "Traceback" not in answer.text
    assert "fire" not in answer.text


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS: dict[str, dict[str, Any]] = {
    "/run_code": {"code": "1", "language": "python", "stdin": "", "run_timeout": 1, "compile_timeout": 1, "files": {}},
    "/judge": {"dataset": "tiny", "id": "echo", "program": "1", "roles": ["public"], "gate": 1, "stop_early": True},
    "/submit": {"dataset": "tiny", "id": "echo", "completion": "```\n1\n```", "config": {"language": "python"}},
    "/get_prompts": {"dataset": "tiny", "config": {"language": "python"}, "offset": 0, "limit": 1},
}


@settings(max_examples=60)
@given(path=st.sampled_from(sorted(FIELDS)), data=st.data())
def test_no_request_causes_an_internal_error(server: JudgeServer, path: str, data: st.DataObject) -> None:
    """Up to two fields, of the request or of its ``config``, have random values."""
    content = json.loads(json.dumps(FIELDS[path]))
    places = [
        (content, key) for key in [*content, "problem", "layout", "priority", "first", "limit", "memory_limit_MB"]
    ]
    if "config" in content:
        names = ["language", "run_timeout", "provided_data", "extra", "custom_extract_logic"]
        places += [(content["config"], key) for key in names]
    for place, key in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=2, unique_by=lambda at: at[1])):
        place[key] = data.draw(anything)
    answer = post(server, path, content)
    starved = answer.status_code == 504 or "no verdict: starved" in answer.text  # by a slow machine
    assert answer.status_code in (200, 404, 422) or starved, answer.text


def test_requests_that_a_web_page_could_send_are_refused(server: JudgeServer) -> None:
    content = {"code": "print(1)", "language": "python"}
    assert post(server, "/run_code", content, **{"Content-Type": "text/plain"}).status_code == 415
    assert post(server, "/run_code", content, Host="evil.example").status_code == 400
    assert requests.get(f"{server.url}/list_datasets", headers={"Host": "evil.example"}, timeout=250).status_code == 400


def test_a_body_without_a_length_is_limited(server: JudgeServer) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 100_000

    try:
        answer = requests.post(f"{server.url}/judge", data=parts(), headers=JSON, timeout=250)
    except requests.ConnectionError:
        return  # refused while it was still being sent
    assert answer.status_code == 413


ROUTES = ("/run_code", "/submit", "/list_ids", "/get_prompts", "/get_prompt_by_id", "/judge")
LONG = "x" * 500_000
HOSTILE = {
    "brackets": '{"id": ' + "[" * 5000 + "]" * 5000 + "}",
    "many keys, one twice": "{" + "".join(f'"k{number}": 0, ' for number in range(20_000)) + '"k0": 1}',
    "clashing keys": json.dumps(
        {
            "problem": {
                "problem_id": 1,
                "question": "q",
                "input_output": json.dumps(
                    {"fn_name": "f", "inputs": [[dict.fromkeys(map(str, clashing(12)))]], "outputs": [1]}
                ),
            },
            "program": "",
        }
    ),
    "a long id": json.dumps({"dataset": "starter", "id": LONG, "completion": "", "program": "", "config": {}}),
    "a long data set": json.dumps({"dataset": LONG, "id": "1", "completion": "", "program": "", "config": {}}),
    "a long language": json.dumps({"dataset": "starter", "language": LONG, "config": {"language": LONG}, "code": "1"}),
    "a long key": json.dumps({LONG: 1, "config": {LONG: 1}}),
    "a number of many digits": '{"dataset": "starter", "offset": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_get_a_short_answer(server: JudgeServer, name: str) -> None:
    for route in ROUTES:
        answer = requests.post(server.url + route, HOSTILE[name], headers=JSON, timeout=250)
        assert answer.status_code in (200, 404, 422), (route, answer.text[:300])
        assert len(answer.content) < (200_000 if answer.status_code == 200 else 2300), route


class Sent:
    """A request, as far as ``Admission.enter`` reads it."""

    def __init__(self, length: str | None) -> None:
        self.headers = {} if length is None else {"content-length": length}


def test_the_size_of_all_pending_bodies_is_limited() -> None:
    admission = Admission(None, max_pending=100, max_bytes=1000)

    def enter(length: str | None) -> int:
        return admission.enter(Sent(length), 503)  # type: ignore[arg-type]

    # A missing length, and one that is no number, count as the maximum.
    assert [enter(length) for length in ("1", "900", None, "9" * 5000, "-1")] == [1, 900, 1000, 1000, 1000]
    for _ in range(4):
        enter("1000")
    with pytest.raises(Refused, match="fill the memory"):
        enter("1000")
    admission.leave(1000)
    assert enter("1000") == 1000


def test_listening_beyond_loopback_needs_a_token() -> None:
    with pytest.raises(UsageError, match="RLEF_TOKEN"):
        JudgeServer(replace(SETTINGS, host="0.0.0.0"))
    with pytest.raises(UsageError, match="empty"):
        JudgeServer(replace(SETTINGS, token=" "))


def test_requests_without_the_token_are_refused() -> None:
    content = {"code": "print(1)", "language": "python"}
    with JudgeServer(replace(SETTINGS, token="s3cret", workers=1)) as server:
        basic = base64.b64encode(b"verl:s3cret").decode()
        for value in ("", "Bearer", "Bearer s3cre", "Bearer s3crets", "Basic s3cret", "Basic " + basic[:-4], "s3cret"):
            answer = post(server, "/run_code", content, Authorization=value)
            assert answer.status_code == 401, value
            assert "s3cret" not in answer.text
        for path in ("/metrics", "/list_datasets"):
            assert requests.get(server.url + path, timeout=250).status_code == 401
        assert requests.get(f"{server.url}/v1/ping", timeout=250).json() == "pong"
        assert post(server, "/run_code", content, Authorization="Bearer s3cret").status_code == 200
        # verl and SandboxFusion's client do not support tokens, but send one that is in the URL:
        url = server.url.replace("http://", "http://verl:s3cret@")
        assert verl_score(f"{url}/run_code", "print(1)", None, "1") is True


def test_a_judged_program_cannot_reach_the_server(server: JudgeServer) -> None:
    code = f"import socket\nsocket.create_connection(('127.0.0.1', {port_of(server)}), 5)"
    answer = run_code(server, code=code)
    assert answer["status"] == "Failed"
    assert "Error" in answer["run_result"]["stderr"]
    assert "ConnectionRefused" not in answer["run_result"]["stderr"], "the program reached the network"
