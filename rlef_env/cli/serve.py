"""``rlef serve``: the judge over HTTP, until it is told to end."""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import sys
import threading

from rlef_env.cli.arguments import add_workers, whole_number
from rlef_env.problems import load_dataset
from rlef_env.sandbox import LANGUAGES
from rlef_env.server import JudgeServer, ServerSettings

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "answer over HTTP: SandboxFusion's API, and /judge"
DESCRIPTION = """\
Serve the judge over HTTP: SandboxFusion's API as its clients (verl) use it, /judge, and /metrics for Prometheus. Needs
the extra 'serve'.

Clients show a token if the environment variable RLEF_TOKEN (or --token, which others on this machine can read) sets
one. Without one this listens on loopback only.

Requests are accepted when the server is ready: when a program has run in every worker, and one of each language that is
installed has been compiled there. Until then GET /v1/ready answers 503 and says what is still to be started.

Ctrl-C and SIGTERM end it: requests that were accepted are answered first, new ones refused. A second one ends it at
once."""

MEGABYTE = 2**20
LOOK_SECONDS = 0.1


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
    parser.add_argument(
        "--warm",
        action="append",
        choices=tuple(LANGUAGES),
        metavar="LANGUAGE",
        help="start this language in every worker before the server is ready, at some 50 MB a worker; may be repeated; "
        "python alone starts no other (default: every one that is installed)",
    )
    parser.add_argument("--numpy", action="store_true", help="let programs import numpy")
    parser.add_argument(
        "--max-pending",
        type=whole_number(1, 100_000),
        default=1024,
        metavar="N",
        help="requests accepted at the same time; those beyond are told to try again (default: %(default)s)",
    )
    parser.add_argument(
        "--max-mb", type=whole_number(1, 2000), default=64, metavar="MB", help="size of a request (default: 64)"
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
        max_pending=arguments.max_pending,
        max_bytes=arguments.max_mb * MEGABYTE,
        seconds=float(arguments.seconds),
        warm=None if arguments.warm is None else tuple(name for name in arguments.warm if name != "python"),
    )
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_, number=number: signals.put(number))
    with JudgeServer(settings, wait=False) as server:
        say(f"machine: {server.machine.summary()}")
        if server.machine.starved:
            say(f"WARNING: this machine is starved. {server.machine.advice}")
        say(f"starting at {server.url}: {', '.join(server.starting)}")
        if not wait(signals, server, server.ready):
            say("ended before it was ready")
            return
        for name, why in server.not_started.items():
            say(f"WARNING: {name} does not work here ({why})")
        say(f"ready, serving at {server.url}")
        wait(signals, server, server.ended)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)  # a second one does not wait
        say(f"ending; {server.num_pending} requests are still to be answered")
        if not server.drain(arguments.drain_seconds):
            say(f"{server.num_pending} requests were not answered in time")


def wait(signals: queue.SimpleQueue[int], server: JudgeServer, event: threading.Event) -> bool:
    """Wait for an event; return whether it came before a signal and before the server ended by itself."""
    while not event.is_set() and not server.ended.is_set():
        with contextlib.suppress(queue.Empty):
            signals.get(timeout=LOOK_SECONDS)
            return False
    return event.is_set()


def say(text: str) -> None:
    """Print a line on standard error."""
    print("rlef:", text, file=sys.stderr, flush=True)
