"""A machine that does not give programs their time: real runs, with faked readings of cores that stand still."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from rlef_env.errors import MachineStarved, SandboxFailure
from rlef_env.judge import Judge, Verdict
from rlef_env.problems import CheckerSpec, InteractorSpec, Problem, Test
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Sandbox, Status, compiler
from rlef_env.sandbox.execution import require_run
from rlef_env.sandbox.interact import interact
from rlef_env.sandbox.languages import installed_languages
from rlef_env.sandbox.machine.core_time import TICK_SECONDS, CoreTimes, core_times, counters_move, stolen_seconds
from rlef_env.sandbox.machine.cores_used import CoresUsed
from rlef_env.sandbox.machine.out_of_memory import OutOfMemory
from rlef_env.sandbox.machine.proc_usage import Thread, Usage, core_work, sleep_counts
from rlef_env.sandbox.time_used import TimeLimits, TimeUsed, status_at_the_end, status_so_far

WORK = "n = sum(i * i for i in range(3_000_000))\nprint(int(input()) * 2)"  # more than 0.05 s on any machine
DIES = "import os\nos.kill(os.getpid(), 9)"
DOUBLE = Problem("double", "Double it.", public_tests=(Test("2\n", "4\n"),), time_limit=60.0)
SHORT = replace(DOUBLE, time_limit=0.05)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Status]:
    """Record how each run with an input ended, repetitions included; do not wait for a quieter machine."""
    statuses: list[Status] = []
    once = LoadedProgram._run

    def counted(self: LoadedProgram, stdin: bytes, arguments: Sequence[str | bytes], in_place: bool) -> Execution:
        execution = once(self, stdin, arguments, in_place)
        if stdin:  # the empty program, with which a zygote is measured, has none
            statuses.append(execution.status)
        return execution

    monkeypatch.setattr(LoadedProgram, "_run", counted)
    monkeypatch.setattr("rlef_env.sandbox.loaded_program.wait_for_a_quiet_machine", lambda *_: None)
    return statuses


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], CoreTimes]], None]:
    def read_by(read: Callable[[], CoreTimes]) -> None:
        monkeypatch.setattr("rlef_env.sandbox.machine.time_meter.core_times", read)
        monkeypatch.setattr("rlef_env.sandbox.machine.time_meter.recent_core_times", read)

    return read_by


def standing_still() -> CoreTimes:
    return CoreTimes(time.monotonic(), dict.fromkeys(core_times().accounted, 1.0))


def nothing_stolen(lost: Callable[[float], float] = lambda _: 0.0) -> CoreTimes:
    """Return a reading of cores that had all time, except what they are to have lost by then."""
    now = time.monotonic()
    return CoreTimes(now, dict.fromkeys(core_times().accounted, now - lost(now)))


def test_a_program_over_its_limit_on_cores_that_stood_still_is_repeated_and_then_starved(
    runs: list[Status], cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    cores(standing_still)
    with Judge() as judge:
        judgement = judge.judge(SHORT, Program(WORK))
    assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "starved")
    assert [(result.verdict, result.category) for result in judgement.results] == [(Verdict.NO_VERDICT, "starved")]
    assert runs == [Status.STARVED] * 3


def test_a_judge_that_is_stopped_does_not_wait_for_a_quieter_machine(
    monkeypatch: pytest.MonkeyPatch, cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    cores(standing_still)
    given_up: list[bool] = []
    with Judge() as judge:

        def stop_while_waiting(_: float, lost: Callable[[], bool]) -> None:
            given_up.append(lost())
            judge.stop()
            while not lost():  # the kernel ends the processes in a moment
                time.sleep(0.001)
            given_up.append(lost())

        monkeypatch.setattr("rlef_env.sandbox.loaded_program.wait_for_a_quiet_machine", stop_while_waiting)
        judgement = judge.judge(SHORT, Program(WORK))
    assert judgement.verdict is Verdict.NO_VERDICT
    assert given_up == [False, True]


def test_the_next_run_decides_if_the_machine_has_recovered(
    runs: list[Status], cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    cores(lambda: standing_still() if not runs else nothing_stolen())
    with Judge() as judge:
        assert judge.judge(SHORT, Program(WORK)).verdict is Verdict.TIME_LIMIT
        assert judge.judge(DOUBLE, Program("print(int(input()) * 2)")).verdict is Verdict.ACCEPTED
    assert runs == [Status.STARVED, Status.TIME_LIMIT, Status.EXITED]


def test_an_endless_program_is_a_time_limit_even_if_half_of_the_time_is_stolen(
    runs: list[Status], cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    cores(lambda: nothing_stolen(lambda now: now / 2))
    with Sandbox() as sandbox, sandbox.load(Program("while True: pass"), Limits(cpu_seconds=0.3)) as loaded:
        execution = loaded.run(b"1\n")
    assert runs == [Status.TIME_LIMIT]
    assert execution.cpu_seconds > 0.35  # it got half a core's time in addition before it was killed


def test_a_sleeping_program_is_a_time_limit_even_if_the_cores_stood_still_for_a_while(
    runs: list[Status], cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    began = time.monotonic()

    cores(lambda: nothing_stolen(lambda now: min(1.0, now - began)))
    limits = Limits(cpu_seconds=1, idle_seconds=0.5)
    with Sandbox() as sandbox, sandbox.load(Program("import time\ntime.sleep(900)"), limits) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.TIME_LIMIT


@pytest.mark.parametrize("again", [True, False])
def test_a_program_that_the_kernel_killed_for_lack_of_memory_is_repeated(
    again: bool, runs: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's counter is faked. A program that kills itself looks the same to the sandbox."""
    monkeypatch.setattr("rlef_env.sandbox.loaded_program.OUT_OF_MEMORY.happened", lambda: again or not runs)
    with Judge() as judge:
        judgement = judge.judge(DOUBLE, Program(DIES))
    if again:
        assert runs == [Status.STARVED] * 3
        assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "starved")
    else:
        assert runs == [Status.STARVED, Status.SIGNALED]
        assert (judgement.verdict, judgement.category) == (Verdict.RUNTIME_ERROR, "SIGKILL")


def test_a_program_over_its_memory_limit_is_not_excused_by_the_kernels_lack_of_memory(
    runs: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlef_env.sandbox.loaded_program.OUT_OF_MEMORY.happened", lambda: True)
    source = "import os\nblock = bytearray(60 * 10**6)\nos.kill(os.getpid(), 9)"
    with Sandbox() as sandbox, sandbox.load(Program(source), Limits(memory_bytes=30 * 10**6)) as loaded:
        assert loaded.run(b"").status is Status.MEMORY_LIMIT


def test_each_thread_detects_a_kill_for_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs may be killed at once, and one judge checks before the other."""
    kills = [5]
    monkeypatch.setattr("rlef_env.sandbox.machine.out_of_memory._oom_kills", lambda: kills[0])
    memory = OutOfMemory(5)
    kills[0] = 7
    assert memory.happened()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(memory.happened).result()
        assert not other.submit(memory.happened).result()
    assert not memory.happened()


def test_certain_facts_take_precedence_over_starvation(
    runs: list[Status], cores: Callable[[Callable[[], CoreTimes]], None]
) -> None:
    """A program that printed too much did so, however much of its time was stolen."""
    cores(standing_still)
    source = "n = sum(i * i for i in range(3_000_000))\nprint('x' * 10**6)"
    with Sandbox() as sandbox, sandbox.load(Program(source), Limits(cpu_seconds=0.05, output_bytes=10**5)) as loaded:
        assert loaded.run(b"1\n").status is Status.OUTPUT_LIMIT


def test_a_program_is_not_blamed_for_sandboxes_lost_while_memory_was_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise SandboxFailure("lost")

    monkeypatch.setattr(LoadedProgram, "run", lost)
    monkeypatch.setattr(Judge, "_fresh_sandbox_works", lambda *_: True)
    with Judge() as judge:
        assert judge.judge(DOUBLE, Program("1")).verdict is Verdict.RUNTIME_ERROR
        monkeypatch.setattr("rlef_env.sandbox.machine.out_of_memory.OUT_OF_MEMORY.happened", lambda: True)
        judgement = judge.judge(DOUBLE, Program("1"))
    assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "starved")


@pytest.mark.parametrize("kind", ["checker", "interactor"])
def test_a_starved_checker_or_interactor_gives_no_verdict(
    kind: str, runs: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlef_env.sandbox.loaded_program.OUT_OF_MEMORY.happened", lambda: True)
    if kind == "checker":
        problem = replace(DOUBLE, checker=CheckerSpec("testlib", source=DIES, language="python"))
    else:
        problem = replace(DOUBLE, interactor=InteractorSpec(DIES, "python"))
    with Judge() as judge:
        judgement = judge.judge(problem, Program("print(int(input()) * 2)"))
    assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "starved")


def test_an_interaction_is_repeated_if_one_side_was_starved(
    runs: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def happened() -> bool:
        asked.append(True)
        return len(asked) == 1

    monkeypatch.setattr("rlef_env.sandbox.loaded_program.OUT_OF_MEMORY.happened", happened)
    programs = Program("print(1)"), Program(DIES)
    with Sandbox() as one, Sandbox() as two, one.load(programs[0]) as first, two.load(programs[1]) as second:
        talk = interact(first, second)
    assert (talk.first.status, talk.second.status) == (Status.EXITED, Status.SIGNALED)
    assert len(asked) == 2


# --- compilers ------------------------------------------------------------------------------------------------------

needs_cpp = pytest.mark.skipif("cpp" not in installed_languages(), reason="g++ is not installed here")
HELLO = '#include <cstdio>\nint main() { int n; scanf("%d", &n); printf("%d\\n", 2 * n); }\n'


@needs_cpp
def test_the_wall_time_of_a_compiler_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "LIMITS", replace(compiler.LIMITS, wall_seconds=0.01))
    with Judge() as judge:
        assert judge.judge(DOUBLE, Program(HELLO, "cpp")).verdict is Verdict.ACCEPTED


@needs_cpp
def test_a_compiler_that_the_kernel_killed_for_lack_of_memory_is_no_compile_error(
    runs: list[Status], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlef_env.sandbox.loaded_program.OUT_OF_MEMORY.happened", lambda: True)
    with Judge() as judge:
        judgement = judge.judge(DOUBLE, Program("this is no C++", "cpp"))
        assert (judgement.verdict, judgement.category) == (Verdict.NO_VERDICT, "starved")
        monkeypatch.undo()
        assert judge.judge(DOUBLE, Program("this is no C++", "cpp")).verdict is Verdict.COMPILE_ERROR


@needs_cpp
def test_the_children_of_a_compiler_count_as_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child of g++ does the work. Its CPU time counts while it runs, so the compilation ends at its limit."""
    slow = "".join(
        f"constexpr int x{n} = [](){{ int s = 0; for (int i = 0; i < 33000000; i++) s += i % {n + 2}; return s; }}();\n"
        for n in range(50)
    )
    monkeypatch.setattr(compiler, "LIMITS", Limits(cpu_seconds=1, wall_seconds=250))
    with Sandbox() as sandbox, sandbox.load(Program(slow + "int main() {}", "cpp")) as loaded:
        assert loaded.compile_failure is not None
        assert loaded.compile_failure.status is Status.COMPILE_ERROR
        assert loaded.compile_failure.stderr == b"compiling it took too much (time limit)\n"
        assert loaded.compile_failure.compile_over_limit


@needs_cpp
def test_a_launcher_that_was_starved_is_compiled_for_the_next_zygote(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[bytes | Execution] = [Execution(Status.STARVED), b"launcher"]
    monkeypatch.setattr(compiler, "_OWN", {})
    monkeypatch.setattr(compiler.Compiler, "_compile", lambda *_: answers.pop(0))
    own = compiler.Compiler("locked", ())
    assert [own.launcher(), own.launcher(), own.launcher()] == [b"", b"launcher", b"launcher"]


# --- measurements ----------------------------------------------------------------------------------------------------


def test_time_that_cores_did_not_have() -> None:
    before = CoreTimes(10.0, {0: 5.0, 1: 7.0, 2: 1.0})
    now = CoreTimes(12.0, {0: 7.0, 1: 7.5, 3: 4.0})  # core 0 had both seconds, core 1 half a second
    assert stolen_seconds(before, now) == pytest.approx(1.5)
    assert stolen_seconds(before, CoreTimes(12.0, {})) == 0.0


def used_on(worked_seconds: dict[int, float], lost_share: float, wall: float, cpu: float) -> TimeUsed:
    """Return the usage of a run on these cores of a machine with 64 cores that each lose this share."""
    cores = CoresUsed()
    cores.add_work(worked_seconds)
    cores.add_time(
        CoreTimes(0.0, dict.fromkeys(range(64), 0.0)),
        CoreTimes(wall, dict.fromkeys(range(64), wall * (1 - lost_share))),
    )
    most, evenly = cores.stolen(cpu)
    return TimeUsed(wall, cpu, max(0.0, wall - cpu), 0.0, 0.0, most, evenly, cores.stood_still)


ONE_SECOND = TimeLimits.of(Limits(cpu_seconds=1.0))


def test_sleeping_threads_on_many_cores_do_not_add_up_what_these_cores_lost() -> None:
    """A tenth of 16 cores' time is more than all of one core's, and a program can start any number of threads."""
    sleeper = used_on(dict.fromkeys(range(16), 0.0), 0.1, wall=2.0, cpu=0.0)
    assert status_so_far(sleeper, ONE_SECOND) is Status.TIME_LIMIT
    one_works = used_on({0: 1.8} | dict.fromkeys(range(1, 16), 0.001), 0.1, wall=2.0, cpu=1.815)
    assert status_so_far(one_works, ONE_SECOND) is Status.TIME_LIMIT
    assert status_at_the_end(one_works, ONE_SECOND) is Status.TIME_LIMIT


def test_loss_of_the_working_threads_core_may_have_been_charged_even_if_others_sleep() -> None:
    cores = CoresUsed()
    cores.add_work({0: 1.8} | dict.fromkeys(range(1, 16), 0.001))
    accounted = dict.fromkeys(range(16), 4.0) | {
        0: 1.0
    }  # core 0 did not have 3 s, of which 1.2 s can have been charged
    cores.add_time(CoreTimes(0.0, dict.fromkeys(range(16), 0.0)), CoreTimes(4.0, accounted))
    most, evenly = cores.stolen(1.815)
    assert most == pytest.approx(1.8)
    assert evenly == pytest.approx(0.75 * 1.8)
    used = TimeUsed(4.0, 1.815, 2.185, 2.185, 2.185, most, evenly, cores.stood_still)
    assert status_so_far(used, ONE_SECOND) is None
    assert status_at_the_end(used, ONE_SECOND) is Status.STARVED


def test_the_cores_of_all_working_threads_count() -> None:
    used = used_on(dict.fromkeys(range(4), 0.5), 0.5, wall=0.5, cpu=2.0)
    assert (used.min_cpu, used.shared_cpu) == (pytest.approx(1.0), pytest.approx(1.0))


def test_a_run_that_was_never_sampled_may_have_been_on_the_core_that_lost_most() -> None:
    used = used_on({}, 0.9, wall=2.0, cpu=1.5)
    assert status_at_the_end(used, ONE_SECOND) is Status.STARVED


def test_a_sleeping_thread_occupies_no_core_unless_all_sleep() -> None:
    def look(first: Thread, second: Thread) -> Usage:
        return Usage(1.0, 1.0, {1: first, 2: second}, 0, 2, True)

    before = look(Thread(0, True, 1.0, 0.0), Thread(5, False, 0.1, 0.0))
    assert core_work(before, look(Thread(3, False, 1.5, 0.0), Thread(5, False, 0.1, 0.0))) == {3: pytest.approx(0.5)}
    assert core_work(before, look(Thread(0, True, 1.0, 0.0), Thread(5, False, 0.1, 0.0))) == {0: 0.0}
    assert core_work(before, look(Thread(0, False, 1.0, 0.0), Thread(5, False, 0.1, 0.0))) == {0: 0.0, 5: 0.0}


def test_work_hidden_between_the_ticks_of_the_kernels_clock_is_not_stolen_time() -> None:
    """Work between ticks is in no column. The run must sleep at each tick, and its sleeps are counted."""

    def cpu_that_is_excused(sleeps: int, reported: float) -> float:
        cores = CoresUsed()
        cores.add_work({0: 1.6})
        cores.add_time(CoreTimes(0.0, {0: 0.0}, {0: 0.0}), CoreTimes(2.0, {0: 0.4 - reported}, {0: reported}), sleeps)
        return cores.stolen(1.6)[0]

    assert cpu_that_is_excused(0, 0.0) == pytest.approx(1.6)
    assert cpu_that_is_excused(int(1.6 / TICK_SECONDS) + 1, 0.0) == 0.0
    assert cpu_that_is_excused(int(1.6 / TICK_SECONDS) + 1, 0.3) == pytest.approx(0.3)  # reported by the hypervisor
    assert cpu_that_is_excused(int(1.6 / TICK_SECONDS) // 2, 0.0) == pytest.approx(0.8, abs=0.02)


def test_the_kernel_counts_sleeps() -> None:
    me = threading.get_native_id()
    before = sleep_counts([me], 1)[me]
    for _ in range(5):
        time.sleep(0.0001)
    assert sleep_counts([me], 1)[me] >= before + 5
    assert sleep_counts([2**22 + 1], 1) == {}


def test_counters_that_stand_still_are_ignored() -> None:
    first = CoreTimes(100.0, {0: 7.0, 1: 8.0})
    assert counters_move(first, CoreTimes(101.0, {0: 7.0, 1: 8.0}))  # the machine may have stood still
    assert not counters_move(first, CoreTimes(110.0, {0: 7.0, 1: 8.0}))
    assert counters_move(first, CoreTimes(110.0, {0: 7.01, 1: 8.0}))
    assert not counters_move(None, CoreTimes(110.0, {0: 0.0}))
    assert not counters_move(first, CoreTimes(101.0, {0: 0.0, 1: 0.0}))


def test_the_cores_of_this_machine_can_be_read() -> None:
    reading = core_times()
    assert reading.accounted
    assert all(seconds > 0 for seconds in reading.accounted.values())


def test_require_run_raises_if_an_execution_says_nothing_about_its_program() -> None:
    with pytest.raises(MachineStarved, match="too little"):
        require_run(Execution(Status.STARVED, message="too little"))
    with pytest.raises(SandboxFailure, match="broke"):
        require_run(Execution(Status.FAILED, message="broke"))
    execution = Execution(Status.TIME_LIMIT)
    assert require_run(execution) is execution


@pytest.mark.parametrize("cpu_seconds", [0.3, 19.1, 38.7, 39.0])
def test_no_time_limit_looks_like_a_handle_request_to_the_zygote(cpu_seconds: float, sandbox: Sandbox) -> None:
    """The message's first byte was once the limit itself, and 63 is a question mark."""
    for _ in range(2):
        with sandbox.load(Program("print(1)"), Limits(cpu_seconds=cpu_seconds)) as loaded:
            assert loaded.run(b"").stdout == b"1\n"
