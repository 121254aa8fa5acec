"""Functions called in the sandbox: each call has a result, and programs cannot tamper with more than their own."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Sequence
from importlib.util import MAGIC_NUMBER

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.judge.functions.calls import (
    Call,
    CallResult,
    CallRunner,
    NotReturned,
    Raised,
    Returned,
    Target,
    driver_source,
    run_calls,
)
from rlef_env.judge.functions.value_codec import BLOB, FRAME, Other, encode, same_value
from rlef_env.sandbox import Limits, Program, Sandbox, Status

LIMITS = Limits(cpu_seconds=60, memory_bytes=256 * 2**20, output_bytes=2**20)
QUICK = Limits(cpu_seconds=0.5, memory_bytes=256 * 2**20, output_bytes=2**20)
Run = Callable[..., "list[CallResult]"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Call ``f`` of a source once with each of these single arguments."""

    def run(
        source: str, arguments: Sequence[object] = (0,), fresh_process: bool = False, limits: Limits = LIMITS
    ) -> list[CallResult]:
        return run_calls(sandbox, source, "f", [Call((each,)) for each in arguments], limits, fresh_process)

    return run


def values(results: list[CallResult]) -> list[object]:
    assert all(type(result) is Returned for result in results), results
    return [result.value for result in results if isinstance(result, Returned)]


# --- what honest programs get ----------------------------------------------------------------------------------------


def test_arguments_go_in_and_results_come_out(sandbox: Sandbox) -> None:
    calls = [Call((1, [2, "\ud800"])), Call(("x",), {"b": {1: math.inf}, "c": {"key"}}), Call()]
    source = "def f(a=None, b=(), c=b''):\n    return {a: (b, c)}\n"
    results = values(run_calls(sandbox, source, "f", calls))
    expected = [{1: ([2, "\ud800"], b"")}, {"x": ({1: math.inf}, {"key"})}, {None: ((), b"")}]
    assert all(same_value(*pair) for pair in zip(results, expected, strict=True))


def test_no_calls_give_no_results(run: Run) -> None:
    assert run("while True: pass", []) == []


COUNTING = "seen = []\ndef f(n):\n    seen.append(n)\n    return len(seen)\n"


def test_state_is_kept_from_call_to_call_unless_each_has_a_process(run: Run) -> None:
    assert values(run(COUNTING, range(5))) == [1, 2, 3, 4, 5]
    assert values(run(COUNTING, range(5), fresh_process=True)) == [1] * 5


def test_a_runner_keeps_programs_apart(sandbox: Sandbox) -> None:
    with CallRunner(sandbox, LIMITS) as runner:
        assert values(runner.run(COUNTING, Target("f"), [Call((0,))] * 2)) == [1, 2]
        leaky = "import builtins, string\nbuiltins.len = string.digits = None\ndef f(n):\n    return n\n"
        assert values(runner.run(leaky, Target("f"), [Call((0,))])) == [0]
        assert values(runner.run(COUNTING, Target("f"), [Call((0,))] * 2)) == [1, 2]
    with sandbox.load(Program("print(1)")) as loaded:
        assert loaded.run(b"").stdout == b"1\n"


@pytest.mark.parametrize("fresh_process", [False, True])
def test_changes_of_arguments_are_not_seen_by_other_calls(run: Run, fresh_process: bool) -> None:
    shared = [1, 2]
    assert values(run("def f(a):\n    a.append(3)\n    return a\n", [shared, shared], fresh_process)) == [[1, 2, 3]] * 2
    assert shared == [1, 2]


def test_an_exception_has_the_programs_own_trace(run: Run) -> None:
    source = "def g(n):\n    return 1 // n\n\ndef f(n):\n    return g(n)\n"
    raised, returned = run(source, [0, 1])
    assert isinstance(raised, Raised)
    assert raised.exception == "ZeroDivisionError"
    lines = [line for line in raised.trace.splitlines() if set(line) - set(" ^~")]
    assert lines == [
        "Traceback (most recent call last):",
        '  File "solution.py", line 5, in f',
        "    return g(n)",
        '  File "solution.py", line 2, in g',
        "    return 1 // n",
        "ZeroDivisionError: integer division or modulo by zero",
    ]
    assert returned == Returned(1)


@pytest.mark.parametrize(
    ("source", "exception", "last"),
    [
        ("x = 1", "NameError", "NameError: name 'f' is not defined"),
        ("f = 3", "TypeError", "TypeError: 'int' object is not callable"),
        ("def f(): pass", "TypeError", "TypeError: f() takes 0 positional arguments but 1 was given"),
        ("import nowhere", "ModuleNotFoundError", "ModuleNotFoundError: No module named 'nowhere'"),
        ("import sys; sys.exit(3)", "SystemExit", "SystemExit: 3"),
        ("def f(n):\n    raise SystemExit", "SystemExit", "SystemExit"),
        ("def f(n):\n    return input()", "EOFError", "EOFError: EOF when reading a line"),
        ("def f(n):\n    return f(n)", "RecursionError", None),
        ("class Odd(Exception):\n    def __str__(self):\n        return 1\ndef f(n):\n    raise Odd", "Odd", None),
        ("class Odd(Exception):\n    __traceback__ = 1\ndef f(n):\n    raise Odd", "Odd", None),
        ("def f(n):\n    raise ValueError('x' * 10**7)", "ValueError", None),
    ],
)  # fmt: skip
def test_the_exception_of_a_program_is_reported(run: Run, source: str, exception: str, last: str | None) -> None:
    first, second = run(source, [1, 2])
    assert isinstance(first, Raised)
    assert first == second
    assert first.exception == exception
    assert len(first.trace) < 10**5
    assert last is None or first.trace.splitlines()[-1] == last


@pytest.mark.parametrize("source", ["def f(:", "def f(n):\nreturn n", "x = '\ud800'", "\0", "return 1", "(" * 5000])
def test_a_program_that_does_not_compile(run: Run, source: str) -> None:
    first, second = run(source, [1, 2])
    assert isinstance(first, NotReturned)
    assert first == second
    assert first.status is Status.COMPILE_ERROR
    assert "Error" in first.detail


def test_the_compiler_message_shows_the_line(run: Run) -> None:
    (result,) = run("x = 1\ndef f(n):\n    return n +\n")
    assert isinstance(result, NotReturned)
    assert result.detail.splitlines()[:2] == ['  File "solution.py", line 3', "    return n +"]


@pytest.mark.skipif(platform.python_implementation() != "CPython", reason="counts frames as CPython does")
def test_recursion_is_as_deep_as_in_plain_python(sandbox: Sandbox) -> None:
    deep = "def g():\n    try:\n        return 1 + g()\n    except RecursionError:\n        return 1\n"
    with sandbox.load(Program(deep + "print(g())")) as loaded:
        plain = int(loaded.run(b"").stdout)
    loading = run_calls(sandbox, deep + "x = g()\ndef f():\n    return x", "f", [Call()])
    calling = run_calls(sandbox, deep, "g", [Call()])
    assert values(loading) == values(calling) == [plain]
    raised_limit = "import sys\nsys.setrecursionlimit(20_000)\ndef f(n):\n    return n and 1 + f(n - 1)\n"
    assert values(run_calls(sandbox, raised_limit, "f", [Call((15_000,))])) == [15_000]


def test_a_program_is_a_module_that_is_not_main(run: Run) -> None:
    source = (
        "from __future__ import annotations\nimport dataclasses, pickle, sys\n"
        "@dataclasses.dataclass\nclass Point:\n    x: int\n"
        "def f(n):\n    copy = pickle.loads(pickle.dumps(Point(n)))\n"
        "    return __name__, __file__, sys.modules[__name__].f is f, copy.x\n"
        "if __name__ == '__main__':\n    raise ValueError\n"
    )
    assert values(run(source, [7])) == [("solution", "solution.py", True, 7)]


@pytest.mark.parametrize(
    ("made", "type_name"),
    [("lambda: 1", "function"), ("(n for n in 'ab')", "generator"), ("open", "builtin_function_or_method"),
     ("range(3)", "range"), ("type('Mine', (list,), {'__hash__': lambda self: 1})()", "Mine"),
     ("endless", "list (too deep)")],
)  # fmt: skip
def test_a_value_that_is_not_plain_is_reported_by_type_and_equals_nothing(run: Run, made: str, type_name: str) -> None:
    (value,) = values(run(f"endless = []\nendless.append(endless)\ndef f(n):\n    return {made}\n"))
    assert type(value) is Other
    assert value.type_name == type_name
    assert not same_value(value, value)


@pytest.mark.parametrize(
    ("made", "value"),
    [("collections.Counter('aab')", {"a": 2, "b": 1}), ("collections.OrderedDict(a=[1])", {"a": [1]}),
     ("collections.defaultdict(list, a=1)", {"a": 1}), ("collections.namedtuple('P', 'x y')(1, 2)", (1, 2)),
     ("enum.IntEnum('E', 'A B').B", 2), ("[Mine((1, 2))]", [[1, 2]]), ("type('S', (str,), {})('x')", "x")],
)  # fmt: skip
def test_an_instance_of_a_subclass_counts_as_its_plain_type(run: Run, made: str, value: object) -> None:
    mine = "import collections, enum\nclass Mine(list):\n    def __iter__(self): return iter([5])\n"
    (result,) = values(run(f"{mine}def f(n):\n    return {made}\n"))
    assert same_value(result, value)
    assert type(result) is type(value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.binary(),
            lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_value_survives_the_round_trip(run: Run, given_values: list[object]) -> None:
    returned = values(run("def f(x):\n    return x\n", given_values))
    assert [encode(value) for value in returned] == [encode(value) for value in given_values]


def test_arguments_that_are_not_plain_raise_usage_error(run: Run) -> None:
    with pytest.raises(UsageError, match=r"call 1: .*got object"):
        run("def f(x): pass", [1, [object()]])


# --- what others get -------------------------------------------------------------------------------------------------


def in_third_call(statement: str) -> str:
    return f"import os, sys, signal, threading\ndef f(n):\n    if n == 2:\n        {statement}\n    return n * n\n"


@pytest.mark.parametrize(
    ("statement", "status", "detail"),
    [
        ("while True: pass", Status.TIME_LIMIT, ""),
        ("import time; time.sleep(900)", Status.TIME_LIMIT, ""),
        ("10 ** 10 ** 9", Status.TIME_LIMIT, ""),
        ("kept = bytearray(300 * 2**20); kept[::4096] = b'x' * len(kept[::4096])", Status.MEMORY_LIMIT, ""),
        ("return 'x' * 2**22", Status.OUTPUT_LIMIT, ""),
        ("os._exit(0)", Status.EXITED, "exit status 0"),
        ("os._exit(3)", Status.EXITED, "exit status 3"),
        ("signal.raise_signal(signal.SIGSEGV)", Status.SIGNALED, "SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", Status.SIGNALED, "SIGSEGV"),
        ("import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)", Status.SECURITY_VIOLATION, ""),
    ],
)
def test_a_call_that_does_not_return_keeps_earlier_results(
    run: Run, statement: str, status: Status, detail: str
) -> None:
    results = run(in_third_call(statement), range(5), limits=QUICK if status is Status.TIME_LIMIT else LIMITS)
    assert results == [Returned(0), Returned(1), *[NotReturned(status, detail)] * 3]


def test_a_process_for_each_call_keeps_later_results_too(run: Run) -> None:
    results = run(in_third_call("os._exit(3)"), range(4), fresh_process=True)
    assert results == [Returned(0), Returned(1), NotReturned(Status.EXITED, "exit status 3"), Returned(9)]


@pytest.mark.parametrize(
    "statement",
    [
        "raise KeyboardInterrupt",
        "sys.exit(0)",
        "exit()",
        "raise GeneratorExit",
        "raise BaseException",
        "raise StopIteration",
    ],
)
def test_no_exception_ends_the_calls(run: Run, statement: str) -> None:
    first, second, third, fourth = run(in_third_call(statement), range(4))
    assert (first, second, fourth) == (Returned(0), Returned(1), Returned(9))
    assert isinstance(third, Raised)


@pytest.mark.parametrize(
    "start",
    [
        "print('Returned', 1, flush=True); import sys; sys.stderr.write('x'); sys.__stdout__.write('y')",
        "import os; os.write(1, b'V' * 100); os.write(2, b'V' * 100); os.close(0); os.close(1); os.close(2)",
        "import builtins; builtins.print = builtins.len = builtins.type = builtins.isinstance = builtins.iter = None",
        "import builtins as b; vars(b).update({name: None for name in list(vars(b)) if name[:1] != '_'})",
        "import os, struct, sys, json; os.write = os._exit = os.dup = struct.pack = struct.Struct = json.dumps = None",
        "import sys; sys.modules.clear()",
        "import sys, __main__; __main__.encode = __main__.say = None; sys.stdout = sys.stderr = sys.stdin = None",
        "import traceback, linecache; traceback.format_exception = None; linecache.cache = None",
        "import atexit, os; atexit.register(os._exit, 3)",
        "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
        "class End:\n    def __del__(self):\n        while True: pass\nend = End()",
        "import gc; gc.disable(); main = encode = decode = answer = calls = say = None",
        "import sys; sys.setrecursionlimit(100)",
        "import sys; sys.argv = sys.path = sys.flags = sys.exit = sys.excepthook = None",
    ],
)
def test_patches_of_the_program_do_not_break_its_results(run: Run, start: str) -> None:
    source = f"{start}\ndef f(n):\n    return [n, 'x']\n"
    does_not_end = "time.sleep" in start or "while True" in start
    returned = values(run(source, range(3), limits=QUICK if does_not_end else LIMITS))
    assert returned == [[n, "x"] for n in range(3)]


ALWAYS_EQUAL = """
class Any(BASE):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return hash(5)
    def __len__(self): return 1
    def __iter__(self): return iter([5])
    @property
    def __class__(self): return int
def f(n):
    return [Any(), [Any()], {1: Any()}, {Any()}][n]
"""


@pytest.mark.parametrize("base", ["object", "int", "str", "list", "dict", "float", "tuple"])
def test_no_object_can_lie_about_its_equality(run: Run, base: str) -> None:
    results = values(run(ALWAYS_EQUAL.replace("BASE", base), range(4)))
    for result, expected in zip(results, [5, [5], {1: 5}, {5}], strict=True):
        assert not same_value(result, expected)
        assert not same_value(expected, result)


FIND_CHANNEL = """
import os
def channel():
    for descriptor in range(3, 64):
        try:
            if os.fstat(descriptor).st_ino != os.fstat(2).st_ino and os.lseek(descriptor, 0, 1) >= 0:
                os.pwrite(descriptor, b'', 0)
                return descriptor
        except OSError:
            pass
"""


def forging(content: bytes, then: str) -> str:
    forge = f"    if n == 1:\n        os.write(channel(), {content!r})\n        {then}\n"
    return f"{FIND_CHANNEL}\ndef f(n):\n{forge}    return n\n"


def frame(kind: bytes, number: int, content: bytes) -> bytes:
    return FRAME.pack(kind, number, len(content)) + content


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b"\0" * 1000,
        frame(b"V", 1, b"?"),
        frame(b"V", 7, encode(1)),
        frame(b"V", 0, encode(1)),
        frame(b"X", 1, encode(1)),
        frame(b"E", 1, encode(("A",))),
        frame(b"E", 1, encode((1, 2))),
        frame(b"L", 1, encode(None)),
        frame(b"C", 1, encode(b"")),
        frame(b"V", 1, encode(1))[:-1],
        FRAME.pack(b"V", 1, 2**64 - 1),
        FRAME.pack(b"V", 1, 2**63) + b"x" * 1000,
    ],
)
def test_invalid_frames_invalidate_only_the_following_calls(run: Run, content: bytes) -> None:
    lost = NotReturned(Status.EXITED, "exit status 0")
    assert run(forging(content, "os._exit(0)"), range(4)) == [Returned(0), lost, lost, lost]


def test_a_forged_frame_is_no_more_than_a_returned_value(run: Run) -> None:
    assert run(forging(frame(b"V", 1, encode("forged")), "os._exit(0)"), range(3)) == [
        Returned(0),
        Returned("forged"),
        NotReturned(Status.EXITED, "exit status 0"),
    ]
    # Then the call itself returns: its frame is at the place of the next call's frame.
    results = run(forging(frame(b"V", 1, encode("forged")), "pass"), range(3))
    assert results == [Returned(0), Returned("forged"), NotReturned(Status.EXITED, "exit status 0")]


def test_a_limit_counts_before_complete_results(run: Run) -> None:
    everything = b"".join(frame(b"V", number, encode(number)) for number in range(1, 3))
    results = run(forging(everything, "while True: pass"), range(3), limits=QUICK)
    assert results == [Returned(0), Returned(1), NotReturned(Status.TIME_LIMIT)]


def test_a_process_contains_no_data_of_another_program_or_of_the_judge(sandbox: Sandbox) -> None:
    """Search the objects of the collector, the frames and the input for a word that is spelt backwards."""
    spy = (
        "import gc, os, sys\n"
        "def f(n):\n"
        "    seen = [repr(each) for each in gc.get_objects() if type(each) in (list, tuple, dict)]\n"
        "    seen += [repr(sys._getframe(1).f_locals), repr(os.pread(0, 10**6, 0))]\n"
        "    return any(n in each for each in seen), any(n[::-1] in each for each in seen)\n"
    )
    secret = "known-to-the-judge"
    with CallRunner(sandbox, LIMITS) as runner:
        runner.run(f"kept = ['{secret}']\ndef f(n):\n    return kept\n", Target("f"), [Call((secret,))])
        assert values(runner.run(spy, Target("f"), [Call((secret[::-1],))])) == [(True, False)]
        assert values(runner.run(spy + f"kept = ['{secret}']\n", Target("f"), [Call((secret[::-1],))])) == [
            (True, True)
        ]


def test_printed_text_counts_as_output(run: Run) -> None:
    first, second, third, fourth = run(in_third_call("print('x' * 2**22, flush=True)"), range(4))
    assert (first, second, fourth) == (Returned(0), Returned(1), NotReturned(Status.OUTPUT_LIMIT))
    assert isinstance(third, Raised)  # the kernel refuses more output; continuing still exceeds the limit


@pytest.mark.parametrize("other_version", [False, True])
def test_the_driver_for_one_process_also_loads_in_another_version(sandbox: Sandbox, other_version: bool) -> None:
    source = driver_source(many=False)
    if other_version:
        source = source.replace(f"== {MAGIC_NUMBER!r}", "== b'another'").replace("marshal.loads", "no_such_name")
        assert source != driver_source(many=False)
    with sandbox.load(Program(source), LIMITS) as loaded:
        blobs = [b"def f(n): return n", b"", encode(("f", False)), encode(((7,), {}))]
        execution = loaded.run(b"".join(BLOB.pack(len(blob)) + blob for blob in blobs))
    assert execution.stdout == frame(b"V", 0, encode(7)), execution


def test_no_lock_runs_the_same(sandbox: Sandbox) -> None:
    with Sandbox("none") as open_sandbox:
        results = run_calls(open_sandbox, in_third_call("os._exit(3)"), "f", [Call((n,)) for n in range(3)], LIMITS)
    assert results == [Returned(0), Returned(1), NotReturned(Status.EXITED, "exit status 3")]
