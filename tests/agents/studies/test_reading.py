"""Whether a policy reads: three that are known to, or not to, through the real environment's texts and judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import dump_config
from rlef_agents.studies.frozen import frozen_policy
from rlef_agents.studies.interventions import INTERVENTIONS
from rlef_agents.studies.reading import Outcome, main, reading_of, summary, table
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import JudgePool, load_dataset
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, CachedPool, VerdictCache
from tests.agents.studies.policies import Guesser, Printer, Reader, Repeater, Talker, adds

STEPS = 4
DATASET = f"procedural/hidden_step?short=true&steps={STEPS}&digits=3"


@pytest.fixture(scope="module")
def pool() -> Iterator[BaseJudgePool]:
    with CachedPool(JudgePool(1), VerdictCache()) as pool:
        yield pool


def means(result: dict[str, Any], measure: str) -> dict[str, float | None]:
    return {
        each.name: None if result[each.name][measure] is None else result[each.name][measure]["mean"]
        for each in INTERVENTIONS
    }


def result_of(policy: Any, pool: BaseJudgePool, problems: int = 16, **options: Any) -> dict[str, Any]:
    return reading_of(policy, load_dataset(DATASET, split="test"), pool, problems, **options)


def test_a_policy_that_reads_follows_whatever_it_is_shown(pool: BaseJudgePool) -> None:
    result = result_of(Reader(STEPS), pool)
    right, follows = means(result, "right"), means(result, "follows")
    assert (right["true"], right["counterfactual"], right["other_problem"], right["unrelated_number"]) == (1, 0, 0, 0)
    assert (follows["true"], follows["counterfactual"], follows["other_problem"]) == (1, 1, 1)
    assert follows["unrelated_number"] == 1  # it prints the shown number for the shown input
    assert [follows[name] for name in ("try_again", "verdict_only", "exception")] == [None] * 3
    assert result["counterfactual"]["difference"]["mean"] == 1
    assert result["counterfactual"]["difference"]["low"] > 0.5
    assert result["true"]["difference"]["mean"] == 0


def test_nothing_is_left_to_read_in_the_messages_without_content(pool: BaseJudgePool) -> None:
    """Under these the reader answers as the guesser, which has no feedback."""
    reader, guesser = (result_of(each(STEPS), pool) for each in (Reader, Guesser))
    for name in ("try_again", "verdict_only", "exception"):
        assert reader[name] == guesser[name]


def test_a_policy_that_ignores_feedback_is_right_and_follows_alike(pool: BaseJudgePool) -> None:
    result = result_of(Guesser(STEPS), pool, problems=48)
    right, follows = means(result, "right"), means(result, "follows")
    assert len({right[name] for name in right if result[name]["count"] == result["true"]["count"]}) == 1
    wrong = result["problems"]["wrong"]
    assert result["blind"] == pytest.approx(1 / (STEPS - 1))
    for share in (right["true"], follows["counterfactual"]):
        assert share is not None
        assert abs(share - 1 / 3) < 4 * (2 / 9 / wrong) ** 0.5  # four standard deviations; the draws are fixed
    low, high = (result["counterfactual"]["difference"][end] for end in ("low", "high"))
    assert low < 0 < high


def test_a_policy_that_repeats_itself_is_never_right(pool: BaseJudgePool) -> None:
    result = result_of(Repeater(STEPS), pool)
    assert set(means(result, "repeats").values()) == {1.0}
    assert set(means(result, "right").values()) == {0.0}
    assert means(result, "follows")["counterfactual"] == 0.0
    assert means(result_of(Reader(STEPS), pool), "repeats")["true"] == 0.0


def test_a_response_without_a_program_is_counted_and_neither_right_nor_a_repetition(pool: BaseJudgePool) -> None:
    result = result_of(Talker(STEPS), pool, problems=8)
    assert set(means(result, "no_program").values()) == {1.0}
    assert set(means(result, "repeats").values()) == set(means(result, "right").values()) == {0.0}


def test_a_program_that_knows_the_shown_test_alone_fits_and_does_not_follow(pool: BaseJudgePool) -> None:
    result = result_of(Printer(STEPS), pool)
    for name in ("true", "counterfactual", "other_problem"):
        assert result[name]["fits"]["mean"] == 1
        assert result[name]["follows"]["mean"] == result[name]["right"]["mean"] == 0
    assert means(result_of(Repeater(STEPS), pool), "fits")["true"] == 0
    assert result["try_again"]["fits"] is None


def test_problems_are_counted_by_what_came_of_their_first_program(pool: BaseJudgePool) -> None:
    class Half(Guesser):
        def answer(self, conversation: Any) -> str:
            return "no program" if conversation.seed % 2 else super().answer(conversation)

    counts = result_of(Half(STEPS), pool)["problems"]
    assert counts["asked"] == 16 == sum(counts[name] for name in ("wrong", "ended", "without_program", "no_verdict"))
    assert min(counts["wrong"], counts["ended"], counts["without_program"]) > 0


def test_the_feedback_to_two_programs_can_be_changed(pool: BaseJudgePool) -> None:
    """A reader follows the counterfactual messages also after two wrong programs; a guesser does not."""

    class Late(Reader):
        def answer(self, conversation: Any) -> str:
            return adds(conversation.turn + 1) if conversation.turn < 2 else super().answer(conversation)

    result = result_of(Late(STEPS), pool, turn=2)
    assert result["counterfactual"]["count"] > 0
    assert means(result, "follows")["counterfactual"] == 1 == means(result, "right")["true"]
    assert means(result, "right")["counterfactual"] == 0
    blind = result_of(Guesser(STEPS), pool, turn=2)
    assert blind["true"]["count"] == blind["problems"]["wrong"] > 0
    assert blind["counterfactual"]["follows"]["mean"] < 1


def test_shares_by_hand() -> None:
    def outcome(right: bool, follows: bool | None) -> Outcome:
        return Outcome(right, follows, follows, False, False)

    found = summary([outcome(True, False), outcome(False, True), outcome(False, True), outcome(False, None)])
    assert found["right"]["mean"] == pytest.approx(1 / 4)
    assert found["follows"]["mean"] == pytest.approx(2 / 3)
    assert found["difference"]["mean"] == pytest.approx(2 / 3 - 1 / 3)
    assert found["count"] == 4
    few, many = (summary([outcome(False, False)] * count)["right"]["high"] for count in (10, 100))
    assert 0.02 < many < few < 0.35
    assert summary([])["right"] is summary([])["difference"] is None


def test_a_table_has_a_row_for_each_intervention(pool: BaseJudgePool) -> None:
    lines = table(result_of(Reader(STEPS), pool, problems=8)).split("\n")
    assert [line.split()[0] for line in lines[1:8]] == [each.name for each in INTERVENTIONS]
    assert lines[1].split()[2] == "1.00"


@pytest.mark.parametrize(
    ("dataset", "problems", "message"),
    [
        ("procedural/bases", 5, "with a secret"),
        ("procedural?difficulty=1", 19, "with a secret"),
        ("starter", 5, "procedural"),
        (DATASET, 0, "expected 1 or more"),
    ],
)
def test_problems_that_cannot_be_used_are_refused(
    dataset: str, problems: int, message: str, pool: BaseJudgePool
) -> None:
    with pytest.raises(UsageError, match=message):
        reading_of(Reader(STEPS), load_dataset(dataset, split="train"), pool, problems)


def test_a_model_in_a_folder_that_never_writes_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lm, tokenizer = shrunk("llama")
    for part in (lm, tokenizer):
        part.save_pretrained(tmp_path / "model")
    options = ["--problems", "4", "--max-new", "8", "--json", str(tmp_path / "out.json")]
    assert main([str(tmp_path / "model"), DATASET, *options]) == 0
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["problems"] == {"asked": 4, "wrong": 0, "ended": 0, "without_program": 4, "no_verdict": 0}
    assert result["true"]["count"] == result["likelihood"]["count"] == 0
    assert "without program 4" in capsys.readouterr().out


def test_the_settings_of_a_run_decide_how_a_conversation_is_rendered(tmp_path: Path) -> None:
    lm, tokenizer = shrunk("llama")
    for part in (lm, tokenizer):
        part.save_pretrained(tmp_path / "best")
    plain = frozen_policy(str(tmp_path), 1.0, 8).renderer.first("Hello")
    config = TrainConfig(dataset="starter", out=str(tmp_path), system="Be brief.", context=512, date="2026-01-01")
    (tmp_path / "config.toml").write_text(dump_config(config))
    of_run = frozen_policy(str(tmp_path), 1.0, 8)
    assert "Be brief." in tokenizer.decode(of_run.renderer.first("Hello")) not in tokenizer.decode(plain)
    assert of_run.agent.settings["context"] == 512


def test_a_wrong_argument_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([str(tmp_path / "missing"), DATASET]) == 2
    assert main([str(tmp_path), DATASET, "--mode", "none"]) == 2
    for wrong in (["--temperature", "-1"], ["--problems", "0"], ["--max-new", "x"]):
        with pytest.raises(SystemExit, match="2"):
            main([str(tmp_path), DATASET, *wrong])
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 5
    assert all("expected" in line for line in errors)
