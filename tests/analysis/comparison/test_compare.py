"""What a comparison says: by hand-made tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from scipy import stats

from rlef_env.analysis.backtest import JudgeFlips
from rlef_env.analysis.backtest.judge_flips import append_rescoring
from rlef_env.analysis.comparison import (
    assert_no_regression,
    compare,
    compare_halves,
    compare_several,
    worst,
)
from rlef_env.analysis.comparison.result import Flip
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder
from tests.analysis.comparison.outcomes import facts, run_folder


def numbered(letters: dict[str, int]) -> dict[str, str]:
    """A problem a cluster: so many problems with these letters."""
    each = [samples for samples, count in letters.items() for _ in range(count)]
    return {f"{number}/p": samples for number, samples in enumerate(each)}


EVEN = numbered({"1": 40, "w": 40})
WORSE = numbered({"1": 20, "w": 60})
ONE_LOST = numbered({"1": 39, "w": 41})


def test_half_of_what_was_solved_is_lost() -> None:
    """One sample and no clusters: the p value is McNemar's exact one."""
    found = compare(facts(EVEN, "a"), facts(WORSE, "b"))
    assert found.verdict == "regression"
    assert (found.main.a, found.main.b, found.main.difference) == (0.5, 0.25, -0.25)
    assert found.main.low < -0.25 < found.main.high < 0
    assert found.main.p_value == pytest.approx(stats.binomtest(20, 20).pvalue)
    assert found.main.exact
    assert len(found.worse) == len(found.flips) == 20
    assert found.flips[0] == Flip("20/p", "accepted", "wrong_answer", 1, 3, 1.0, 0.0)


def test_a_gain_is_no_regression() -> None:
    found = compare(facts(WORSE, "a"), facts(EVEN, "b"))
    assert found.verdict == "no_regression"
    assert found.main.low > 0
    assert found.worse == ()
    assert len(found.flips) == 20


def test_a_small_loss_cannot_be_told() -> None:
    found = compare(facts(EVEN, "a"), facts(ONE_LOST, "b"))
    assert found.verdict == "cannot_tell"
    assert found.main.low < -found.margin
    assert found.main.high > 0
    assert found.main.p_value == 1


def test_the_margin_decides_how_much_may_be_lost() -> None:
    before, after = facts(EVEN, "a"), facts(WORSE, "b")
    low = -compare(before, after).main.low
    assert compare(before, after, margin=low - 0.001).verdict == "regression"
    assert compare(before, after, margin=low + 0.001).verdict == "no_regression"
    assert "It is lower, though" in str(compare(before, after, margin=low + 0.001))


def test_the_same_programs_are_no_regression_however_few() -> None:
    few = facts({"x/p": "12w", "y/p": "www"})
    found = compare(few, few)
    assert (found.verdict, found.identical, found.main.p_value) == ("no_regression", True, 1)
    assert found.judge == JudgeFlips(programs=15, flips=0)


def test_other_programs_with_the_same_outcomes_are_not_the_same() -> None:
    """So few problems show little."""
    table = {"x/p": "12w", "y/p": "www"}
    found = compare(facts(table, "a"), facts(table, "b"))
    assert (found.verdict, found.identical, found.main.difference) == ("cannot_tell", False, 0)


def test_enough_problems_without_a_change_are_no_regression() -> None:
    table = numbered({"1": 70, "w": 60})
    assert compare(facts(table, "a"), facts(table, "b")).verdict == "no_regression"


def test_samples_are_averaged_in_their_problem() -> None:
    """Two problems: 4 of 4 and 0 of 1 are one half, not four fifths."""
    found = compare(facts({"x/p": "1111", "y/p": "w"}, "a"), facts({"x/p": "1w", "y/p": "1"}, "b"))
    assert (found.main.a, found.main.b) == (0.5, 0.75)
    assert found.samples == (2.5, 1.5)


def test_problems_of_a_contest_are_one_cluster() -> None:
    """Ten problems lost in one contest are one loss, not ten."""
    before = {f"{contest}/{problem}": "1" for contest in range(6) for problem in range(10)}
    after = {name: "w" if name.startswith("0/") else "1" for name in before}
    clustered = compare(facts(before, "a"), facts(after, "b"))
    assert (clustered.main.problems, clustered.main.clusters) == (60, 6)
    assert clustered.main.p_value == 1
    assert clustered.verdict == "cannot_tell"
    alone = {name.replace("/", "-") + "/p": letters for name, letters in before.items()}
    lost = {name: "w" if name.startswith("0-") else "1" for name in alone}
    assert compare(facts(alone, "a"), facts(lost, "b")).verdict == "regression"


def test_the_curve_over_turns_and_the_repair_rate() -> None:
    table = {"x/p": "12", "y/p": "3w", "z/p": "hw"}
    found = {metric.name: metric.b for metric in compare(facts(EVEN, "a"), facts(EVEN, "b")).metrics}
    assert list(found) == ["solve_rate", "solved_at_1", "solved_at_2", "solved_at_3", "repair_rate"]
    found = {metric.name: metric.b for metric in compare(facts(table, "a"), facts(table, "b")).metrics}
    assert found == {
        "solve_rate": pytest.approx(3 / 6),
        "solved_at_1": pytest.approx(1 / 6),
        "solved_at_2": pytest.approx(2 / 6),
        "solved_at_3": pytest.approx(3 / 6),
        "repair_rate": pytest.approx(2 / 5),
    }


def test_another_metric_decides() -> None:
    before, after = facts(numbered({"1": 60}), "a"), facts(numbered({"2": 60}), "b")
    assert compare(before, after, metric="solve_rate", margin=0.1).verdict == "no_regression"
    first = compare(before, after, metric="solved_at_1")
    assert (first.verdict, first.main.name, first.main.difference) == ("regression", "solved_at_1", -1)
    assert first.flips[0] == Flip("0/p", "accepted", "wrong_answer", 1, 1, 1.0, 0.0)
    at_k = compare(facts(numbered({"12w": 30}), "a"), facts(numbered({"www": 30}), "b"), metric="1@3")
    assert (at_k.verdict, at_k.main.name) == ("regression", "1@3")


@pytest.mark.parametrize("name", ["cpu_seconds", "repeated_programs", "nonsense", "solved_at_0"])
def test_metrics_of_which_more_is_not_better_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="metric: expected"):
        compare(facts(EVEN, "a"), facts(EVEN, "b"), metric=name)


def test_a_metric_that_needs_more_samples_cannot_be_told() -> None:
    found = compare(facts(EVEN, "a"), facts(WORSE, "b"), metric="pass@5")
    assert found.verdict == "cannot_tell"
    assert found.reason == "no problem says anything about pass@5 in both runs"
    assert found.to_json()["difference"] is None
    assert "-" in str(found)


def test_the_most_frequent_verdict_and_turn_stand_for_a_problem() -> None:
    found = compare(facts({"x/p": "1222w", "y/p": "1"}, "a"), facts({"x/p": "tttw1", "y/p": "1"}, "b"))
    assert found.flips == (Flip("x/p", "accepted", "time_limit", 2, 3, 0.8, 0.2),)


def test_the_worst_change_comes_first() -> None:
    before = {"b/p": "1111", "a/p": "1111", "c/p": "111w", "d/p": "wwww"}
    after = {"b/p": "wwww", "a/p": "wwww", "c/p": "1www", "d/p": "1111"}
    assert [flip.problem for flip in compare(facts(before), facts(after)).flips] == ["a/p", "b/p", "c/p", "d/p"]


# --- no verdict ------------------------------------------------------------------------------------------------------


def test_episodes_without_a_verdict_are_left_out_and_counted() -> None:
    before, after = facts(EVEN, "a"), facts(EVEN | {"0/p": "?"}, "b")
    found = compare(before, after, max_no_verdict=0.02)
    assert (found.no_verdict, found.left_out, found.main.problems) == ((0, 1), 1, 79)
    assert found.main.difference == 0
    assert "No verdict: 0 of 80 in A, 1 of 80 in B" in str(found)


def test_too_many_of_them_refuse_a_verdict() -> None:
    lost = facts(WORSE | {"0/p": "?"}, "b")
    found = compare(facts(EVEN, "a"), lost)
    assert (found.verdict, found.reason) == ("cannot_tell", "more than 1 % of a run's episodes have no verdict")
    assert compare(facts(EVEN, "a"), lost, max_no_verdict=0.02).verdict == "regression"


# --- sizes and noise -------------------------------------------------------------------------------------------------


def test_sizes_follow_from_the_interval() -> None:
    found = compare(facts(EVEN, "a"), facts(WORSE, "b"))
    half = (found.main.high - found.main.low) / 2
    assert found.detectable == pytest.approx(half * (1.959964 + 0.841621) / 1.959964, rel=1e-5)
    assert found.problems_for_point == math.ceil(80 * (found.detectable / 0.01) ** 2)
    assert found.samples_for_point is None


def test_the_noise_is_that_of_samples() -> None:
    """Each problem is solved in 2 of 4 samples: the variance of its mean is 1/4 / 3."""
    table = numbered({"11ww": 50})
    found = compare(facts(table, "a"), facts(table, "b"))
    assert found.noise == pytest.approx(1.959964 * math.sqrt(2 / 50 * 0.25 / 3), rel=1e-5)
    assert compare(facts(EVEN, "a"), facts(EVEN, "b")).noise is None


def test_a_run_with_itself() -> None:
    """Samples 0 and 2 with samples 1 and 3; a problem with one sample and a left-over sample do not count."""
    found = compare_halves(facts(numbered({"1w1ww": 30, "1": 5}), "a"))
    assert (found.main.problems, found.main.a, found.main.b) == (30, 1.0, 0.0)
    assert found.samples == (2, 2)
    with pytest.raises(UsageError, match="expected two samples or more of a problem"):
        compare_halves(facts(EVEN))


def test_a_program_that_is_judged_in_two_ways_is_the_judges_flip() -> None:
    """The second run is the first, judged again."""
    found = compare(facts({"x/p": "ww", "y/p": "1w"}, "a"), facts({"x/p": "w3", "y/p": "1w"}, "a"))
    assert found.judge == JudgeFlips(programs=10, flips=1)
    assert not found.identical


# --- several ---------------------------------------------------------------------------------------------------------


def test_several_candidates_share_the_error() -> None:
    before = facts(EVEN, "a")
    found = compare_several(before, [facts(WORSE, "b"), facts(ONE_LOST, "c"), facts(EVEN, "d")])
    alone = compare(before, facts(WORSE, "b"))
    assert [one.verdict for one in found.each] == ["regression", "cannot_tell", "cannot_tell"]
    assert found.verdict == "regression"
    assert found.each[0].adjusted_p == pytest.approx(3 * alone.main.p_value)
    assert found.each[0].main.low < alone.main.low
    assert found.each[0].level == pytest.approx(1 - 0.05 / 3)
    assert found.to_json()["verdict"] == "regression"


def test_the_worst_verdict() -> None:
    assert worst(["no_regression", "cannot_tell", "regression"]) == "regression"
    assert worst(["no_regression", "cannot_tell"]) == "cannot_tell"
    assert worst(["no_regression"]) == "no_regression"


# --- what cannot be compared -----------------------------------------------------------------------------------------


def test_other_problems_are_refused_and_named() -> None:
    before, after = {"x/p": "1", "y/p": "1"}, {"x/p": "1", "z/p": "1", "z/q": "1"}
    with pytest.raises(UsageError, match=r"1 only in A \(y/p\); 2 only in B \(z/p, z/q\); --common compares the 1"):
        compare(facts(before), facts(after))
    found = compare(facts(before, "a"), facts(after, "b"), common=True)
    assert (found.main.problems, found.left_out) == (1, 3)
    with pytest.raises(UsageError, match="play both on the same problems"):
        compare(facts({"x/p": "1"}), facts({"y/p": "1"}), common=True)


def test_limits_windows_and_judges_must_agree(tmp_path: Path) -> None:
    first = run_folder(tmp_path / "first", EVEN, "a")
    for name, changed, said in (
        ("turns", run_folder(tmp_path / "turns", EVEN, "b", max_turns=1), "episodes.max_turns: 3, other 1"),
        ("judge", run_folder(tmp_path / "judge", EVEN, "b", judge="2"), 'judge.rlef-env: "1", other "2"'),
        ("window", run_folder(tmp_path / "window", EVEN, "b", after="2026-01-01"), "problems.after: null, other"),
    ):
        with pytest.raises(UsageError, match=said):
            compare(first, changed)
        assert said in "; ".join(compare(first, tmp_path / name, anyway=True).different_settings)


def test_seeds_and_agents_may_differ(tmp_path: Path) -> None:
    first, second = run_folder(tmp_path / "first", EVEN, "a"), run_folder(tmp_path / "second", EVEN, "b")
    assert compare(first.path, str(second.path)).main.difference == 0
    assert compare(RunFolder.open(first.path), second).different_settings == ()


@pytest.mark.parametrize(("option", "value"), [("margin", -0.1), ("margin", 3), ("max_no_verdict", 2), ("level", 1)])
def test_numbers_out_of_range_are_refused(option: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{option}: expected"):
        compare(facts(EVEN), facts(EVEN), **{option: value})


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a run with evaluated episodes, found none"):
        compare([], facts(EVEN))


# --- how it is shown -------------------------------------------------------------------------------------------------


def test_json_is_as_documented() -> None:
    row = json.loads(json.dumps(compare(facts(EVEN, "a"), facts(WORSE, "b")).to_json(), allow_nan=False))
    assert list(row)[:10] == [
        "metric", "a", "b", "difference", "low", "high", "p_value", "verdict", "flips", "least_detectable"
    ]  # fmt: skip
    assert (row["metric"], row["a"], row["b"], row["verdict"]) == ("solve_rate", 0.5, 0.25, "regression")
    assert row["flips"][0] == {
        "problem": "20/p",
        "before": "accepted",
        "after": "wrong_answer",
        "turn_before": 1,
        "turn_after": 3,
        "share_before": 1.0,
        "share_after": 0.0,
    }


def test_in_a_test_suite_the_message_lists_the_flips() -> None:
    assert_no_regression(facts(WORSE, "a"), facts(EVEN, "b"))
    with pytest.raises(AssertionError, match=r"Regression: solve_rate is (?s:.*)20/p +accepted, turn 1 +wrong answer"):
        assert_no_regression(facts(EVEN, "a"), facts(WORSE, "b"))


def test_hostile_names_are_escaped() -> None:
    name = "<script>\x1b[2J/p"
    found = compare(facts({name: "1"}, "a"), facts({name: "w"}, "b"))
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    assert "\x1b" not in str(found)


def test_the_order_of_episodes_does_not_matter() -> None:
    before, after = facts(EVEN, "a"), facts(WORSE, "b")
    assert compare(before, after) == compare(before[::-1], after[::-1])


def test_samples_that_never_differ_say_nothing_about_noise() -> None:
    """The agent may draw once for all samples of a problem."""
    table = numbered({"11": 20, "ww": 20})
    assert compare(facts(table, "a"), facts(table, "b")).noise is None


def test_what_rescoring_has_shown_counts(tmp_path: Path) -> None:
    first, second = run_folder(tmp_path / "first", EVEN, "a"), run_folder(tmp_path / "second", EVEN, "b")
    assert compare(first, second).judge == JudgeFlips(programs=0, flips=0)
    append_rescoring(first, {"unchanged": True, "programs": 80, "changed": 2})
    found = compare(first, second)
    assert found.judge == JudgeFlips(programs=80, flips=2)
    assert "Judge: 80 programs were judged more than once, 2 with different outcomes." in str(found)


def test_a_mean_is_over_the_problems_that_both_runs_say_something_about() -> None:
    """``y`` has one sample in A, which says nothing about pass@2."""
    before, after = facts({"x/p": "11", "y/p": "1"}, "a"), facts({"x/p": "ww", "y/p": "11"}, "b")
    found = compare(before, after, metric="pass@2").main
    assert (found.problems, found.a, found.b) == (1, 1.0, 0.0)
