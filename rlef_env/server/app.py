"""The HTTP application: routes, their handlers, and the answers to failed requests."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeAlias, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rlef_env.envs import extract_program
from rlef_env.errors import IsolationUnavailable, ProblemNotFound, RLEFError
from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, Verdict
from rlef_env.judge.judgement_rows import judgement_to_row
from rlef_env.problems import Problem
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.sandbox import Program
from rlef_env.sandbox.machine.health import MachineHealth
from rlef_env.server import sandboxfusion
from rlef_env.server.admission import Admission, Disconnected, Refused
from rlef_env.server.judge_endpoint import job_from_request
from rlef_env.server.metrics import Metrics
from rlef_env.server.problem_store import ProblemStore
from rlef_env.server.runs import RunPool
from rlef_env.server.warm_up import WarmUp
from rlef_env.version import __version__

__all__ = ["Service"]

Result = TypeVar("Result")
Handler: TypeAlias = Callable[[Request, Field], Awaitable[Any]]
MAX_NAME = 100  # characters of a language's name
LEEWAY_SECONDS = 8.0  # SandboxFusion's clients wait 10 s longer than compiling and running may take


class Service:
    """Answers requests.

    Args:
        pool: judges programs.
        runs: runs programs.
        store: finds problems.
        admission: accepts or refuses requests.
        seconds: timeout of a judgement.
        warm_up: starts what requests need; requests are refused until it is done.
        machine: measured accuracy of this machine.
    """

    def __init__(
        self,
        pool: BaseJudgePool,
        runs: RunPool,
        store: ProblemStore,
        admission: Admission,
        seconds: float,
        warm_up: WarmUp,
        machine: MachineHealth,
    ) -> None:
        self.pool, self.runs, self.store, self.admission, self.seconds = pool, runs, store, admission, seconds
        self.warm_up = warm_up
        self.metrics = Metrics(machine)
        self.metrics.ready.set_function(self._is_ready)
        self.metrics.num_pending.set_function(lambda: admission.num_pending)
        self.metrics.draining.set_function(lambda: admission.draining)
        self._awaited: set[Future[Any]] = set()
        self.metrics.num_running.set_function(self._num_running)
        self.metrics.num_queued.set_function(lambda: len(self._awaited) - self._num_running())
        self.metrics.workers.set(pool.workers)
        # Each handler with the status that tells its clients to retry: verl retries after 504 only.
        handlers: dict[str, tuple[Handler, int]] = {
            "/run_code": (self.run_code, 504),
            "/submit": (self.submit, 504),
            "/list_ids": (self.list_ids, 504),
            "/get_prompts": (self.get_prompts, 504),
            "/get_prompt_by_id": (self.get_prompt_by_id, 504),
            "/judge": (self.judge, 503),
        }
        routes = [Route(path, self._endpoint(path, *entry), methods=["POST"]) for path, entry in handlers.items()]
        routes += [
            Route("/v1/ping", self.ping),
            Route("/v1/ready", self.ready),
            Route("/list_datasets", self.list_datasets),
            Route("/metrics", self.read_metrics),
        ]
        self.app = Starlette(routes=routes, exception_handlers={Exception: _internal_error})

    # --- GET routes ---------------------------------------------------------------------------------------------------

    async def ping(self, _: Request) -> Response:
        """Answer ``pong`` if requests are accepted; needs no token."""
        if self.admission.draining:
            return JSONResponse("draining", 503)
        return JSONResponse("pong") if self.warm_up.ready.is_set() else JSONResponse("starting", 503)

    async def ready(self, _: Request) -> Response:
        """Answer whether requests are accepted, what is still starting, and what failed to start; needs no token."""
        failed = dict(self.warm_up.failed) if self.warm_up.ready.is_set() else {}
        content = {
            "ready": self._is_ready(),
            "draining": self.admission.draining,
            "starting": self.warm_up.waiting(),
            "not_started": failed,
            # What a client of another process needs to know of the judge.
            "version": __version__,
            "workers": self.pool.workers,
            "isolation": self.pool.isolation,
            "numpy": self.pool.judge_arguments["numpy"],
        }
        return JSONResponse(content, 200 if content["ready"] else 503)

    def _num_running(self) -> int:
        return sum(future.running() for future in tuple(self._awaited))

    def _is_ready(self) -> bool:
        return self.warm_up.ready.is_set() and not self.admission.draining

    async def list_datasets(self, request: Request) -> Response:
        """Answer with the names of the data sets."""
        return self._checked(request, lambda: JSONResponse(list(self.store.datasets)))

    async def read_metrics(self, request: Request) -> Response:
        """Answer with the metrics in Prometheus' text format."""
        return self._checked(request, lambda: Response(self.metrics.text(), media_type="text/plain; version=0.0.4"))

    def _checked(self, request: Request, respond: Callable[[], Response]) -> Response:
        try:
            self.admission.check_client(request)
        except Refused as error:
            return _error_response(error)
        return respond()

    # --- POST routes: each handler gets the request and its body ------------------------------------------------------

    async def run_code(self, request: Request, root: Field) -> Any:
        """Run a program on an input (SandboxFusion)."""
        run, seconds = sandboxfusion.run_from_request(root)
        future = self.runs.submit(run)
        result = await self._await(request, future, seconds + LEEWAY_SECONDS, lambda: self.runs.cancel(future))
        self.metrics.runs.labels(result.execution.status.value).inc()
        return await run_in_threadpool(sandboxfusion.run_response, result, run.program.language)

    async def submit(self, request: Request, root: Field) -> Any:
        """Judge a response to a problem (SandboxFusion)."""
        config = root.child("config")
        if config.child("custom_extract_logic").present:
            raise config.child("custom_extract_logic").error("nothing", "this server runs no code of its clients")
        language = config.child("language")
        name = sandboxfusion.language_name(language) if language.present else "python"
        limit = config.child("run_timeout")
        problem = await run_in_threadpool(self._fusion_problem, root, config, limit.number() if limit.present else None)
        extra = config.child("extra")
        run_all = extra.present and extra.child("run_all_cases").value is True
        in_full = extra.present and extra.child("return_full_case").value is True
        code = extract_program(root.child("completion").text()) or ""
        if code:
            job = JudgeJob(problem, Program(code, name), stop_early=not run_all)
            judgement = await self._judge(request, job, 0, self.seconds)
        else:
            judgement = Judgement(Verdict.NO_PROGRAM, total=sum(1 for _ in problem.tests()))
        if judgement.verdict is Verdict.NO_VERDICT:  # clients must not count it as a wrong answer; after 500 they retry
            raise Refused(500, f"no verdict: {judgement.category}", Retry_After="1")
        return await run_in_threadpool(
            sandboxfusion.eval_result, problem, root.child("id").value, code, name, judgement, in_full
        )

    async def list_ids(self, _: Request, root: Field) -> Any:
        """List the ids of a data set (SandboxFusion)."""
        if _has_problems(root):
            return [problem["id"] for problem in self._prompts(root)]
        return _page(root, list(self.store.dataset(root.child("dataset")).ids))

    async def get_prompts(self, _: Request, root: Field) -> Any:
        """List the prompts of a data set (SandboxFusion)."""
        return await run_in_threadpool(self._prompts, root)

    async def get_prompt_by_id(self, _: Request, root: Field) -> Any:
        """Answer with the prompt of one problem (SandboxFusion)."""
        config = root.child("config")
        problem = await run_in_threadpool(self._fusion_problem, root, config, None)
        return sandboxfusion.prompt(problem, _language(config))

    async def judge(self, request: Request, root: Field) -> Any:
        """Judge a program (our own API)."""
        problem = await run_in_threadpool(self._problem, root)
        job, priority, seconds = job_from_request(root, problem)
        judgement = await self._judge(request, job, priority, min(seconds or self.seconds, self.seconds))
        return judgement_to_row(judgement)

    # --- problems -----------------------------------------------------------------------------------------------------

    def _problem(self, root: Field) -> Problem:
        row, schema = root.child("problem"), root.child("layout")
        if row.present:
            return self.store.from_row(row, schema.text() if schema.present else None)
        return self.store.from_dataset(root.child("dataset"), root.child("id"))

    def _fusion_problem(self, root: Field, config: Field, time_limit: float | None) -> Problem:
        row = config.child("provided_data")
        if row.present:
            return self.store.from_row(row, None, time_limit)
        return self.store.from_dataset(root.child("dataset"), root.child("id"), time_limit)

    def _prompts(self, root: Field) -> list[dict[str, Any]]:
        config = root.child("config")
        language = _language(config)
        if _has_problems(root):
            problems = [self.store.from_row(row) for row in _page(root, config.child("provided_data").items())]
        else:
            dataset = self.store.dataset(root.child("dataset"))
            problems = [dataset[index] for index in _page(root, range(len(dataset)))]
        return [sandboxfusion.prompt(problem, language) for problem in problems]

    # --- waiting for results ------------------------------------------------------------------------------------------

    async def _judge(self, request: Request, job: JudgeJob, priority: int, seconds: float) -> Judgement:
        future = await run_in_threadpool(self.pool.submit, job, priority, request.client and request.client.host)
        judgement = await self._await(request, future, seconds, lambda: self.pool.cancel(future))
        self.metrics.verdicts.labels(judgement.verdict.value).inc()
        if judgement.verdict is Verdict.NO_VERDICT and judgement.category == "starved":
            self.metrics.starved.inc()
        return judgement

    async def _await(
        self, request: Request, future: Future[Result], seconds: float, cancel: Callable[[], object]
    ) -> Result:
        """Return a future's result; cancel it if it takes too long or if the client disconnects."""
        self._awaited.add(future)
        result = asyncio.wrap_future(future)
        disconnect = asyncio.ensure_future(_wait_for_disconnect(request))
        either: set[asyncio.Future[Any]] = {result, disconnect}
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            cancel()
            if disconnect.done():
                raise Disconnected
            raise Refused(504, f"expected a result within {seconds:g} seconds; retry later", Retry_After="1")
        except (CancelledError, asyncio.CancelledError):
            if not future.cancelled():
                cancel()
                raise
            detail = "the server is shutting down; retry on another instance"
            raise Refused(503, detail, Retry_After="10") from None
        finally:
            self._awaited.discard(future)
            disconnect.cancel()
            result.cancel()

    # --- every POST request -------------------------------------------------------------------------------------------

    def _endpoint(self, path: str, handler: Handler, busy_status: int) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a handler into an endpoint that admits, parses, answers and counts requests.

        Args:
            path: the route, for the metrics.
            handler: what answers.
            busy_status: status of the answer while the server is starting or too many requests are pending.
        """

        async def respond(request: Request) -> Response:
            self.admission.check_client(request)
            if not self.warm_up.ready.is_set():
                detail = "the server is starting; retry when GET /v1/ready answers 200"
                raise Refused(busy_status, detail, Retry_After="1")
            size = self.admission.enter(request, busy_status)
            try:
                body = await self.admission.body(request)
                row = await run_in_threadpool(parse_row, body, "request")
                content = await handler(request, Field(row, "request"))
                return await run_in_threadpool(JSONResponse, content)
            finally:
                self.admission.leave(size)

        async def endpoint(request: Request) -> Response:
            start = time.monotonic()
            try:
                response = await respond(request)
            except Disconnected:
                self.metrics.disconnected.inc()
                response = Response(status_code=499)  # nobody reads it; nginx logs disconnected clients by this status
            except Refused as error:
                response = _error_response(error)
            except ProblemNotFound as error:
                response = _error_response(Refused(404, str(error)))
            except IsolationUnavailable as error:
                response = _error_response(Refused(503, str(error)))
            except RLEFError as error:
                response = _error_response(Refused(422, str(error)))
            except Exception as error:  # noqa: BLE001 - a bug must become an answer, too
                response = await _internal_error(request, error)
            self.metrics.requests.labels(path, str(response.status_code)).inc()
            self.metrics.seconds.labels(path).observe(time.monotonic() - start)
            return response

        return endpoint


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _error_response(error: Refused) -> Response:
    return JSONResponse({"detail": error.detail}, error.status, error.headers)


async def _internal_error(_: Request, error: Exception) -> Response:
    """Log the traceback here; the client gets no details."""
    traceback.print_exception(error, file=sys.stderr)
    return JSONResponse({"detail": "internal error; see the server's log"}, 500)


def _has_problems(root: Field) -> bool:
    """Return whether the problems are in the request itself."""
    return root.child("config").child("provided_data").present


def _language(config: Field) -> str:
    language = config.child("language")
    if language.present and len(language.text()) > MAX_NAME:  # every prompt of a data set repeats the name
        raise language.error(f"a name of at most {MAX_NAME} characters", "name the language")
    return language.text() if language.present else "python"


def _page(root: Field, items: Any) -> Any:
    """Return the items that the request's ``offset`` and ``limit`` select."""
    offset, limit = root.child("offset"), root.child("limit")
    start = offset.integer() if offset.present else 0
    if start < 0 or (limit.present and limit.integer() < 0):
        raise Refused(422, "request: expected offset and limit to be at least 0; choose others")
    return items[start : start + limit.integer()] if limit.present else items[start:]
