"""The routes: what each is asked, who answers it, and what goes wrong in words."""

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
from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import Field, Problem, parse_row
from rlef_env.sandbox import MachineHealth, Program
from rlef_env.server import sandboxfusion
from rlef_env.server.admission import Admission, Disconnected, Refused
from rlef_env.server.judge_endpoint import job_of, judgement_row
from rlef_env.server.metrics import Metrics
from rlef_env.server.problem_store import ProblemStore
from rlef_env.server.runs import RunPool
from rlef_env.server.warm_up import WarmUp

__all__ = ["Service"]

Result = TypeVar("Result")
Handler: TypeAlias = Callable[[Request, Field], Awaitable[Any]]
LONGEST_NAME = 100  # characters of a language's name
LEEWAY_SECONDS = 8.0  # SandboxFusion's clients wait for 10 seconds more than compiling and running may take


class Service:
    """What answers.

    Args:
        pool: judges.
        runs: runs.
        store: finds problems.
        gate: lets in.
        seconds: after which a judgement is not waited for any more.
        warming: starts what requests need; until it is ready, they are refused.
        machine: how exactly this machine measures programs.
    """

    def __init__(
        self,
        pool: JudgePool,
        runs: RunPool,
        store: ProblemStore,
        gate: Admission,
        seconds: float,
        warming: WarmUp,
        machine: MachineHealth,
    ) -> None:
        self.pool, self.runs, self.store, self.admission, self.seconds = pool, runs, store, gate, seconds
        self.warming = warming
        self.metrics = Metrics(machine)
        self.metrics.ready.set_function(lambda: warming.ready.is_set() and not gate.closed)
        self.metrics.num_pending.set_function(lambda: gate.num_pending)
        self.metrics.draining.set_function(lambda: gate.closed)
        asked: dict[str, tuple[Handler, int]] = {
            "/run_code": (self.run_code, 504),
            "/submit": (self.submit, 504),
            "/list_ids": (self.list_ids, 504),
            "/get_prompts": (self.get_prompts, 504),
            "/get_prompt_by_id": (self.get_prompt_by_id, 504),
            "/judge": (self.judge, 503),
        }
        routes = [Route(path, self._posted(path, *how), methods=["POST"]) for path, how in asked.items()]
        routes += [
            Route("/v1/ping", self.ping),
            Route("/v1/ready", self.ready),
            Route("/list_datasets", self.list_datasets),
            Route("/metrics", self.collect),
        ]
        self.app = Starlette(routes=routes, exception_handlers={Exception: _internal})

    # --- routes without a body ----------------------------------------------------------------------------------------

    async def ping(self, _: Request) -> Response:
        """Whether requests are accepted; needs no token."""
        if self.admission.closed:
            return JSONResponse("draining", 503)
        return JSONResponse("pong") if self.warming.ready.is_set() else JSONResponse("starting", 503)

    async def ready(self, _: Request) -> Response:
        """The same, with what is still to be started, and what could not be; needs no token."""
        ready = self.warming.ready.is_set() and not self.admission.closed
        said = {"ready": ready, "draining": self.admission.closed, "starting": self.warming.waiting()}
        failed = dict(self.warming.failed) if self.warming.ready.is_set() else {}
        return JSONResponse({**said, "not_started": failed}, 200 if ready else 503)

    async def list_datasets(self, request: Request) -> Response:
        """The names of the data sets."""
        return self._shown(request, lambda: JSONResponse(list(self.store.datasets)))

    async def collect(self, request: Request) -> Response:
        """What was counted."""
        return self._shown(request, lambda: Response(self.metrics.text(), media_type="text/plain; version=0.0.4"))

    def _shown(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            self.admission.check_client(request)
        except Refused as error:
            return _refusal(error)
        return answer()

    # --- routes with one ----------------------------------------------------------------------------------------------

    async def run_code(self, request: Request, root: Field) -> Any:
        """SandboxFusion: run a program on an input."""
        run, seconds = sandboxfusion.run_of(root)
        future = self.runs.submit(run)
        ran = await self._awaited(request, future, seconds + LEEWAY_SECONDS, lambda: self.runs.cancel(future))
        self.metrics.runs.labels(ran.execution.status.value).inc()
        return await run_in_threadpool(sandboxfusion.run_response, ran, run.program.language)

    async def submit(self, request: Request, root: Field) -> Any:
        """SandboxFusion: judge a response to a problem."""
        config = root.child("config")
        if config.child("custom_extract_logic").present:
            raise config.child("custom_extract_logic").error("nothing", "no code of clients runs in this server")
        language = config.child("language")
        name = sandboxfusion.language_of(language) if language.present else "python"
        limit = config.child("run_timeout")
        problem = await run_in_threadpool(self._fusion_problem, root, config, limit.number() if limit.present else None)
        extra = config.child("extra")
        every = extra.present and extra.child("run_all_cases").value is True
        in_full = extra.present and extra.child("return_full_case").value is True
        code = extract_program(root.child("completion").text()) or ""
        if code:
            job = JudgeJob(problem, Program(code, name), stop_early=not every)
            judgement = await self._judged(request, job, 0, self.seconds)
        else:
            judgement = Judgement(Verdict.NO_PROGRAM, total=sum(1 for _ in problem.tests()))
        if judgement.verdict is Verdict.NO_VERDICT:  # which clients must not take for a wrong answer: they try again
            raise Refused(500, f"no verdict: {judgement.category}", Retry_After="1")
        return await run_in_threadpool(
            sandboxfusion.eval_result, problem, root.child("id").value, code, name, judgement, in_full
        )

    async def list_ids(self, _: Request, root: Field) -> Any:
        """SandboxFusion: the ids of a data set."""
        return (
            [problem["id"] for problem in self._page(root)]
            if _given(root)
            else _sliced(root, list(self.store.dataset(root.child("dataset")).ids))
        )

    async def get_prompts(self, _: Request, root: Field) -> Any:
        """SandboxFusion: what a data set asks."""
        return await run_in_threadpool(self._page, root)

    async def get_prompt_by_id(self, _: Request, root: Field) -> Any:
        """SandboxFusion: what one problem asks."""
        config = root.child("config")
        problem = await run_in_threadpool(self._fusion_problem, root, config, None)
        return sandboxfusion.prompt(problem, _language(config))

    async def judge(self, request: Request, root: Field) -> Any:
        """Ours: judge a program."""
        problem = await run_in_threadpool(self._problem, root)
        job, priority, seconds = job_of(root, problem)
        judgement = await self._judged(request, job, priority, min(seconds or self.seconds, self.seconds))
        return judgement_row(judgement)

    # --- problems -----------------------------------------------------------------------------------------------------

    def _problem(self, root: Field) -> Problem:
        row, layout = root.child("problem"), root.child("layout")
        if row.present:
            return self.store.given(row, layout.text() if layout.present else None)
        return self.store.named(root.child("dataset"), root.child("id"))

    def _fusion_problem(self, root: Field, config: Field, time_limit: float | None) -> Problem:
        row = config.child("provided_data")
        if row.present:
            return self.store.given(row, None, time_limit)
        return self.store.named(root.child("dataset"), root.child("id"), time_limit)

    def _page(self, root: Field) -> list[dict[str, Any]]:
        config = root.child("config")
        language = _language(config)
        if _given(root):
            problems = [self.store.given(row) for row in _sliced(root, config.child("provided_data").items())]
        else:
            dataset = self.store.dataset(root.child("dataset"))
            problems = [dataset[place] for place in _sliced(root, range(len(dataset)))]
        return [sandboxfusion.prompt(problem, language) for problem in problems]

    # --- judging ------------------------------------------------------------------------------------------------------

    async def _judged(self, request: Request, job: JudgeJob, priority: int, seconds: float) -> Judgement:
        future = await run_in_threadpool(self.pool.submit, job, priority, request.client and request.client.host)
        judgement = await self._awaited(request, future, seconds, lambda: self.pool.cancel(future))
        self.metrics.verdicts.labels(judgement.verdict.value).inc()
        if judgement.verdict is Verdict.NO_VERDICT and judgement.category == "starved":
            self.metrics.starved.inc()
        return judgement

    async def _awaited(
        self, request: Request, future: Future[Result], seconds: float, cancel: Callable[[], object]
    ) -> Result:
        """What comes of a future, unless it takes too long or the client goes."""
        result = asyncio.wrap_future(future)
        gone = asyncio.ensure_future(_gone(request))
        either: set[asyncio.Future[Any]] = {result, gone}
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            cancel()
            if gone.done():
                raise Disconnected
            raise Refused(504, f"expected it to be done within {seconds:g} seconds; try again", Retry_After="1")
        except (CancelledError, asyncio.CancelledError):
            if not future.cancelled():
                cancel()
                raise
            raise Refused(503, "this server is about to end; ask another one", Retry_After="10") from None
        finally:
            gone.cancel()
            result.cancel()

    # --- every request ------------------------------------------------------------------------------------------------

    def _posted(self, path: str, handler: Handler, full: int) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a handler: lets a request in, reads it, answers it, and counts it."""

        async def answer(request: Request) -> Response:
            self.admission.check_client(request)
            if not self.warming.ready.is_set():
                detail = "this server is starting; try again when GET /v1/ready answers 200"
                raise Refused(full, detail, Retry_After="1")
            size = self.admission.enter(request, full)
            try:
                body = await self.admission.body(request)
                row = await run_in_threadpool(parse_row, body, "request")
                content = await handler(request, Field(row, "request"))
                return await run_in_threadpool(JSONResponse, content)
            finally:
                self.admission.leave(size)

        async def endpoint(request: Request) -> Response:
            began = time.monotonic()
            try:
                response = await answer(request)
            except Disconnected:
                self.metrics.vanished.inc()
                response = Response(status_code=499)  # nobody reads it; the status is how nginx counts these
            except Refused as error:
                response = _refusal(error)
            except ProblemNotFound as error:
                response = _refusal(Refused(404, str(error)))
            except IsolationUnavailable as error:
                response = _refusal(Refused(503, str(error)))
            except RLEFError as error:
                response = _refusal(Refused(422, str(error)))
            except Exception as error:  # noqa: BLE001 - the last place that can turn it into an answer
                response = await _internal(request, error)
            self.metrics.requests.labels(path, str(response.status_code)).inc()
            self.metrics.seconds.labels(path).observe(time.monotonic() - began)
            return response

        return endpoint


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refusal(error: Refused) -> Response:
    return JSONResponse({"detail": error.detail}, error.status, error.headers)


async def _internal(_: Request, error: Exception) -> Response:
    """What is wrong with us is for our own log."""
    traceback.print_exception(error, file=sys.stderr)
    return JSONResponse({"detail": "internal error; the server's log says more"}, 500)


def _given(root: Field) -> bool:
    return root.child("config").child("provided_data").present


def _language(config: Field) -> str:
    language = config.child("language")
    if language.present and len(language.text()) > LONGEST_NAME:  # each prompt of a data set repeats it
        raise language.error(f"a name of at most {LONGEST_NAME} characters", "name the language")
    return language.text() if language.present else "python"


def _sliced(root: Field, items: Any) -> Any:
    offset, limit = root.child("offset"), root.child("limit")
    start = offset.integer() if offset.present else 0
    if start < 0 or (limit.present and limit.integer() < 0):
        raise Refused(422, "request: expected offset and limit to be at least 0; choose others")
    return items[start : start + limit.integer()] if limit.present else items[start:]
