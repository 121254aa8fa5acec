"""Each format as it is written: its fields are those that the real package has, recorded in recorded.json.

``test_viewers.py`` opens each format with the real package, and holds the record to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from rlef_env.analysis.exports import EXPORTS, export_run
from rlef_env.analysis.exports.hugging_face import chats, preference_rows
from rlef_env.analysis.exports.inspect_log import eval_log
from rlef_env.analysis.exports.nemo_gym import rollouts
from rlef_env.analysis.exports.scout import COLUMNS, transcripts
from rlef_env.analysis.exports.source import Source
from rlef_env.analysis.exports.tensorboard import scalars
from rlef_env.analysis.exports.verifiers_traces import trace_episodes
from rlef_env.cli.command import main
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder
from tests.analysis.exports.sample_run import ODD, RIGHT, make_run

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded.json").read_text())


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run(tmp_path_factory.mktemp("evaluation") / "run")


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run(tmp_path_factory.mktemp("training") / "run", training=True)


def check_fields(package: str, name: str, row: Mapping[str, Any]) -> None:
    """Check a row against the recorded fields of a class of the package."""
    known = RECORDED[package][name]
    assert not row.keys() - set(known["fields"]), (name, row.keys() - set(known["fields"]))
    assert not set(known["required"]) - row.keys(), (name, set(known["required"]) - row.keys())


def inspect_log(run: RunFolder) -> dict[str, Any]:
    source = Source(run)
    return eval_log(source, ("evaluate", "", None), list(source.records()))


def test_inspect_log_has_the_fields_of_inspect(evaluation: RunFolder) -> None:
    log = inspect_log(evaluation)
    json.dumps(log, allow_nan=False)
    parts: Iterator[tuple[str, Any]] = iter(
        [
            ("EvalLog", log),
            ("EvalSpec", log["eval"]),
            ("EvalDataset", log["eval"]["dataset"]),
            ("EvalConfig", log["eval"]["config"]),
            ("EvalPlan", log["plan"]),
            ("EvalPlanStep", log["plan"]["steps"][0]),
            ("EvalResults", log["results"]),
            ("EvalScore", log["results"]["scores"][0]),
            ("EvalMetric", log["results"]["scores"][0]["metrics"]["stderr"]),
            ("EvalStats", log["stats"]),
        ]
    )
    for name, row in parts:
        check_fields("inspect-ai", name, row)
    for sample in log["samples"]:
        check_fields("inspect-ai", "EvalSample", sample)
        check_fields("inspect-ai", "ModelOutput", sample["output"])
        check_fields("inspect-ai", "ModelUsage", sample["model_usage"]["mixed"])
        for message in sample["messages"]:
            name = {"user": "ChatMessageUser", "assistant": "ChatMessageAssistant"}[message["role"]]
            check_fields("inspect-ai", name, message)
        if "scores" in sample:
            check_fields("inspect-ai", "Score", sample["scores"]["solved"])
        else:
            check_fields("inspect-ai", "EvalError", sample["error"])


def test_inspect_leaves_out_what_has_no_verdict(evaluation: RunFolder) -> None:
    log = inspect_log(evaluation)
    *scored, lost = log["samples"]
    assert [sample["scores"]["solved"]["value"] for sample in scored] == ["C", "I", "C", "C", "C"]
    assert "scores" not in lost
    assert "the judge failed" in lost["error"]["message"]
    score = log["results"]["scores"][0]
    assert (score["scored_samples"], score["unscored_samples"]) == (5, 1)
    assert score["metrics"]["accuracy"]["value"] == (3 / 4 + 1) / 2  # two problems have a verdict
    assert [(sample["id"], sample["epoch"]) for sample in scored] == [("sum", n) for n in (1, 2, 3, 4)] + [(ODD, 1)]


def test_verifiers_traces_have_the_fields_of_verifiers(evaluation: RunFolder, training: RunFolder) -> None:
    for run, kind in ((evaluation, "EvalRunInfo"), (training, "TrainRunInfo")):
        for row in trace_episodes(Source(run)):
            json.dumps(row, allow_nan=False)
            (trace,) = row["traces"]
            parts = [("Episode", row), ("EnvInfo", row["env"]), ("GroupInfo", row["group"]), (kind, row["run"])]
            parts += [("Trace", trace), ("TraceTask", trace["task"]), ("TaskData", trace["task"]["data"])]
            parts += [("AgentInfo", trace["agent"]), ("AgentConfig", trace["agent"]["config"])]
            parts += [("Timing", trace["timing"]), ("VersionInfo", trace["verifiers"])]
            parts += [("MessageNode", node) for node in trace["nodes"]]
            parts += [("ModelCall", call) for call in trace["calls"]]
            parts += [("Usage", call["usage"]) for call in trace["calls"]]
            parts += [("Error", error) for error in row["errors"]]
            parts += [("Reward", reward) for reward in trace["rewards"].values() if reward is not None]
            for name, part in parts:
                check_fields("verifiers", name, part)
            assert trace["verifiers"]["version"] == RECORDED["verifiers"]["version"]


def test_verifiers_has_no_reward_without_a_verdict(evaluation: RunFolder) -> None:
    *scored, lost = [row["traces"][0] for row in trace_episodes(Source(evaluation))]
    assert [trace["rewards"]["episode"]["score"] for trace in scored] == [1, -1, 1, 1, 1]
    assert (lost["rewards"]["episode"], lost["metrics"]["solved"], lost["ok"], len(lost["errors"])) == (
        *(None, None),
        *(False, 1),
    )
    two_turns = scored[0]
    assert [node["parent"] for node in two_turns["nodes"]] == [None, 0, 1, 2]
    assert [node["sampled"] for node in two_turns["nodes"]] == [False, True, False, True]
    assert [call["node"] for call in two_turns["calls"]] == [1, 3]


def test_scout_columns_are_those_of_scout(evaluation: RunFolder, tmp_path: Path) -> None:
    recorded = RECORDED["inspect-scout"]["columns"]
    names = {"large_string": "string", "int64": "int64", "bool": "bool", "double": "float64"}
    shared = {name: kind for name, kind in COLUMNS.items() if name in recorded}
    assert shared == {name: names[kind] for name, kind in recorded.items() if name in COLUMNS}
    assert {"transcript_id", "messages", "task_id", "task_repeat", "score", "success", "error"} <= shared.keys()
    export_run(evaluation, "scout", tmp_path / "out")
    table = pyarrow.parquet.read_table(tmp_path / "out" / "transcripts-00000.parquet").to_pylist()
    assert table == [dict.fromkeys(COLUMNS) | row for row in transcripts(Source(evaluation))]
    assert [row["success"] for row in table] == [True, False, True, True, True, None]
    assert [row["score"] for row in table] == ["1", "0", "1", "1", "1", None]
    assert [row["error"] is None for row in table] == [True] * 5 + [False]
    assert len({row["transcript_id"] for row in table}) == 6
    assert json.loads(table[0]["messages"])[1]["content"].startswith("```python")


def test_nemo_gym_has_no_reward_without_a_verdict(evaluation: RunFolder, tmp_path: Path) -> None:
    assert "reward" not in list(rollouts(Source(evaluation)))[-1]
    lines = export_run(evaluation, "nemo-gym", tmp_path / "out")
    assert lines == ["rollouts.jsonl: 5 rollouts", "rollouts_failures.jsonl: 1 without a verdict"]
    files = {path.stem: list(map(json.loads, path.read_text().splitlines())) for path in (tmp_path / "out").iterdir()}
    keys = [(row["_ng_task_index"], row["_ng_rollout_index"], row["reward"]) for row in files["rollouts"]]
    assert keys == [(0, 0, 1), (0, 1, -1), (0, 2, 1), (0, 3, 1), (1, 0, 1)]
    inputs = [(row["_ng_task_index"], row["_ng_rollout_index"]) for row in files["rollouts_materialized_inputs"]]
    assert inputs == [key[:2] for key in keys]
    (failure,) = files["rollouts_failures"]
    assert (failure["mask_sample"], failure["failure_kind"]) == (True, "judge_failed")
    first = files["rollouts"][0]
    assert [each["role"] for each in first["responses_create_params"]["input"]] == ["user", "assistant", "user"]
    assert [each["content"][0]["text"] for each in first["response"]["output"]] == [RIGHT]
    assert {len(row["responses_create_params"]["input"]) for row in files["rollouts_materialized_inputs"]} == {1}


def test_chats_are_those_of_solved_episodes(evaluation: RunFolder, tmp_path: Path) -> None:
    rows = list(chats(Source(evaluation)))
    assert [(row["problem_id"], row["sample"], row["solved_at"]) for row in rows] == [
        ("sum", 0, 2), ("sum", 2, 1), ("sum", 3, 1), (ODD, 0, 1)
    ]  # fmt: skip
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant", "user", "assistant"]
    assert rows[0]["messages"][-1]["content"] == RIGHT
    assert export_run(evaluation, "hf", tmp_path / "out") == ["train.jsonl: 4 rows"]


def test_preference_pairs_answer_the_same_chat(evaluation: RunFolder) -> None:
    pairs = list(preference_rows(Source(evaluation)))
    # The first turn: the right program (twice, used once) against the close one. The second turn of samples 0 and 1,
    # whose chats were equal until then: the right one against the repeated one.
    assert [(pair["turn"], pair["problem_id"], len(pair["prompt"])) for pair in pairs] == [(1, "sum", 1), (2, "sum", 3)]
    for pair in pairs:
        assert pair["chosen"][0]["content"] == RIGHT
        assert "+ 1" in pair["rejected"][0]["content"]
        assert pair["prompt"][-1]["role"] == "user"


def test_curves(training: RunFolder) -> None:
    found = {(each.name, each.step): each.value for each in scalars(Source(training))}
    assert found == {
        ("train/loss", 1): 0.5,
        ("train/loss", 2): 0.25,
        ("evaluate/rate", 2): 0.5,
        ("episodes/train/solve_rate", 3): 0.8,
        ("episodes/train/no_verdict", 3): 1,
        ("episodes/evaluate/solve_rate", 5): 0.8,
        ("episodes/evaluate/no_verdict", 5): 1,
    }


def test_phase_and_limit(training: RunFolder) -> None:
    assert {record.phase for record in Source(training, "train").records()} == {"train"}
    assert len(list(Source(training, None, 3).records())) == 3


def test_ids_are_stable_and_differ(training: RunFolder) -> None:
    source = Source(training)
    ids = [source.id_of(record) for record in source.records()]
    assert len(set(ids)) == 12
    assert ids == [source.id_of(record) for record in Source(RunFolder.open(training.path)).records()]


@pytest.mark.parametrize("to", ["scout", "verifiers", "nemo-gym", "hf", "preferences"])
def test_the_command(to: str, evaluation: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["export", str(evaluation.path), "--to", to, "-o", str(out)]) == 0
    assert "Open with: " in capsys.readouterr().out
    assert main(["export", str(evaluation.path), "--to", to, "-o", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "expected a new or empty folder" in error


def test_an_unknown_format_is_refused(evaluation: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected one of inspect, scout, verifiers"):
        export_run(evaluation, "excel", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_documentation_names_each_format(root: Path) -> None:
    text = (root / "docs" / "exports.md").read_text(encoding="utf-8")
    for name, each in EXPORTS.items():
        assert f"| `{name}` | {each.what} |" in text, name
    for package in ("inspect-ai", "inspect-scout", "verifiers"):
        assert f"{package} {RECORDED[package]['version']}" in text, package
