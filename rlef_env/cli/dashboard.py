"""``rlef dashboard``: serves the page of ``rlef report`` live, while a run goes on."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, suppress
from pathlib import Path

from rlef_env.analysis.report import Dashboard, LiveReport
from rlef_env.cli.arguments import whole_number
from rlef_env.cli.dashboard_player import BrowserPlayer
from rlef_env.cli.display import note
from rlef_env.cli.play import play_folder
from rlef_env.envs import CodeEnv
from rlef_env.problems import load_dataset
from rlef_env.runs import RunFolder

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "serve the page about a run live while it goes on"
DESCRIPTION = """\
Serve the page of rlef report on this machine, and show new episodes as they come. The run may be one that evaluates,
trains or has ended. With --play, a person writes programs in the page, and the run, of a kind of its own, keeps the
episodes, as rlef play --out does.

Only browsers on this machine reach the page; to look at a run on another machine, use a tunnel:
  ssh -L 8765:127.0.0.1:8765 MACHINE

Ctrl-C ends it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef dashboard``."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="loopback address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--play",
        metavar="D",
        help="let a person play problems of this data set in the page; the first RUN, created if it is missing, keeps "
        "the episodes",
    )
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=8765, metavar="P", help="port; 0 for a free one (default: 8765)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    with ExitStack() as stack:
        player = None
        if arguments.play is not None:
            env = stack.enter_context(CodeEnv(dataset=load_dataset(arguments.play)))
            play_folder(Path(arguments.runs[0]), env)
            player = BrowserPlayer(env, Path(arguments.runs[0]))
            stack.callback(player.close)
        report = LiveReport([RunFolder.open(path) for path in arguments.runs])
        stack.callback(report.close)
        dashboard = stack.enter_context(Dashboard(report, arguments.host, arguments.port, player))
        report.html()  # a damaged run is an error of the command, not of the browser
        note(f"open {dashboard.url} in a browser; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            dashboard.serve_forever()
