"""``rlef report``: writes a page about one or several runs that opens from disk, and figures for papers."""

from __future__ import annotations

import argparse
from pathlib import Path

from rlef_env.analysis.report import write_figures, write_report
from rlef_env.cli.arguments import file_path
from rlef_env.cli.display import note
from rlef_env.runs import RunFolder
from rlef_env.terminal import printable

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "write a page about runs that opens in a browser from disk"
DESCRIPTION = """\
Write one self-contained page about a run, or about several side by side: results with intervals, training curves,
verdicts by turn, categories of errors, problems, and every episode turn by turn, with search and filters. The page
needs no server and no network, so it can be mailed or archived. Differences are those to the first run.

The texts of very many episodes do not fit into one page: what is left goes into a folder FILE_files beside it.

With --plots, figures for papers are written, too, as PNG and SVG."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef report``."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--out", type=file_path, metavar="FILE.html", help="the page (default: report.html in the first run's folder)"
    )
    parser.add_argument("--title", metavar="TEXT", help="title of the page (default: the names of the runs)")
    parser.add_argument(
        "--plots", type=file_path, metavar="DIR", help="also write figures as PNG and SVG to this folder"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the page, and the figures if asked for."""
    runs = [RunFolder.open(path) for path in arguments.runs]
    out: Path = arguments.out or runs[0].path / "report.html"
    report = write_report(runs, out, arguments.title)
    beside = f" and {report.folder.name}/" if report.folder else ""
    note(f"{report.episodes:,} episodes: open {printable(str(report.path.resolve()))}{beside} in a browser")
    if arguments.plots:
        for path in write_figures(runs, arguments.plots):
            note(f"figure: {printable(str(path))}")
