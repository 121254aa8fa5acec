"""The server itself: starts the pools and the HTTP listener, and shuts down without losing a request."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rlef_env.errors import UsageError
from rlef_env.judge import JudgePool, default_workers
from rlef_env.problems import Dataset
from rlef_env.sandbox import Sandbox, measure_machine
from rlef_env.sandbox.machine.health import MachineHealth
from rlef_env.server.problem_store import ProblemStore
from rlef_env.server.runs import RunPool
from rlef_env.server.warm_up import WarmUp

if TYPE_CHECKING:
    from rlef_env.server.admission import Admission

__all__ = ["JudgeServer", "ServerSettings"]

KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True)
class ServerSettings:
    """Settings of a server.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 for a free one.
        token: secret that clients must send; None for none, which is allowed on loopback addresses only.
        datasets: data sets by the names that clients use.
        workers: number of programs judged in parallel, and of programs run in parallel; the number of cores by default.
        isolation: as for ``Judge``.
        numpy: whether programs may import numpy.
        max_pending: maximum number of pending requests; more are refused.
        max_bytes: maximum size of a request's body.
        seconds: timeout of a judgement.
        warm: languages beside Python whose compilers and interpreters are started in every worker before the first
            request is accepted; all installed ones if None. Each takes about 50 MB per worker.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = field(default=None, repr=False)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    workers: int | None = None
    isolation: str = "locked"
    numpy: bool = False
    max_pending: int = 1024
    max_bytes: int = 64 * 2**20
    seconds: float = 300.0
    warm: tuple[str, ...] | None = None


class JudgeServer:
    """Serves while its ``with`` block runs, in background threads.

    Needs ``pip install "rlef-env[serve]"``.

    Args:
        settings: settings of the server.
        wait: whether entering the block waits until requests are accepted: until every worker has run a program in each
            language. If False, the block is entered when the server listens; requests are refused until ``ready`` is
            set.

    Raises:
        UsageError: the server would listen beyond loopback without a token, or something that it needs is not
            installed; for a language of ``warm``, raised on entering the block.
        IsolationUnavailable: this machine lacks a required layer of the lock; raised on entering.
        OSError: the port is taken; raised on entering.
    """

    def __init__(self, settings: ServerSettings, wait: bool = True) -> None:
        if settings.token is not None and not settings.token.strip():
            raise UsageError("token: expected a secret, got an empty one; make one with: openssl rand -hex 32")
        if settings.token is None and not is_loopback(settings.host):
            raise UsageError(
                f"host: expected a loopback address such as 127.0.0.1 for a server without a token, got "
                f"{settings.host!r}; set RLEF_TOKEN to a secret that clients must send"
            )
        try:
            import prometheus_client  # noqa: F401
            import starlette  # noqa: F401
            import uvicorn
        except ImportError as error:
            needed = 'pip install "rlef-env[serve]"'
            raise UsageError(f"serve: expected {error.name} to be installed, found none; {needed}") from None
        self._uvicorn: Any = uvicorn
        self.settings = settings
        self.url = ""
        """Address of the server; empty until it listens."""
        self.machine: MachineHealth
        """Accuracy of this machine, measured at the start."""
        self.ended = threading.Event()
        """Set when the server has stopped."""
        self._wait = wait
        self._open = ExitStack()

    def __enter__(self) -> JudgeServer:
        with ExitStack() as stack:
            self._start(stack)
            if self._wait:
                self._warm_up.finished.wait()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def drain(self, seconds: float) -> bool:
        """Refuse new requests, and wait until the pending ones are answered.

        Args:
            seconds: maximum time to wait.

        Returns:
            Whether all requests were answered.
        """
        self._admission.draining = True
        deadline = time.monotonic() + seconds
        while self._admission.num_pending and time.monotonic() < deadline and not self.ended.is_set():
            time.sleep(0.02)
        return not self._admission.num_pending

    @property
    def ready(self) -> threading.Event:
        """Set when requests are accepted."""
        return self._warm_up.ready

    @property
    def starting(self) -> dict[str, int]:
        """What is still starting (languages, and ``"checker"``) -> number of workers."""
        return self._warm_up.waiting()

    @property
    def not_started(self) -> dict[str, str]:
        """Languages that failed to start -> reason; requests in these languages are accepted nevertheless."""
        return dict(self._warm_up.failed) if self.ready.is_set() else {}

    @property
    def num_pending(self) -> int:
        """Number of pending requests: accepted and not answered."""
        return self._admission.num_pending

    def _start(self, stack: ExitStack) -> None:
        from rlef_env.server.admission import Admission
        from rlef_env.server.app import Service

        settings = self.settings
        Sandbox(settings.isolation, numpy=settings.numpy).close()  # raises if the machine lacks a layer
        self.machine = measure_machine(isolation=settings.isolation)
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = stack.enter_context(
            socket.create_server((settings.host, settings.port), family=family, backlog=2048)
        )
        host = f"[{settings.host}]" if family is socket.AF_INET6 else settings.host
        self.url = f"http://{host}:{listening.getsockname()[1]}"
        workers = settings.workers or default_workers()
        pool = stack.enter_context(JudgePool(workers, settings.isolation, numpy=settings.numpy))
        runs = stack.enter_context(RunPool(workers, settings.isolation, settings.numpy))
        self._admission: Admission = Admission(settings.token, settings.max_pending, settings.max_bytes)
        self._warm_up = WarmUp(pool, runs, settings.warm)
        stack.callback(self._warm_up.stop)
        store = ProblemStore(settings.datasets)
        service = Service(pool, runs, store, self._admission, settings.seconds, self._warm_up, self.machine)
        config = self._uvicorn.Config(
            service.app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            limit_concurrency=4 * settings.max_pending + 100,  # connections
        )
        server = self._uvicorn.Server(config)

        def run() -> None:
            try:
                server.run(sockets=[listening])
            finally:
                self.ended.set()

        def end() -> None:
            server.should_exit = True
            server.force_exit = self._admission.num_pending > 0  # drain() has waited for them
            thread.join()

        thread = threading.Thread(
            target=run, name="judge-server", daemon=True
        )  # a thread, so that signals go to our own handlers
        thread.start()
        stack.callback(end)


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
