"""``rlef dashboard``: serves the page of ``rlef report`` live, while a run goes on."""

from __future__ import annotations

import argparse

from rlef_env.analysis.report import Dashboard, LiveReport
from rlef_env.cli.arguments import whole_number
from rlef_env.cli.display import note
from rlef_env.runs import RunFolder

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "serve the page about a run live while it goes on"
DESCRIPTION = """\
Serve the page of rlef report on this machine, and show new episodes as they come. The run may be one that evaluates,
trains or has ended. Only browsers on this machine reach the page; to look at a run on another machine, use a tunnel:
  ssh -L 8765:127.0.0.1:8765 MACHINE

Ctrl-C ends it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef dashboard``."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="loopback address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=8765, metavar="P", help="port; 0 for a free one (default: 8765)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    report = LiveReport([RunFolder.open(path) for path in arguments.runs])
    try:
        with Dashboard(report, arguments.host, arguments.port) as dashboard:
            report.html()  # a damaged run is an error of the command, not of the browser
            note(f"open {dashboard.url} in a browser; Ctrl-C ends it")
            dashboard.serve_forever()
    finally:
        report.close()
