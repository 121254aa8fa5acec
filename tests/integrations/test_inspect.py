"""The task of inspect-ai, with the released package: evaluations with its mock model and the real judge."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from rlef_env import Verdict, load_dataset
from rlef_env.analysis.metrics import n_at_k
from rlef_env.errors import ProblemNotFound, UsageError
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, Case, fenced, write_dataset

inspect_ai = pytest.importorskip("inspect_ai")

from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402

from rlef_env.integrations import inspect as adapter  # noqa: E402

SUM = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(1)\n```"


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl")


def model(respond: Callable[[list[Any]], str]) -> Any:
    """Return inspect's mock model; the function makes each response from the messages so far."""

    def output(messages: list[Any], *_: object) -> ModelOutput:
        made = ModelOutput.from_content("mock", respond(messages))
        made.usage = ModelUsage()  # else the mock model downloads a tokenizer to count
        return made

    return get_model("mockllm/model", custom_outputs=output)


def evaluate(task: Any, respond: Callable[[list[Any]], str], logs: Path, **arguments: Any) -> Any:
    (log,) = inspect_ai.eval(task, model=model(respond), log_dir=str(logs), display="none", **arguments)
    return log


def metrics(log: Any) -> dict[str, float]:
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_is_judged_as_by_score(problems: str, case: Case, tmp_path: Path) -> None:
    task = adapter.rlef(problems, max_turns=1)
    log = evaluate(task, lambda _: fenced(case.program), tmp_path, sample_id=case.problem_id)
    (sample,) = log.samples
    outcome = sample.scores["rlef_solved"].metadata
    assert (log.status, outcome["verdict"], outcome["reward"]) == ("success", case.verdict.value, case.reward)
    assert metrics(log)["accuracy"] == float(case.verdict is Verdict.ACCEPTED)


def test_feedback_lets_the_model_repair(tmp_path: Path) -> None:
    log = evaluate(
        adapter.rlef("starter"),
        lambda messages: SUM if len(messages) > 1 else WRONG,
        tmp_path,
        sample_id="starter/add-numbers",
    )
    (sample,) = log.samples
    assert metrics(log) == {"accuracy": 1.0, "stderr": 0.0}
    assert [message.role for message in sample.messages] == ["user", "assistant", "user", "assistant"]
    assert "failed" in sample.messages[2].text
    assert sample.scores["rlef_solved"].metadata["solved_at"] == 2


def test_no_verdict_is_unscored(problems: str, tmp_path: Path) -> None:
    """Of four samples, the judge fails on one and accepts the others: accuracy is 3 of 3, not 3 of 4."""
    judge = ScriptedJudge([Verdict.NO_VERDICT, Verdict.ACCEPTED])
    task = adapter.rlef(load_dataset(problems), pool=judge)
    log = evaluate(task, lambda _: fenced("pass"), tmp_path, max_samples=1)
    lost, *others = sorted(log.samples, key=lambda sample: sample.scores["rlef_solved"].value == "C")
    score = lost.scores["rlef_solved"]
    assert math.isnan(score.value)
    assert (score.reason, score.metadata["reward"]) == ("scoring_failed", None)
    assert [sample.scores["rlef_solved"].value for sample in others] == ["C", "C", "C"]
    assert metrics(log)["accuracy"] == 1.0
    assert (log.results.scores[0].scored_samples, log.results.scores[0].unscored_samples) == (3, 1)


def test_a_model_that_reaches_a_limit_is_wrong(problems: str, tmp_path: Path) -> None:
    log = evaluate(
        adapter.rlef(problems), lambda _: fenced("pass"), tmp_path, sample_id="text", message_limit=3, max_samples=1
    )
    (sample,) = log.samples
    assert sample.limit is not None
    assert sample.scores["rlef_solved"].value == "I"


def test_samples_are_judged_at_once(problems: str, tmp_path: Path) -> None:
    """Each judgement waits until all four are there: one after the other would never end."""
    log = evaluate(
        adapter.rlef(problems, max_turns=1, pool=Together(4)), lambda _: fenced("pass"), tmp_path, max_samples=4
    )
    assert metrics(log)["accuracy"] == 1.0


class Together(ScriptedJudge):
    """Gives no judgement before it has a number of jobs."""

    def __init__(self, jobs: int) -> None:
        super().__init__()
        self._together, self._lock, self._pending = jobs, threading.Lock(), []

    def submit(self, job: Any, priority: int = 0, owner: Any = None) -> Any:
        future: Future[Any] = Future()
        with self._lock:
            self._pending.append((future, self._judgement(job)))
            if len(self._pending) == self._together:
                for each, judgement in self._pending:
                    each.set_result(judgement)
        return future


def test_n_at_k_of_a_log(problems: str, tmp_path: Path) -> None:
    """Two of four epochs of each problem are solved in the first turn."""
    judge = ScriptedJudge([Verdict.ACCEPTED, Verdict.WRONG_ANSWER] * 8)
    task = adapter.rlef(problems, max_turns=1, pool=judge)
    log = evaluate(task, lambda _: fenced("pass"), tmp_path, sample_id="text", epochs=4, max_samples=1)
    outcomes = [sample.scores["rlef_solved"].metadata for sample in log.samples]
    passed, solved = zip(*((each["passed_public"], bool(each["solved_at"])) for each in outcomes), strict=True)
    assert n_at_k(passed, solved, 1, 2) == pytest.approx(1 - 1 / 6)


def test_bad_input_is_one_line(problems: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="max_turns"):
        adapter.rlef(problems, max_turns=0)
    with pytest.raises(UsageError, match="its only one"):
        adapter.rlef("starter", split="test")
    other = inspect_ai.Task(
        dataset=[inspect_ai.dataset.Sample("?", metadata={"problem_id": "unknown"})],
        solver=adapter.repair(adapter.Episodes(problems)),
        scorer=adapter.rlef_solved(),
    )
    log = evaluate(other, lambda _: "", tmp_path)
    assert log.status == "error"
    assert ProblemNotFound.__name__ in log.error.traceback
    without = inspect_ai.Task(
        dataset=[inspect_ai.dataset.Sample("?")], solver=inspect_ai.solver.generate(), scorer=adapter.rlef_solved()
    )
    assert "expected a sample that the solver repair played" in evaluate(without, lambda _: "", tmp_path).error.message


def test_the_command_finds_the_task(problems: str, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("inspect")), "eval", "rlef_env/rlef", "--model", "mockllm/model"]
    # The mock model counts tokens with tiktoken, which downloads its vocabulary: here a token is a character.
    offline = (
        "import tiktoken\ntiktoken.get_encoding = lambda name: tiktoken.Encoding(name, pat_str='.', "
        "mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={})\n"
    )
    (tmp_path / "sitecustomize.py").write_text(offline)
    process = subprocess.run(
        [*command, "--limit", "2", "-T", "max_turns=2", "--log-dir", str(tmp_path / "logs"), "--display", "none"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert process.returncode == 0, process.stdout + process.stderr
    (info,) = inspect_ai.log.list_eval_logs(str(tmp_path / "logs"))
    log = inspect_ai.log.read_eval_log(info)
    assert (log.status, len(log.samples), metrics(log)["accuracy"]) == ("success", 2, 0.0)
    assert json.loads(json.dumps(log.eval.task_args)) == log.eval.task_args
