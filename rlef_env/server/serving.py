"""A server from its start to its end: where it listens, who works for it, and how it ends without losing a request."""

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
from rlef_env.sandbox import QUICK_RUNS, MachineHealth, Sandbox, measure_machine
from rlef_env.server.problem_store import ProblemStore
from rlef_env.server.runs import RunPool
from rlef_env.server.warm_up import WarmUp

if TYPE_CHECKING:
    from rlef_env.server.admission import Admission

__all__ = ["JudgeServer", "ServerSettings"]

KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True)
class ServerSettings:
    """How to serve.

    Attributes:
        host: the address to listen at.
        port: 0 for one that is free.
        token: that clients must show; None for none, which is refused beyond loopback.
        datasets: by the names that clients use.
        workers: programs judged at once, and programs run at once; the number of cores by default.
        isolation: as for ``Judge``.
        numpy: let programs import numpy.
        max_pending: requests that may be under way; those beyond are refused.
        max_bytes: of a request's body.
        seconds: after which a judgement is not waited for any more.
        warm: languages beyond Python whose compilers and interpreters are started in every worker before the first
            request is accepted; every one that is installed where None. Each takes some 50 MB a worker.
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
    """Serves as long as its ``with`` block lasts, in threads of its own.

    Needs ``pip install "rlef-env[serve]"``.

    Args:
        settings: how.
        wait: enter the block only when requests are accepted: when every worker has run something in each language.
            False enters it when the server listens; ``ready`` is set later, and until then requests are refused.

    Raises:
        UsageError: it would listen beyond loopback without a token, or what it needs is not installed, a language of
            ``warm`` included (raised on entering).
        IsolationUnavailable: this machine lacks a layer of the lock; raised on entering.
        OSError: the port is taken; likewise.
    """

    def __init__(self, settings: ServerSettings, wait: bool = True) -> None:
        if settings.token is not None and not settings.token.strip():
            raise UsageError("token: expected a secret, got an empty one; make one with: openssl rand -hex 32")
        if settings.token is None and not is_loopback(settings.host):
            raise UsageError(
                f"host: expected a loopback address such as 127.0.0.1 where there is no token, got {settings.host!r}; "
                "set RLEF_TOKEN to a secret that clients must show"
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
        """Where it listens."""
        self.machine: MachineHealth
        """How exactly this machine measures programs, as of the start."""
        self.ended = threading.Event()
        """Set when it does not serve any more."""
        self._wait = wait
        self._open = ExitStack()

    def __enter__(self) -> JudgeServer:
        with ExitStack() as stack:
            self._start(stack)
            if self._wait:
                self._warming.over.wait()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def drain(self, seconds: float) -> bool:
        """Refuse what is new, and wait until what was accepted is answered.

        Args:
            seconds: to wait at most.

        Returns:
            Whether all was answered.
        """
        self._admission.closed = True
        until = time.monotonic() + seconds
        while self._admission.num_pending and time.monotonic() < until and not self.ended.is_set():
            time.sleep(0.02)
        return not self._admission.num_pending

    @property
    def ready(self) -> threading.Event:
        """Set when requests are accepted."""
        return self._warming.ready

    @property
    def warming(self) -> dict[str, int]:
        """What is still to be started, languages among it -> in how many workers."""
        return self._warming.waiting()

    @property
    def not_started(self) -> dict[str, str]:
        """Languages that could not be started, and why; requests in them are accepted nevertheless."""
        return dict(self._warming.failed) if self.ready.is_set() else {}

    @property
    def num_pending(self) -> int:
        """How many requests are accepted and not answered."""
        return self._admission.num_pending

    def _start(self, stack: ExitStack) -> None:
        from rlef_env.server.admission import Admission
        from rlef_env.server.app import Service

        settings = self.settings
        Sandbox(settings.isolation, numpy=settings.numpy).close()  # what this machine lacks is said now
        self.machine = measure_machine(QUICK_RUNS, settings.isolation)
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
        self._warming = WarmUp(pool, runs, settings.warm)
        stack.callback(self._warming.stop)
        store = ProblemStore(settings.datasets)
        service = Service(pool, runs, store, self._admission, settings.seconds, self._warming, self.machine)
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
            server.force_exit = self._admission.num_pending > 0  # they had their time
            thread.join()

        thread = threading.Thread(target=run, name="judge-server", daemon=True)  # signals stay with the main thread
        thread.start()
        stack.callback(end)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
