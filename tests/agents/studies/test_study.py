"""Studies: their files, the agent that starts are cloned from, and a whole small study with real policies."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.cli import main
from rlef_agents.cli.dry_run import dry_run
from rlef_agents.ppo.loading import read_model
from rlef_agents.studies.figures import draw_curves, draw_turn_limits, turn_limits
from rlef_agents.studies.guessing import GuessingAgent
from rlef_agents.studies.intervals import difference, mean
from rlef_agents.studies.job import arm_folder, run_job
from rlef_agents.studies.page import TURN, main_table, read_results, secrets_table, turns_table, with_tables
from rlef_agents.studies.policies import config_of, policy_folder, policy_name, write_json
from rlef_agents.studies.results import ceilings, collect, concluded, episodes_to, guesses, place_of
from rlef_agents.studies.runner import check_settings, in_own_process
from rlef_agents.studies.start import Start, conversations, make_start
from rlef_agents.studies.study import Conclusion, Study, find_study, read_study, study_names
from rlef_agents.studies.two_policies import FirstAndRepairs
from rlef_env import load_dataset
from rlef_env.agents import Conversation
from rlef_env.envs import extract_program
from rlef_env.errors import UsageError
from rlef_env.judge import JudgePool
from rlef_env.problems.procedural import programs_of, variants_of
from rlef_env.runs import RunFolder, read_records

DATASET = "procedural/hidden_step?short=true&steps=2&scale=10&digits=3&count=20"
SMALL = f"""
question = "Does the harness run?"
quick = ["start"]
[task]
dataset = "{DATASET}"
max_new = 24
[start]
conversations = 160
epochs = 5
batch = 8
[train]
updates = 2
episodes = 16
minibatches = 2
[[arms]]
name = "start"
method = "none"
[[arms]]
name = "RLEF"
evaluations = ["test", "one turn", "few-shot", "repaired"]
[[arms]]
name = "experts"
method = "expert_iteration"
rounds = 1
[[evaluations]]
name = "test"
problems = 8
[[evaluations]]
name = "one turn"
problems = 4
turns = 1
[[evaluations]]
name = "few-shot"
problems = 4
few_shot = 1
turns = 2
optional = true
[[evaluations]]
name = "repaired"
problems = 8
repairs_by = "experts"
optional = true
[[conclusions]]
claim = "it is measured"
value = "RLEF/test"
than = "measured"
other = "start/test"
[[conclusions]]
claim = "it is impossible"
value = "RLEF/test"
than = "above"
other = 1.0
quick = false
"""


def small(folder: Path) -> Study:
    """Return a study that runs in seconds."""
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    return read_study(folder / "small.toml")


def responses_of(folder: Path) -> dict[tuple[str, int, int], str]:
    """Return the responses of a run, by problem, sample and turn."""
    return {
        (record.episode.problem_id, record.sample, turn): response
        for record in read_records(RunFolder.open(folder))
        for turn, response in enumerate(each["content"] for each in record.episode.messages[1::2])
    }


def conversation(problem_id: str, turn: int, seed: int) -> Conversation:
    """Return a conversation that asks for the response of a turn."""
    return Conversation(
        ({"role": "user", "content": ""},) + ({"role": "assistant", "content": ""},) * turn, problem_id, seed
    )


def right_share(agent: GuessingAgent, turn: int) -> float:
    """Return how many of 400 programs are right."""
    problems = load_dataset("procedural/hidden_step?steps=4&count=40", split="train")
    hits = 0
    for seed in range(10):
        for place, problem in enumerate(problems):
            (answer,) = agent.act([conversation(problem.id, turn, 40 * seed + place)])
            hits += extract_program(answer) == problem.solutions[0].source.strip("\n")
    return hits / 400


@pytest.mark.parametrize(
    ("right", "first", "turn", "expected"),
    [
        (0.0, None, 1, 0.0),
        (1.0, None, 1, 1.0),
        (None, None, 1, 0.25),
        (1.0, None, 0, 0.25),
        (0.0, 1.0, 0, 1.0),
        (0.5, 0.0, 2, 0.5),
    ],
)
def test_repairs_of_the_guessing_agent_are_right_as_often_as_asked(
    right: float | None, first: float | None, turn: int, expected: float
) -> None:
    problems = load_dataset("procedural/hidden_step?steps=4&count=40", split="train")
    assert right_share(GuessingAgent(problems, right, first), turn) == pytest.approx(expected, abs=0.09)


@given(
    st.sampled_from(["hidden_step?steps=4", "two_dials?factors=3&terms=3", "which_rule?rules=4"]), st.integers(0, 50)
)
def test_variants_have_one_statement_and_a_program_each(family: str, place: int) -> None:
    problem = load_dataset(f"procedural/{family}&count=60", split="valid")[place]
    variants, programs = variants_of(problem.id), programs_of(problem.id)
    assert programs == tuple(each.solutions[0].source for each in variants)
    assert len(set(programs)) == len(programs)
    assert problem.solutions[0].source in programs
    assert {each.statement for each in variants} == {problem.statement}


def test_every_study_of_the_project_can_be_read_and_names_ceilings() -> None:
    assert study_names()
    for name in study_names():
        study = find_study(name)
        if found := ceilings(study):
            assert 0 < found["one guess"] <= found["feedback"] <= 1
        assert bool(found) == str(study.task["dataset"]).startswith("procedural/")
        assert not study.quick or study.shortened().conclusions


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('method = "none"', 'method = "nothing"', "method"),
        ("few_shot = 1", "few_shots = 1", "few_shots"),
        ('repairs_by = "experts"', 'repairs_by = "expert"', "expert"),
        ('value = "RLEF/test"', 'value = "RLEF/valid"', "RLEF/valid"),
        ("epochs = 5", "epochs = 0", "epochs"),
        ("[task]", "[tas]", "task"),
        ('quick = ["start"]', 'quick = ["end"]', "end"),
    ],
)
def test_a_wrong_study_is_refused_in_a_line_that_names_the_field(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=expected) as caught:
        read_study(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_study_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "nothing"]) == 2
    assert "expected one of" in capsys.readouterr().err


def test_intervals_of_hand_computed_scores() -> None:
    same = mean(np.full((3, 50), 0.25))
    assert (same.mean, same.low, same.high, same.seeds) == (0.25, 0.25, 0.25, (0.25, 0.25, 0.25))
    one = mean(np.tile([0.0, 1.0], 50)[None])
    assert one.mean == 0.5
    # The standard error of a share of 100 is 0.05, so the interval is about 0.5 +- 0.098.
    assert one.low == pytest.approx(0.402, abs=0.015)
    assert one.high == pytest.approx(0.598, abs=0.015)
    # Two seeds that differ: the interval is all that is possible, however many problems there are.
    apart = mean(np.stack([np.zeros(1000), np.ones(1000)]))
    assert (apart.low, apart.high) == (0.0, 1.0)
    # Three seeds of 0.4, 0.5 and 0.6 on equal problems: Student's t with two degrees of freedom is 4.303, so the
    # half-width is 4.303 * 0.1 / sqrt(3) = 0.248.
    three = mean(np.tile([[0.4], [0.5], [0.6]], (1, 1000)))
    assert (three.low, three.high) == (pytest.approx(0.252, abs=1e-3), pytest.approx(0.748, abs=1e-3))
    # Both parts: problems alone give 0.098, so together sqrt(0.248^2 + 0.098^2) = 0.267.
    both = mean(np.tile([0.0, 1.0], 50)[None] + np.array([[-0.1], [0.0], [0.1]]))
    assert both.high - 0.5 == pytest.approx(0.267, abs=0.006)
    # Paired: the problems differ in difficulty and the arms by 0.1 on each.
    hard = np.linspace(0, 0.9, 30)[None]
    # A difference that is never negative in the data may be negative all the same: 4.303 * 0.1 / sqrt(3) around 0.1.
    more = difference(np.tile([[0.0], [0.1], [0.2]], (1, 1000)), np.zeros((3, 1000)))
    assert more.low == pytest.approx(-0.148, abs=1e-3)
    paired = difference(hard + 0.1, hard)
    assert paired.low == pytest.approx(0.1)
    assert paired.high == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("than", "value", "other", "holds"),
    [
        ("above", 0.9, 0.5, True),
        ("above", 0.1, 0.5, False),
        ("above", 0.5, 0.5, None),
        ("below", 0.1, 0.5, True),
        ("below", 0.9, 0.5, False),
        ("below", 0.5, 0.5, None),
        ("not above", 0.1, 0.5, True),
        ("not above", 0.9, 0.5, False),
        ("not above", 0.5, 0.5, None),
        ("reaches", 0.95, 1.0, True),
        ("reaches", 0.5, 1.0, False),
        ("reaches", 0.9, 1.0, None),
        ("measured", 0.5, 0.1, None),
    ],
)
def test_conclusions(than: str, value: float, other: float, holds: bool | None) -> None:
    scores = np.full((1, 400), 0.0)
    scores[0, : int(400 * value)] = 1.0
    conclusion = Conclusion("a claim", "a/b", than, other, share=0.9)  # type: ignore[arg-type]
    found = concluded(conclusion, scores, other)
    assert found.holds is holds
    assert found.measured is (than == "measured")


def test_guesses_know_the_frequent_secrets() -> None:
    dataset = "procedural/hidden_step?steps=4&count=60"
    secrets = [place_of(each) for each in load_dataset(dataset, split="valid")][:30]
    counts = sorted((secrets.count(place) for place in range(4)), reverse=True)
    assert guesses(dataset, "valid", 30, 1) == counts[0] / 30
    assert guesses(dataset, "valid", 30, 3) == sum(counts[:3]) / 30
    assert guesses(dataset, "valid", 30, 4) == 1.0


def test_a_study_from_its_file_to_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real starts, training and evaluations; equal policies are made once, and a job that was done is not repeated."""
    study = small(tmp_path)
    for arm in study.arms:
        cost = run_job(study, arm.name, 0, tmp_path / "runs")
        assert cost["episodes"] == (0 if arm.method == "none" else 32)
        write_json(arm_folder(tmp_path / "runs", study, arm.name, 0) / "done.json", cost)
    assert len(list((tmp_path / "runs" / "starts").glob("*.json"))) == 1
    results = collect(study, [0], tmp_path / "runs")
    assert json.loads(json.dumps(results)) == results
    for arm in results["arms"].values():
        assert set(arm) >= {"metric", "mean", "low", "high", "evaluations", "by_turn"}
        assert arm["metric"] == [pytest.approx(arm["mean"])]
        assert arm["low"] <= arm["mean"] <= arm["high"]
        assert sum(share for name, share in arm["by_turn"][0].items() if name not in TURN) == pytest.approx(1)
    assert results["arms"]["RLEF"]["curve"]["episodes"] == [16, 32]
    assert results["ceilings"]["blind"] == 1.0
    assert results["ceilings"]["one guess"] == 0.5
    assert [(each["holds"], each["measured"]) for each in results["conclusions"]] == [(None, True), (False, False)]
    for arm in results["arms"].values():
        secrets = [place_of(each) for each in load_dataset(DATASET, split="test")][:8]
        weights = [secrets.count(0) / 8, secrets.count(1) / 8]
        solved = sum(weight * value for weight, (value,) in zip(weights, arm["by_secret"], strict=True))
        assert solved == pytest.approx(arm["mean"])
    assert "secret 2" in secrets_table(results)
    page = with_tables(
        "before\n<!-- results small -->\nold\n<!-- end -->\n<!-- turns small --><!-- end -->", {"small": results}
    )
    assert main_table(results) in page
    assert turns_table(results) in page
    assert "old" not in page
    assert with_tables(page, {"small": results}) == page
    draw_curves(results, tmp_path / "small.png")
    assert (tmp_path / "small.png").stat().st_size > 1000
    assert {name: list(points) for name, points in turn_limits(results).items()} == {
        "start": [1, 3], "RLEF": [1, 3], "experts": [1, 3]
    }  # fmt: skip
    assert turn_limits(results)["RLEF"][3] == results["arms"]["RLEF"]["evaluations"]["test"]
    words = ["study", str(tmp_path / "small.toml"), "--seeds", "1", "--out", str(tmp_path / "runs")]
    with pytest.raises(SystemExit) as caught:  # nothing is left to run, and a conclusion is refuted
        main([*words, "--results", str(tmp_path / "results")])
    assert caught.value.code == 1
    assert "it is impossible" in capsys.readouterr().err
    assert json.loads((tmp_path / "results" / "small.json").read_text()) == results
    rlef = arm_folder(tmp_path / "runs", study, "RLEF", 0)
    own, repaired = (responses_of(rlef / name) for name in ("test", "repaired"))
    assert {key[:2] for key in own} == {key[:2] for key in repaired}
    assert all(own[key] == repaired[key] for key in own if key[2] == 0)
    draw_turn_limits(results, tmp_path / "turns.png")
    assert (tmp_path / "turns.png").stat().st_size > 1000


def test_the_tables_of_the_page_are_those_of_the_results() -> None:
    page = Path("docs/experiments.md").read_text(encoding="utf-8")
    assert with_tables(page, read_results(Path("experiments/results"))) == page


@pytest.mark.parametrize("name", ["llm-0.5b", pytest.param("llm-8b", marks=pytest.mark.slow)])
def test_a_study_of_a_pretrained_model_does_one_update_of_a_shrunk_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = find_study(name)
    config = config_of(study, study.arm("RLEF"), 0, tmp_path)
    assert config.model == study.start_of(study.arm("RLEF")).model
    dry_run(config)
    assert "one update" in capsys.readouterr().out


def test_a_pretrained_model_is_used_as_it_is_or_clones_conversations_first(tmp_path: Path) -> None:
    task = {"dataset": DATASET, "turns": 2, "feedback": "public", "context": 768}
    with JudgePool(1) as pool:
        first = tmp_path / "first"
        make_start(Start(conversations=8, epochs=1, width=64, layers=1), first, task, 0, pool)
        cloned = Start(model=str(first), conversations=8, epochs=1, batch=4)
        make_start(cloned, tmp_path / "second", task, 0, pool)
    (before, words), (after, same_words) = (read_model(str(tmp_path / name)) for name in ("first", "second"))
    assert words.get_vocab() == same_words.get_vocab()
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    assert any(not torch.equal(one, other) for one, other in pairs)
    study = small(tmp_path)
    names = {}
    for count in (None, 8):
        pretrained = replace(study, start={"model": "NAME", "conversations": count}).starting_from(str(first))
        names[count] = policy_name(tmp_path, pretrained, pretrained.arm("start"), 0)
    assert names[None] == str(first)
    assert names[8].startswith(str(tmp_path / "starts"))
    with pytest.raises(UsageError, match="leave --model out"):
        study.starting_from("NAME")


def test_conversations_are_the_same_however_many_judges_there_are() -> None:
    task = {"dataset": DATASET, "turns": 3, "feedback": "public"}
    found = []
    for workers in (1, 2):
        with JudgePool(workers) as pool:
            found.append(conversations(Start(conversations=60), task, 0, pool))
    assert len(found[0]) == 60
    assert found[0] == found[1]


def test_one_agent_answers_the_first_turn_and_another_one_the_others() -> None:
    dataset = load_dataset("procedural/hidden_step?steps=4&count=8", split="train")
    right, wrong = GuessingAgent(dataset, 1.0, 1.0), GuessingAgent(dataset, 0.0, 0.0)
    asked = [conversation(each, turn, 3) for each in dataset.ids[:4] for turn in (2, 0, 1)]
    answers = FirstAndRepairs(wrong, right).act(asked)
    assert answers == [right.act([each])[0] if each.turn else wrong.act([each])[0] for each in asked]
    assert len(set(answers)) > 1
    assert FirstAndRepairs(wrong, right).act([]) == []


def test_episodes_until_a_solve_rate() -> None:
    episodes = [10, 20, 30, 40, 50]
    assert episodes_to([0.0, 0.3, 0.6, 0.9, 0.9], episodes, 0.6) == 40  # the mean of updates 2 to 4
    assert episodes_to([0.0, 0.3, 0.6, 0.9, 0.9], episodes, 0.3) == 30
    assert episodes_to([0.0, 0.3, 0.6, 0.9, 0.9], episodes, 0.81) is None


def test_jobs_end_with_a_study_that_is_killed() -> None:
    source = (
        "import multiprocessing, os, time\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "from rlef_agents.studies.runner import end_with_parent\n"
        "if __name__ == '__main__':\n"
        "    spawn = multiprocessing.get_context('spawn')\n"
        "    pool = ProcessPoolExecutor(1, spawn, end_with_parent, (os.getpid(),))\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n    pool.submit(time.sleep, 600).result()\n"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as study:
        assert study.stdout is not None
        job = os.pidfd_open(int(study.stdout.readline()))
        study.kill()
        assert select.select([job], [], [], 60)[0]
        os.close(job)


def test_each_job_has_a_process_that_ends_with_it() -> None:
    first, second = in_own_process(os.getpid), in_own_process(os.getpid)
    assert len({os.getpid(), first.result(), second.result()}) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        in_own_process(int, "x").result()


def test_an_arm_with_other_settings_is_not_continued(tmp_path: Path) -> None:
    study = small(tmp_path)
    check_settings(study, "RLEF", 0, tmp_path / "runs")
    check_settings(study, "RLEF", 0, tmp_path / "runs")
    with pytest.raises(UsageError, match="with the settings of the study"):
        check_settings(replace(study, train={**study.train, "updates": 3}), "RLEF", 0, tmp_path / "runs")


def test_equal_policies_of_two_studies_have_one_folder(tmp_path: Path) -> None:
    study = small(tmp_path)
    other = replace(study, name="other")
    rlef, start, experts = (study.arm(name) for name in ("RLEF", "start", "experts"))
    assert policy_folder(tmp_path, study, rlef, 0) == policy_folder(tmp_path, other, replace(rlef, name="x"), 0)
    changed = replace(rlef, train={"turns": 1})
    folders = {policy_folder(tmp_path, study, arm, seed) for arm in (rlef, start, experts, changed) for seed in (0, 1)}
    assert len(folders) == 8
