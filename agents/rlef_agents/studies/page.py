"""Tables of results, for the terminal and for docs/experiments.md."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rlef_agents.studies.study import Study
from rlef_env.errors import UsageError

__all__ = [
    "TURN", "main_table", "read_results", "reading_table", "secrets_table", "show_plan", "show_results", "speed_table",
    "turns_table", "with_tables",
]  # fmt: skip

SHARES: Final = {
    "right": "right", "follows": "follows", "fits": "fits", "repeats": "repeats a program", "no_program": "no program",
}  # fmt: skip
"""Shares of answers to changed feedback that a table shows, and their titles."""

TURN: Final = {"solved": "solved so far", "reached": "with this turn", "chrf": "chrF of the edit", "repeats": "repeats"}
"""Columns of a turn that are no verdicts, and their titles."""


def show_plan(study: Study, seeds: Sequence[int]) -> str:
    """Return what a study would run."""
    rows = [("arm", "method", "problems", "evaluations")]
    for arm in study.arms:
        names = ", ".join(each.name for each in study.evaluations_of(arm))
        rows.append((arm.name, arm.method, study.task_of(arm)["dataset"], names))
    return f"{study.question}\n\n{aligned(rows)}\n\nseeds: {', '.join(map(str, seeds))}"


def show_results(results: Mapping[str, Any]) -> str:
    """Return the main table, the ceilings and the conclusions."""
    lines = [results["question"], "", aligned(main_rows(results)), ""]
    lines += [f"ceiling: {name}: {value:.3f}" for name, value in results["ceilings"].items()]
    lines += ["", *(f"{mark(each).strip('*')}: {each['claim']}: {interval(each)}" for each in results["conclusions"])]
    return "\n".join(lines)


def main_rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each arm, and a column for each evaluation that an arm has, with its number of problems."""
    names = list(dict.fromkeys(name for arm in results["arms"].values() for name in arm["evaluations"]))
    rows = [("arm", *(f"{name}, {results['evaluations'][name]['problems']} problems" for name in names))]
    for name, arm in results["arms"].items():
        rows.append(
            (name, *(interval(arm["evaluations"][each]) if each in arm["evaluations"] else "" for each in names))
        )
    return rows


def main_table(results: Mapping[str, Any]) -> str:
    """Return the main table in Markdown, with the ceilings, the conclusions and the cost."""
    rows = main_rows(results)
    lines = [markdown(rows if len(rows[0]) <= len(rows) else list(zip(*rows, strict=True)))]
    best, blind, one = (results["ceilings"].get(name) for name in ("feedback", "blind", "one guess"))
    if best is not None and blind is not None and one is not None:
        lines += ["", f"Best possible: {best:.3f}; {blind:.3f} without reading feedback; {one:.3f} with one guess."]
    if results["conclusions"]:
        lines += ["", "| claim | value or difference | supported |", "|---|---|---|"]
        lines += [f"| {each['claim']} | {interval(each)} | {mark(each)} |" for each in results["conclusions"]]
    costs = [cost for arm in results["arms"].values() for cost in arm["cost"] if cost]
    hours = sum(each["cpu_seconds"] + each["evaluation_seconds"] for each in costs) / 3600
    episodes = sum(each["episodes"] for each in costs)
    versions = ", ".join(sorted({each[name] for each in costs for name in ("made_by", "evaluated_by")}))
    command = f"rlef-agents study {results['study']} --seeds {len(results['seeds'])}"
    lines += ["", f"`{command}`: {episodes:,} training episodes, {hours:.1f} CPU hours, code {versions}."]
    return "\n".join(lines)


def mark(conclusion: Mapping[str, Any]) -> str:
    """Return whether the results support a conclusion, in a word."""
    if conclusion["measured"]:
        return "measured"
    return {True: "yes", False: "**no**", None: "open"}[conclusion["holds"]]


def interval(value: Mapping[str, Any]) -> str:
    """Return a mean and its interval, such as ``0.953 (0.941 to 0.964)``."""
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows with columns of equal width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def turns_table(results: Mapping[str, Any]) -> str:
    """Return, for each arm and turn of the primary evaluation, what was solved, which verdicts, and what was edited."""
    every = dict.fromkeys(name for arm in results["arms"].values() for row in arm["by_turn"] for name in row)
    names = [*TURN, *(name for name in every if name not in TURN)]
    rows = [("arm", "turn", *(TURN.get(name, name.replace("_", " ")) for name in names))]
    for name, arm in results["arms"].items():
        for number, row in enumerate(arm["by_turn"], start=1):
            cells = (row.get(each, None if each in TURN else 0.0) for each in names)
            rows.append((name, str(number), *("" if cell is None else f"{cell:.3f}" for cell in cells)))
    return markdown(rows)


def speed_table(results: Mapping[str, Any]) -> str:
    """Return after how many training episodes each arm reached some solve rates, for each seed."""
    trained = {name: arm["episodes_to"] for name, arm in results["arms"].items() if arm["curve"]}
    levels = list(dict.fromkeys(level for each in trained.values() for level in each))
    rows = [("arm", *(f"episodes until {level} of the training problems are solved" for level in levels))]
    for name, each in trained.items():
        cells = (", ".join("never" if count is None else f"{count:,.0f}" for count in each[level]) for level in levels)
        rows.append((name, *cells))
    return markdown(rows)


def reading_table(results: Mapping[str, Any]) -> str:
    """Return what policies do after changed feedback: means over seeds, and the lowest and the highest seed.

    Programs that fit the tests that are shown have a column where they may not be those that follow the feedback.
    """
    summaries = [
        each[change]
        for arm in results["arms"].values()
        for found in arm.get("reading", {}).values()
        for each in found
        for change in changes(each)
    ]
    titles = SHARES
    if all(each["fits"] == each["follows"] for each in summaries):
        titles = {key: title for key, title in SHARES.items() if key != "fits"}
    rows: list[tuple[str, ...]] = [("arm", "wrong program", "feedback", *titles.values(), "answers")]
    for name, arm in results["arms"].items():
        for turn, found in arm.get("reading", {}).items():
            for change in changes(found[0]):
                shares = (over_seeds([each[change][key] for each in found]) for key in titles)
                answers = sum(each[change]["count"] for each in found)
                rows.append((name, turn, change.replace("_", " "), *shares, str(answers)))
    return markdown(rows)


def changes(reading: Mapping[str, Any]) -> list[str]:
    """Return the changes of feedback that a policy was given."""
    return [name for name, value in reading.items() if isinstance(value, dict) and "right" in value]


def secrets_table(results: Mapping[str, Any]) -> str:
    """Return what was solved of each secret's problems: means over seeds, and the lowest and the highest seed."""
    count = max(len(arm["by_secret"]) for arm in results["arms"].values())
    rows: list[tuple[str, ...]] = [("arm", *(f"secret {place}" for place in range(1, count + 1)))]
    for name, arm in results["arms"].items():
        seeds = ([{"mean": value} for value in each] for each in arm["by_secret"])
        rows.append((name, *map(over_seeds, seeds)))
    return markdown(rows)


def over_seeds(values: Sequence[Any]) -> str:
    """Return a mean over seeds and the range of the seeds; a dash where nothing is defined."""
    means = [each["mean"] for each in values if each and each["mean"] is not None]
    if not means:
        return "-"
    return f"{sum(means) / len(means):.2f} ({min(means):.2f} to {max(means):.2f})"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; the first row is its head."""
    head, *others = rows
    return "\n".join(
        [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in others)]
    )


TABLES: Final = {
    "results": main_table, "turns": turns_table, "speed": speed_table, "reading": reading_table,
    "secrets": secrets_table,
}  # fmt: skip
"""Tables that a page can have."""


def with_tables(text: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a page with its tables made again: the texts between ``<!-- results NAME -->`` and ``<!-- end -->``.

    Args:
        text: text of the page; another name of ``TABLES`` in place of ``results`` is another table.
        results: results by the study's name.

    Raises:
        UsageError: the page names a study without results.
    """

    def table(match: re.Match[str]) -> str:
        if match[2] not in results:
            raise UsageError(f"tables: expected one of {', '.join(results) or 'no study'}, got {match[2]!r}")
        return f"<!-- {match[1]} {match[2]} -->\n\n{TABLES[match[1]](results[match[2]])}\n\n<!-- end -->"

    return re.sub(rf"<!-- ({'|'.join(TABLES)}) (\S+) -->.*?<!-- end -->", table, text, flags=re.DOTALL)


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the results in a folder, by the study's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def main() -> None:
    """Make a page's tables again: ``python -m rlef_agents.studies.page docs/experiments.md experiments/results``."""
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    page.write_text(with_tables(page.read_text(encoding="utf-8"), read_results(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
