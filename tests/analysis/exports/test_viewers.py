"""Each format opened by the real package: `make viewers` installs each in an environment of its own and runs these."""

from __future__ import annotations

import asyncio
import importlib
import json
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from rlef_env.analysis.exports import export_run
from rlef_env.runs import RunFolder
from tests.analysis.exports.sample_run import ODD, ODD_TEXT, make_run
from tests.analysis.exports.test_exports import RECORDED

pytestmark = pytest.mark.viewers


def needs(package: str) -> pytest.MarkDecorator:
    """Skip a test, before its run is made, where a package is missing."""
    return pytest.mark.skipif(find_spec(package) is None, reason=f"needs {package}; make viewers installs it")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run(tmp_path_factory.mktemp("evaluation") / "run")


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run(tmp_path_factory.mktemp("training") / "run", training=True)


def fields_of(model: Any) -> dict[str, list[str]]:
    """Return the names of a pydantic model's fields, as the record has them."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return {"fields": sorted(model.model_fields), "required": sorted(required)}


def check_record(package: str, models: list[Any]) -> None:
    if version(package) != RECORDED[package]["version"]:
        pytest.skip(f"the record is of another version: {RECORDED[package]['version']}")
    for model in models:
        assert fields_of(model) == RECORDED[package][model.__name__]


@needs("inspect_ai")
def test_inspect_opens_its_logs(training: RunFolder, tmp_path: Path) -> None:
    log = importlib.import_module("inspect_ai.log")
    out = tmp_path / "logs"
    assert len(export_run(training, "inspect", out)) == 2
    listed = log.list_eval_logs(str(out))
    assert len(listed) == 2
    for info in listed:
        read = log.read_eval_log(info)
        assert (read.status, read.eval.model, len(read.samples)) == ("success", "mixed", 6)
        scores = [sample.scores["solved"].value if sample.scores else None for sample in read.samples]
        assert sorted(scores, key=str) == ["C", "C", "C", "C", "I", None]
        lost = next(sample for sample in read.samples if not sample.scores)
        assert "the judge failed" in lost.error.message
        assert read.results.scores[0].unscored_samples == 1
        odd = next(sample for sample in read.samples if sample.id == ODD)
        assert odd.messages[1].metadata["verdict"] == "accepted"
        texts = [message.text for sample in read.samples for message in sample.messages]
        assert ODD_TEXT in texts
        summaries = log.read_eval_log_sample_summaries(info)
        assert sorted(each.id for each in summaries) == sorted(each.id for each in read.samples)
    check_record("inspect-ai", [log.EvalLog, log.EvalSpec, log.EvalSample, log.EvalResults, log.EvalScore])


@needs("inspect_ai")
def test_inspect_computes_the_same_accuracy(evaluation: RunFolder, tmp_path: Path) -> None:
    log = importlib.import_module("inspect_ai.log")
    scorer = importlib.import_module("inspect_ai.scorer")
    export_run(evaluation, "inspect", tmp_path / "logs")
    (info,) = log.list_eval_logs(str(tmp_path / "logs"))
    read = log.read_eval_log(info)
    reduced = {}
    for sample in read.samples:
        if sample.scores:
            reduced.setdefault(sample.id, []).append(sample.scores["solved"])
    to_float = scorer.value_to_float()
    rates = [sum(to_float(score.value) for score in each) / len(each) for each in reduced.values()]
    assert read.results.scores[0].metrics["accuracy"].value == sum(rates) / len(rates)


@needs("inspect_scout")
def test_scout_opens_its_transcripts(evaluation: RunFolder, tmp_path: Path) -> None:
    scout = importlib.import_module("inspect_scout")
    from inspect_scout._transcript.database.schema import TRANSCRIPT_SCHEMA_FIELDS, validate_transcript_schema

    out = tmp_path / "db"
    export_run(evaluation, "scout", out)
    assert validate_transcript_schema(out) == []

    async def read() -> list[Any]:
        async with scout.transcripts_db(str(out)) as db:
            infos = [info async for info in db.select()]
            content = scout.TranscriptContent(messages="all")
            return [(info, await db.read(info, content)) for info in infos]

    found = asyncio.run(read())
    assert sorted(str(info.success) for info, _ in found) == ["False", "None", "True", "True", "True", "True"]
    assert {len(transcript.messages) for _, transcript in found} == {2, 4, 6}
    assert any("the judge failed" in (info.error or "") for info, _ in found)
    assert any(message.text == ODD_TEXT for _, each in found for message in each.messages)
    if version("inspect-scout") == RECORDED["inspect-scout"]["version"]:
        columns = {field.name: str(field.pyarrow_type) for field in TRANSCRIPT_SCHEMA_FIELDS}
        assert columns == RECORDED["inspect-scout"]["columns"]


@needs("verifiers")
def test_verifiers_reads_its_traces(evaluation: RunFolder, training: RunFolder, tmp_path: Path) -> None:
    from verifiers.v1.configs.agent import WireAgentConfig
    from verifiers.v1.episode import Episode
    from verifiers.v1.state import State
    from verifiers.v1.task import WireTaskData
    from verifiers.v1.trace import MessageNode, ModelCall, Trace
    from verifiers.v1.utils.trace_store import read_episodes

    for name, run in (("evaluation", evaluation), ("training", training)):
        export_run(run, "verifiers", tmp_path / name)
        episodes = read_episodes(tmp_path / name, Trace[WireTaskData, State, WireAgentConfig])
        traces = [episode.traces[0] for episode in episodes]
        assert [trace.reward for trace in traces[:5]] == [1, -1, 1, 1, 1]
        assert (traces[5].rewards, traces[5].ok, traces[5].has_error) == ({"episode": None}, False, True)
        assert [len(trace.branches) for trace in traces] == [1] * len(traces)
        assert [len(trace.branches[0].nodes) for trace in traces[:3]] == [4, 6, 2]
        assert episodes[0].num_turns == 2
        assert episodes[0].usage.completion_tokens == 10
        assert episodes[0].run.type == ("eval" if name == "evaluation" else "train")
    check_record("verifiers", [Episode, Trace, MessageNode, ModelCall])


@needs("nemo_gym")
def test_nemo_gym_profiles_its_rollouts(evaluation: RunFolder, tmp_path: Path) -> None:
    profile = importlib.import_module("nemo_gym.reward_profile")
    export_run(evaluation, "nemo-gym", tmp_path / "out")

    def rows(name: str) -> list[dict[str, Any]]:
        return list(map(json.loads, (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()))

    inputs, results = rows("rollouts_materialized_inputs"), rows("rollouts")
    types = importlib.import_module("nemo_gym.openai_utils")
    for row in results:
        types.NeMoGymResponse.model_validate(row["response"])
        types.NeMoGymResponseCreateParamsNonStreaming.model_validate(row["responses_create_params"])
    groups, agents = profile.RewardProfiler().profile_from_data(inputs, results)[:2]
    means = {group["_ng_task_index"]: group["mean/reward"] for group in groups}
    assert means == {0: 0.5, 1: 1.0}
    assert agents[0]["mean/reward"] == pytest.approx(3 / 5)


@needs("datasets")
def test_datasets_loads_chats_and_pairs(evaluation: RunFolder, tmp_path: Path) -> None:
    datasets = importlib.import_module("datasets")
    for name, columns, rows in (("hf", {"messages"}, 4), ("preferences", {"prompt", "chosen", "rejected"}, 2)):
        export_run(evaluation, name, tmp_path / name)
        found = datasets.load_dataset(str(tmp_path / name), split="train", cache_dir=str(tmp_path / "cache"))
        assert columns <= set(found.column_names)
        assert len(found) == rows
        assert found[0][sorted(columns)[0]][0]["role"] in ("user", "assistant")


@needs("tensorboard")
def test_tensorboard_reads_its_curves(training: RunFolder, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    export_run(training, "tensorboard", tmp_path / "out")
    events = EventAccumulator(str(tmp_path / "out"))
    events.Reload()
    assert [(each.step, each.value) for each in events.Scalars("train/loss")] == [(1, 0.5), (2, 0.25)]
    assert events.Scalars("episodes/evaluate/solve_rate")[0].value == pytest.approx(0.8)
