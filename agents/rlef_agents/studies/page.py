"""Tables of results, for the terminal and for docs/experiments.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlef_agents.studies.study import Study
from rlef_env.errors import UsageError

__all__ = ["main_table", "replace_tables", "show_plan", "show_results"]


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
    marks = {True: "supported", False: "NOT SUPPORTED", None: "measured"}
    lines += ["", *(f"{marks[each['holds']]}: {each['claim']}: {interval(each)}" for each in results["conclusions"])]
    return "\n".join(lines)


def main_rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each arm, and a column for each evaluation that an arm has."""
    names = list(dict.fromkeys(name for arm in results["arms"].values() for name in arm["evaluations"]))
    rows = [("arm", *names)]
    for name, arm in results["arms"].items():
        rows.append(
            (name, *(interval(arm["evaluations"][each]) if each in arm["evaluations"] else "" for each in names))
        )
    return rows


def main_table(results: Mapping[str, Any]) -> str:
    """Return the main table in Markdown, with the conclusions and the cost."""
    head, *rows = main_rows(results)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
    marks = {True: "yes", False: "**no**", None: "measured"}
    if results["conclusions"]:
        lines += ["", "| claim | value or difference | supported |", "|---|---|---|"]
        lines += [f"| {each['claim']} | {interval(each)} | {marks[each['holds']]} |" for each in results["conclusions"]]
    costs = [cost for arm in results["arms"].values() for cost in arm["cost"] if cost]
    hours = sum(each["cpu_seconds"] for each in costs) / 3600
    episodes = sum(each["episodes"] for each in costs)
    versions = ", ".join(sorted({each["version"] for each in costs}))
    command = f"rlef-agents study {results['study']} --seeds {len(results['seeds'])}"
    lines += ["", f"`{command}`: {episodes:,} training episodes, {hours:.1f} CPU hours, code {versions}."]
    return "\n".join(lines)


def interval(value: Mapping[str, Any]) -> str:
    """Return a mean and its interval, such as ``0.953 (0.941 to 0.964)``."""
    return f"{value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows with columns of equal width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def replace_tables(page: Path, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace the tables of a page: the text between ``<!-- results NAME -->`` and ``<!-- end -->``.

    Args:
        page: a Markdown file.
        results: results by the study's name.

    Raises:
        UsageError: the page names a study without results.
    """

    def table(match: re.Match[str]) -> str:
        if match[1] not in results:
            raise UsageError(f"{page}: expected one of {', '.join(results)}, got results of {match[1]!r}")
        return f"<!-- results {match[1]} -->\n\n{main_table(results[match[1]])}\n\n<!-- end -->"

    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"<!-- results (\S+) -->.*?<!-- end -->", table, text, flags=re.DOTALL), encoding="utf-8")
