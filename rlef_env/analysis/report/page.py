"""Writes a report: one page that opens from disk, with everything in it, without any network.

Texts that do not fit into the page go into a folder beside it, as scripts that the page loads one by one: a page that
was opened from disk may load scripts, but may not read files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rlef_env.analysis.report.data import EpisodeTable, key_of
from rlef_env.analysis.report.differences import differences
from rlef_env.analysis.report.summary import metric_meanings, run_summary
from rlef_env.analysis.report.tail import RunTail
from rlef_env.errors import UsageError
from rlef_env.files import written_whole
from rlef_env.runs import EpisodeFacts, RunFolder
from rlef_env.runs.record import EpisodeKey

__all__ = ["Report", "page_html", "page_parts", "shared_head", "write_report"]

INLINE_BYTES: Final = 22 * 2**20
"""Bytes of texts, in base64, that the page itself may hold; with all else it stays under 30 MB."""
SCRIPTS: Final = ("data", "text", "diff", "filter", "charts", "overview", "episodes", "viewer", "play", "main")
"""The parts of the page's script, in the order in which they are joined."""


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Attributes:
        path: the page.
        folder: the folder beside it with more texts; None if the page holds everything.
        episodes: number of episodes.
    """

    path: Path
    folder: Path | None
    episodes: int


def write_report(
    runs: Sequence[RunFolder], out: str | Path, title: str | None = None, inline_bytes: int = INLINE_BYTES
) -> Report:
    """Write a report on one or several runs.

    Args:
        runs: the runs; differences are shown against the first.
        out: the page's file, which is replaced.
        title: title of the page; the names of the runs if None.
        inline_bytes: bytes of texts that the page itself holds; further texts go into a folder beside it.

    Raises:
        UsageError: no run was given.
        DataError: a run is damaged.
        OSError: a file cannot be written.
    """
    if not runs:
        raise UsageError("runs: expected at least one run, got none; name the folder of a run")
    out, table = Path(out), EpisodeTable()
    try:
        facts = [_add_run(table, number, run) for number, run in enumerate(runs)]
        summaries = [run_summary(run, own) for run, own in zip(runs, facts, strict=True)]
        table.pages.finish()
        folder = out.with_name(f"{out.stem}_files")
        inline = _inline_pages(table, inline_bytes)
        _write_folder(table, folder, inline)
        paged = len(inline) < len(table.pages)
        head = {
            "title": title or " and ".join(each["name"] for each in summaries),
            "runs": summaries,
            **shared_head(table, summaries),
        }
        head["comparisons"] = differences(facts)
        head["pages"] = {"count": len(table.pages), "folder": folder.name if paged else None}
        with written_whole(out) as file:
            for part in page_parts(head, table.columns(), paged):
                file.write(part)
            for page in inline:
                file.write(_data_script(f"page-{page}", base64.b64encode(table.pages.compressed(page))))
            file.write(_end())
        return Report(out, folder if paged else None, len(table))
    finally:
        table.pages.close()


def _add_run(table: EpisodeTable, number: int, run: RunFolder) -> list[EpisodeFacts]:
    """Add the episodes of a run; return what analyses count of them, the last attempt of each."""
    found: dict[EpisodeKey, EpisodeFacts] = {}
    for episode in RunTail(run).new():
        table.add(number, episode)
        found[key_of(episode.facts)] = episode.facts
    return list(found.values())


def shared_head(table: EpisodeTable, summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the head of the page says about all runs together."""
    return {
        "names": table.names(),
        "problems": table.problem_rows(),
        "prompts": table.prompts,
        "hidden": table.hidden,
        "metrics": metric_meanings(summaries),
    }


def _inline_pages(table: EpisodeTable, limit: int) -> list[int]:
    """Return the numbers of the first pages that together fit into the limit."""
    chosen: list[int] = []
    for page in range(len(table.pages)):
        limit -= len(table.pages.compressed(page)) * 4 // 3 + 64
        if limit < 0:
            break
        chosen.append(page)
    return chosen


def _write_folder(table: EpisodeTable, folder: Path, inline: Sequence[int]) -> None:
    """Write the pages that are not inline; a folder of an earlier report is replaced."""
    if folder.is_dir() and all(re.fullmatch(r"page-\d+\.js", each.name) for each in folder.iterdir()):
        shutil.rmtree(folder)
    for page in range(len(inline), len(table.pages)):
        folder.mkdir(parents=True, exist_ok=True)
        data = base64.b64encode(table.pages.compressed(page)).decode("ascii")
        with written_whole(folder / f"page-{page}.js") as file:
            file.write(f'rlefPage({page},"{data}");\n'.encode("ascii"))


# --- the page's source -----------------------------------------------------------------------------------------------


def page_html(head: Mapping[str, Any]) -> bytes:
    """Return the page for a server: it asks the server for the episodes."""
    return b"".join(page_parts(head, None, paged=False)) + _end()


def page_parts(head: Mapping[str, Any], columns: Mapping[str, Any] | None, paged: bool) -> Iterator[bytes]:
    """Yield the beginning of a page, up to the texts.

    Args:
        head: what is known of the runs, as plain JSON values.
        columns: ``EpisodeTable.columns()``; None if the page asks a server for them.
        paged: whether the page loads scripts from a folder beside it.
    """
    script, style = _script(), _asset("page.css")
    sources = ["'self'", "file:"] if paged else []
    policy = {
        "default-src": ["'none'"],
        "script-src": [_hash(script), *sources],
        "style-src": [_hash(style)],
        "connect-src": ["'self'"] if columns is None else ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    yield (
        _asset("page.html")
        .replace("{policy}", "; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()))
        .replace("{style}", style)
        .encode("utf-8")
    )
    yield _data_script("head", _json(head).replace("<", "\\u003c").encode("ascii"), "application/json")
    if columns is not None:
        yield _data_script("columns", base64.b64encode(zlib.compress(_json(columns).encode("ascii"), 9)))


def _end() -> bytes:
    return f"<script>{_script()}</script>\n</body>\n</html>\n".encode()


def _json(value: Any) -> str:
    """Return JSON in ASCII: lone surrogates and line separators are escaped."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _data_script(name: str, data: bytes, kind: str = "text/plain") -> bytes:
    return f'<script type="{kind}" id="{name}">'.encode() + data + b"</script>\n"


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@cache
def _script() -> str:
    joined = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    return f'\n(() => {{\n"use strict";\n{joined}\n}})();\n'


@cache
def _asset(name: str) -> str:
    return files("rlef_env.analysis.report").joinpath("assets", name).read_text(encoding="utf-8")
