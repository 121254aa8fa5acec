"""``rlef serve``: the judge over HTTP, until it is told to end."""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import sys

from rlef_env.cli.arguments import add_workers, whole_number
from rlef_env.integrations import JudgeServer, ServerSettings
from rlef_env.problems import load_dataset

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "answer over HTTP: SandboxFusion's API, and /judge"
DESCRIPTION = """\
Serve the judge over HTTP: SandboxFusion's API as its clients (verl) use it, /judge, and /metrics for Prometheus. Needs
the extra 'serve'.

Clients show a token if the environment variable RLEF_TOKEN (or --token, which others on this machine can read) sets
one. Without one this listens on loopback only.

Ctrl-C and SIGTERM end it: requests that were accepted are answered first, new ones refused. A second one ends it at
once."""

MEGABYTE = 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef serve``."""
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: %(default)s")
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=8080, metavar="P", help="0: one that is free (default: 8080)"
    )
    parser.add_argument("--token", default=os.environ.get("RLEF_TOKEN"), help="better set by RLEF_TOKEN")
    parser.add_argument(
        "--dataset",
        action="append",
        metavar="D",
        help="a data set that clients may name, by the name given here; may be repeated (default: starter)",
    )
    add_workers(parser)
    parser.add_argument("--numpy", action="store_true", help="let programs import numpy")
    parser.add_argument(
        "--most-under-way",
        type=whole_number(1, 100_000),
        default=1024,
        metavar="N",
        help="requests accepted at the same time; those beyond are told to try again (default: %(default)s)",
    )
    parser.add_argument(
        "--most-mb", type=whole_number(1, 2000), default=64, metavar="MB", help="size of a request (default: 64)"
    )
    parser.add_argument(
        "--seconds", type=whole_number(1), default=300, metavar="S", help="to wait for a judgement (default: 300)"
    )
    parser.add_argument(
        "--drain-seconds",
        type=whole_number(0),
        default=60,
        metavar="S",
        help="at the end, to wait for what was accepted (default: 60)",
    )
    parser.add_argument(
        "--isolation",
        choices=("locked", "none"),
        default="locked",
        help="'none' runs the programs with no lock at all: only for programs that you wrote (default: locked)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    settings = ServerSettings(
        host=arguments.host,
        port=arguments.port,
        token=arguments.token or None,
        datasets={name: load_dataset(name) for name in arguments.dataset or ["starter"]},
        workers=arguments.workers,
        isolation=arguments.isolation,
        numpy=arguments.numpy,
        most_under_way=arguments.most_under_way,
        most_bytes=arguments.most_mb * MEGABYTE,
        seconds=float(arguments.seconds),
    )
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_, number=number: signals.put(number))
    with JudgeServer(settings) as server:
        print(f"rlef: serving at {server.url}", file=sys.stderr, flush=True)
        wait(signals, server)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)  # a second one does not wait
        print(f"rlef: ending; {server.under_way} requests are still to be answered", file=sys.stderr, flush=True)
        if not server.drain(arguments.drain_seconds):
            print(f"rlef: {server.under_way} requests were not answered in time", file=sys.stderr, flush=True)


def wait(signals: queue.SimpleQueue[int], server: JudgeServer) -> None:
    """Wait for a signal, or that the server ends by itself."""
    while not server.ended.is_set():
        with contextlib.suppress(queue.Empty):
            signals.get(timeout=1.0)
            return
