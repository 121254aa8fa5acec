"""``rlef serve``: serves the judge over HTTP until a signal ends it."""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import threading

from rlef_env.cli.arguments import add_isolation, add_workers, whole_number
from rlef_env.cli.display import note
from rlef_env.problems import load_dataset
from rlef_env.sandbox import LANGUAGES
from rlef_env.server import JudgeServer, ServerSettings

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "serve the judge over HTTP: SandboxFusion's API, and /judge"
DESCRIPTION = """\
Serve the judge over HTTP: SandboxFusion's API as its clients (verl) use it, /judge, and /metrics for Prometheus. Needs
the extra: pip install "rlef-env[serve]".

If the environment variable RLEF_TOKEN sets a token (or --token, which other users of this machine can read), clients
must send it, as "Authorization: Bearer TOKEN" or as the password in the URL. rlef_env.HttpJudgePool(URL), a judge pool
of this server's workers, takes it from RLEF_TOKEN, too. Without a token, the server listens on loopback addresses only.

Requests are accepted when the server is ready: when every worker has run a program in each installed language. Until
then, GET /v1/ready answers 503 and lists what is still starting.

Ctrl-C and SIGTERM end the server: it refuses new requests, and answers the pending ones first. A second signal ends it
at once."""

MEGABYTE = 2**20
POLL_SECONDS = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef serve``."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=8080, metavar="P", help="port; 0 for a free one (default: 8080)"
    )
    parser.add_argument(
        "--token", default=os.environ.get("RLEF_TOKEN"), help="secret that clients must send; better set by RLEF_TOKEN"
    )
    parser.add_argument(
        "--dataset",
        action="append",
        metavar="D",
        help="a data set; clients use the name given here; may be repeated (default: starter)",
    )
    add_workers(parser)
    parser.add_argument(
        "--warm",
        action="append",
        choices=tuple(LANGUAGES),
        metavar="LANGUAGE",
        help="start this language in every worker before the server is ready, with about 50 MB per worker; may be "
        "repeated; 'python' starts no other language (default: every installed language)",
    )
    parser.add_argument("--numpy", action="store_true", help="let programs import numpy")
    parser.add_argument(
        "--max-pending",
        type=whole_number(1, 100_000),
        default=1024,
        metavar="N",
        help="maximum number of pending requests; more are refused (default: %(default)s)",
    )
    parser.add_argument(
        "--max-mb", type=whole_number(1, 2000), default=64, metavar="MB", help="maximum size of a request (default: 64)"
    )
    parser.add_argument(
        "--seconds", type=whole_number(1), default=300, metavar="S", help="timeout of a judgement (default: 300)"
    )
    parser.add_argument(
        "--drain-seconds",
        type=whole_number(0),
        default=60,
        metavar="S",
        help="at the end, time to answer pending requests (default: 60)",
    )
    add_isolation(parser)


def run(arguments: argparse.Namespace) -> None:
    """Serve until a signal arrives."""
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
        note(f"machine: {server.machine.summary()}")
        if server.machine.starved:
            note(f"WARNING: this machine is starved. {server.machine.advice}")
        note(f"starting at {server.url}: {', '.join(server.starting)}")
        if not wait(signals, server, server.ready):
            note("stopped before it was ready")
            return
        for name, why in server.not_started.items():
            note(f"WARNING: {name} does not work here ({why})")
        note(f"ready, serving at {server.url}")
        wait(signals, server, server.ended)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)  # a second signal ends the process at once
        note(f"shutting down; pending requests: {server.num_pending}")
        if not server.drain(arguments.drain_seconds):
            note(f"requests that were not answered in time: {server.num_pending}")


def wait(signals: queue.SimpleQueue[int], server: JudgeServer, event: threading.Event) -> bool:
    """Wait for an event; return whether it was set before a signal arrived or the server ended by itself."""
    while not event.is_set() and not server.ended.is_set():
        with contextlib.suppress(queue.Empty):
            signals.get(timeout=POLL_SECONDS)
            return False
    return event.is_set()
