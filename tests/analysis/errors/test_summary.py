"""Shares in groups, flows between turns, clusters of problems, signs of contamination: by hand and by properties."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.errors import (
    CATEGORIES,
    categorise,
    category_of,
    cluster_problems,
    date_drop,
    group_turns,
    reference_overlaps,
    repairs,
    share_interval,
    solved_by_date,
    summarise_errors,
    verdict_flows,
)
from rlef_env.cli.command import main
from rlef_env.cli.display import Screen
from rlef_env.cli.errors import fitting_table
from rlef_env.cli.rates import width
from rlef_env.episodes import Episode, Turn
from rlef_env.errors import UsageError
from rlef_env.judge import Judgement, Verdict
from rlef_env.problems import Problem, Solution
from rlef_env.runs import (
    EpisodeFacts,
    EpisodeRecord,
    EpisodeWriter,
    ProblemFacts,
    RunFolder,
    RunIdentity,
    TurnExtra,
    TurnFacts,
    problem_facts,
    read_facts,
)
from tests.analysis.errors.examples import BROKEN, READ, SUM, Example, fenced, played

RIGHT = "accepted"


def facts(problem: str, *turns: str, step: int | None = None, sample: int = 0, **of_problem: object) -> EpisodeFacts:
    """An episode whose turns are categories, ``"accepted"`` or ``"no_verdict"``."""
    verdicts = [turn if turn in (RIGHT, "no_verdict") else "wrong_answer" for turn in turns]
    return EpisodeFacts(
        problem=ProblemFacts(problem, cluster=problem, **of_problem),  # type: ignore[arg-type]
        sample=sample,
        phase="evaluate",
        evaluation="",
        step=step,
        max_turns=3,
        solved_at=len(turns) if turns[-1] == RIGHT else 0,
        has_verdict=turns[-1] != "no_verdict",
        turns=tuple(
            TurnFacts(number, verdict, None if turn == RIGHT else turn)
            for number, (verdict, turn) in enumerate(zip(verdicts, turns, strict=True), start=1)
        ),
    )


EPISODES = [
    facts("a", "syntax_error", "off_by_one", RIGHT),
    facts("a", "off_by_one", "off_by_one", "off_by_one", sample=1),
    facts("b", RIGHT),
    facts("b", "off_by_one", "no_verdict", sample=1),
]


def test_groups_by_turn() -> None:
    first, second, third = group_turns(EPISODES, "turn")
    assert (first.turns, first.accepted, dict(first.counts)) == (4, 1, {"off_by_one": 2, "syntax_error": 1})
    assert (second.turns, second.accepted, second.no_verdict, dict(second.counts)) == (2, 0, 1, {"off_by_one": 2})
    assert (third.turns, third.accepted, dict(third.counts)) == (2, 1, {"off_by_one": 1})
    assert first.share("off_by_one") == 0.5
    interval = share_interval(first, "off_by_one")  # one of two turns of a, one of two of b
    assert interval.value == 0.5
    assert 0 <= interval.low < 0.5 < interval.high <= 1
    assert share_interval(first, "").value == 0.25  # accepted


def test_a_turn_that_was_not_analysed_has_its_verdict() -> None:
    assert category_of(TurnFacts(1, "runtime_error", "IndexError")) == "runtime_error"
    assert category_of(TurnFacts(1, "wrong_answer")) == "wrong_answer"
    assert category_of(TurnFacts(1, "accepted", "off_by_one")) is None


def test_groups_by_tag_count_a_turn_for_each_tag_and_keep_the_largest() -> None:
    episodes = [facts(str(n), "off_by_one", tags=("all", f"tag {n}")) for n in range(20)] + [facts("x", RIGHT)]
    groups = group_turns(episodes, "tag")
    assert (groups[0].name, groups[0].turns, len(groups), groups[-1].name) == ("all", 20, 10, "unknown")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=60))
def test_ranges_of_steps_hold_every_turn_once_and_in_order(steps: list[int]) -> None:
    groups = group_turns([facts("p", "off_by_one", step=step) for step in steps], "step")
    assert sum(group.turns for group in groups) == len(steps)
    assert len(groups) == min(10, len(set(steps)))
    ranges = [tuple(map(int, group.name.split("-"))) for group in groups]
    assert [edge for each in ranges for edge in each] == sorted(edge for each in ranges for edge in each)
    for group, each in zip(groups, ranges, strict=True):
        assert group.turns == sum(each[0] <= step <= each[-1] for step in steps)


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one of all, turn, step"):
        group_turns(EPISODES, "colour")  # type: ignore[arg-type]


def test_flows() -> None:
    flows = {(each.turn, each.before, each.after): each.episodes for each in verdict_flows(EPISODES)}
    assert flows == {
        (1, "wrong_answer", "wrong_answer"): 2,
        (1, RIGHT, "ended"): 1,
        (2, "wrong_answer", RIGHT): 1,
        (2, "wrong_answer", "wrong_answer"): 1,
        (3, RIGHT, "ended"): 1,
        (3, "wrong_answer", "ended"): 1,
    }
    categories = {(each.turn, each.before, each.after) for each in verdict_flows(EPISODES, of_categories=True)}
    assert (1, "syntax_error", "off_by_one") in categories


def test_repairs() -> None:
    found = repairs(EPISODES)
    each = found["off_by_one"]  # a: accepted next; a sample 1: the same twice; b: no verdict next
    assert (each.followed, each.accepted, each.same) == (3, 1, 2)
    assert (found["syntax_error"].followed, found["syntax_error"].accepted) == (1, 0)


NAMES = st.sampled_from(sorted(CATEGORIES.keys() - {"no_verdict"}))
FAILED = st.builds(
    lambda problem, turns: facts(str(problem), *turns), st.integers(0, 15), st.lists(NAMES, min_size=1, max_size=3)
)


@given(st.lists(FAILED, max_size=30), st.randoms())
def test_clusters_divide_the_problems_that_fail_and_do_not_depend_on_order(
    episodes: list[EpisodeFacts], random: object
) -> None:
    clusters = cluster_problems(episodes)
    ids = [problem for cluster in clusters for problem in cluster.problems]
    assert sorted(ids) == sorted({episode.problem.problem_id for episode in episodes})
    assert sum(cluster.failures for cluster in clusters) == sum(len(episode.turns) for episode in episodes)
    for cluster in clusters:
        assert math.isclose(sum(cluster.shares.values()), 1)
    shuffled = episodes.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert cluster_problems(shuffled) == clusters


def test_clusters_by_hand() -> None:
    episodes = [
        facts("a", "off_by_one", "off_by_one"),
        facts("b", "off_by_one", "off_by_one", "syntax_error"),  # overlap with a: 2/3
        facts("c", "time_grows"),
        facts("d", RIGHT),
    ]
    found = cluster_problems(episodes)
    assert [cluster.problems for cluster in found] == [("b", "a"), ("c",)]
    assert found[0].shares["off_by_one"] == pytest.approx((1 + 2 / 3) / 2)
    assert [len(cluster.problems) for cluster in cluster_problems(episodes, 0.9)] == [1, 1, 1]


# --- contamination ---------------------------------------------------------------------------------------------------


def test_solve_rates_by_date() -> None:
    episodes = [
        facts("old", RIGHT, published="2023-05-02"),
        facts("old", "off_by_one", RIGHT, published="2023-05-02", sample=1),
        facts("new", "off_by_one", "off_by_one", published="2023-06-30"),
        facts("lost", "no_verdict", published="2023-06-30"),
        facts("undated", RIGHT),
    ]
    old, new = solved_by_date(episodes)
    assert (old.name, old.problems, old.first.value, old.solved.value) == ("2023-05", 1, 0.5, 1.0)
    assert (new.name, new.problems, new.first.value) == ("2023-06", 1, 0.0)
    years = [facts(str(year), RIGHT, published=f"{year}-01-01") for year in range(1990, 2020)]
    assert [window.name for window in solved_by_date(years)][-2:] == ["2018", "2019"]
    quarters = [
        facts(str(month), RIGHT, published=f"{2020 + month // 12}-{month % 12 + 1:02}-01") for month in range(24)
    ]
    assert [window.name for window in solved_by_date(quarters)][:2] == ["2020-Q1", "2020-Q2"]


def test_the_drop_after_a_cutoff() -> None:
    early = [facts(f"early {n}", RIGHT if n % 4 else "off_by_one", published="2023-01-01") for n in range(100)]
    late = [facts(f"late {n}", "off_by_one" if n % 4 else RIGHT, published="2024-01-01") for n in range(100)]
    drop = date_drop(early + late, "2023-09-01")
    assert (drop.before.value, drop.after.value, drop.difference.value) == (0.75, 0.25, 0.5)
    assert 0.36 < drop.difference.low < 0.4 < 0.6 < drop.difference.high < 0.63
    with pytest.raises(UsageError, match="0 before and 200 after"):
        date_drop(early + late, "2023-01-01")
    with pytest.raises(UsageError, match="expected a day such as"):
        date_drop(early, "yesterday")


SOLUTION = "import sys\n\n\ndef main():\n" + "".join(
    f"    value_{n} = int(sys.stdin.readline()) + {n}  # read\n    print(value_{n} * {n})\n" for n in range(8)
)


def record(program: str | None, sample: int = 0) -> EpisodeRecord:
    turn = Turn("", program, Judgement(Verdict.WRONG_ANSWER))
    return EpisodeRecord(Episode("p", "", "", (turn,), terminated=True), sample)


def test_first_programs_that_equal_a_stored_solution() -> None:
    problems = {"p": Problem("p", "", solutions=(Solution("int main() {}", "cpp"), Solution(SOLUTION)))}
    without_comments = SOLUTION.replace("  # read", "")
    one_change = without_comments.replace("print(value_3 * 3)", "print(value_3 * 4)")
    other = "\n".join(f"x{n} = [{n}]\nprint(x{n}, {n} + {n})" for n in range(20))
    programs = (without_comments, one_change, other, "print(1)", None)
    found = [(each.sample, overlap) for each, overlap in reference_overlaps(map(record, programs, range(5)), problems)]
    assert [sample for sample, _ in found] == [0, 1, 2]  # the last two are too short to say anything
    verbatim, near, none = (overlap for _, overlap in found)
    assert verbatim is not None
    assert (verbatim.share, verbatim.verbatim, verbatim.solution) == (1.0, True, 1)
    assert near is not None
    assert 0.9 < near.share < 1
    assert not near.verbatim
    assert none is None
    assert list(reference_overlaps([record(SOLUTION)], {})) == []


# --- all of it, and the command -------------------------------------------------------------------------------------


def test_the_summary_counts_everything_once() -> None:
    row = summarise_errors(EPISODES).to_row()
    counts = Counter(category_of(turn) for each in EPISODES for turn in each.turns if turn.verdict != "no_verdict")
    assert {name: each["turns"] for name, each in row["categories"].items()} == {k: v for k, v in counts.items() if k}
    assert (row["turns"], row["accepted"], row["no_verdict"]) == (8, 2, 1)
    assert row["categories"]["off_by_one"]["example"] == {"problem": "a", "sample": 0, "turn": 2}
    json.dumps(row, allow_nan=False)


def stored(path: Path, examples: list[Example]) -> Path:
    """Store the examples' episodes, played by the real judge, as a run."""
    problems = {example.problem.id: problem_facts(example.problem) for example in examples}
    folder = RunFolder.create(path, "evaluation", RunIdentity(), {}, problems.values())
    with EpisodeWriter(folder, compress=False) as writer:
        for example, episode in zip(examples, played(tuple(examples)), strict=True):
            extras = tuple(map(TurnExtra, categorise(example.problem, episode)))
            writer.append(EpisodeRecord(episode, turns=extras))
    return folder.path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    problems = [replace(SUM, id=f"p{n}", date=f"202{n}-01-01") for n in range(3)]
    close, right = (fenced(f"{READ}\nprint(a + b + {off})") for off in (1, 0))
    examples = [
        Example("", problems[0], (close, close, "no idea")),
        Example("", problems[1], (close, right)),
        Example("", problems[2], (close, right)),
        Example("", BROKEN, (fenced("print(1)"),)),
    ]
    return stored(tmp_path_factory.mktemp("run"), examples)


def test_the_command(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "errors.json"
    assert main(["errors", str(run), "--json", str(out), "--cutoff", "2020-06-01"]) == 0
    shown = capsys.readouterr().out
    assert "4 episodes, 7 turns with a verdict, 5 of them failed; 1 without a verdict" in shown
    for text in ("off_by_one", "repeated_program", "p0 #0, turn 1", "Solve rate by day of publication", "later: 0%"):
        assert text in shown, text
    row = json.loads(out.read_text())
    assert (row["by"], row["categories"]["off_by_one"]["repaired"], row["no_verdict"]) == ("turn", 2, 1)
    assert (row["edits"][0]["programs"], row["edits"][0]["unchanged"]) == (3, 1 / 3)


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_the_table_fits_a_terminal(run: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = summarise_errors(read_facts(RunFolder.open(run)))
    screen = Screen(force_terminal=True, width=columns)
    wide = width(screen, fitting_table(Screen(force_terminal=True, width=500), summary))
    assert width(screen, fitting_table(screen, summary)) <= max(columns, 70)
    assert wide > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--phase", "train"], "expected a run with episodes of the phase train, found none"),
        (["--cutoff", "soon"], "expected a day such as 2023-09-01, got 'soon'"),
        (["--by", "colour"], "invalid choice: 'colour'"),
        (["--data", "no/such/file"], "no/such/file"),
    ],
)
def test_bad_arguments_are_one_line(
    run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(["errors", str(run), *arguments])
    except SystemExit as stopped:
        code = stopped.code
    shown = capsys.readouterr()
    assert (code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert message in shown.err


def test_a_hostile_problem_id_does_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "p\x1b[2J[bold]\n"
    path = stored(tmp_path, [Example("", replace(SUM, id=hostile, tags=(hostile,)), ("no idea",) * 3)])
    assert main(["errors", str(path), "--by", "tag"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[bold]" in shown
