"""Programs whose verdict on one small problem is known: right ones, wrong ones, and those that misbehave."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from rlef_env.judge import Verdict
from rlef_env.problems import Problem, Test

__all__ = ["ADD", "KNOWN", "KnownProgram", "programs"]

ADD: Final = Problem(
    id="add",
    statement="Read two whole numbers from one line and print their sum",
    public_tests=(Test("1 2\n", "3\n"), Test("10 -4\n", "6\n")),
    private_tests=(Test("0 0\n", "0\n"), Test("-7 2\n", "-5\n"), Test("999999999 1\n", "1000000000\n")),
    time_limit=1.0,
    memory_limit=256 * 10**6,
)
"""The problem that the programs are judged on."""


@dataclass(frozen=True, slots=True)
class KnownProgram:
    """A program for ``ADD`` and what a judge must say of it.

    Attributes:
        kind: what it does, such as ``"accepted"``, ``"crash"`` or ``"fork"``.
        source: Python source.
        verdicts: the verdicts of which a judge must give one. There are several where it depends on the machine which
            limit is reached first.
    """

    kind: str
    source: str
    verdicts: frozenset[Verdict]


READ: Final = "a, b = map(int, input().split())\n"
RIGHT: Final = (
    READ + "print(a + b)",
    "print(sum(map(int, input().split())))",
    "import sys\nprint(sum(int(word) for word in sys.stdin.read().split()))",
    READ + "print(a + b, end='')",
    READ + "print(a + b)\nprint()",
    "def solve():\n    a, b = (int(word) for word in input().split())\n    return a + b\n\nprint(solve())",
    READ + "import sys\nsys.stdout.write(f'{a + b}\\n')\nsys.exit(0)",
    READ + "import sys\nsys.stderr.write('debug ü\\n' * 100)\nprint(a + b)",
)
WRONG: Final = (
    READ + "print(a - b)",
    READ + "print(abs(a + b))",
    READ + "print(3)",
    READ + "print(a + b + 1)",
    "print('3\\n6\\n0\\n-5')",
    "",
)
CRASHES: Final = (
    "1 / 0",
    "raise ValueError('ü')",
    READ + "print(a + b)\nraise SystemExit(3)",
    "import os\nos._exit(1)",
    "int(input())",
    "f = lambda n: f(n + 1)\nf(0)",
    "import os\nos.abort()",
)
SYNTAX: Final = ("print(", "def f(:\n    pass", "\tprint(1)\n  print(2)", "a b")
LOOPS: Final = ("while True:\n    pass", "import itertools\nfor _ in itertools.count():\n    pass")
MEMORY: Final = (
    "data = bytearray(2 * 10**9)\nprint(len(data))",
    "data = []\nwhile True:\n    data.append('x' * 10**6)",
)
FLOODS: Final = ("while True:\n    print('x' * 10**6)", "import os\nwhile True:\n    os.write(1, b'y' * 65536)")
SLEEPS: Final = ("import time\ntime.sleep(10**6)", "import select\nselect.select([], [], [], None)")
FORKS: Final = ("import os\nwhile True:\n    os.fork()", "import os\nif os.fork() == 0:\n    os._exit(0)\nprint(3)")
NETWORK: Final = ("import socket\nsocket.create_connection(('127.0.0.1', 1))", "import socket\nsocket.socket()")
ODD_BYTES: Final = (
    "import sys\nsys.stdout.buffer.write(bytes(range(256)))",
    "import sys\nsys.stdout.buffer.write(b'3\\0\\n')",
    "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe3\\n')",
)

_FAILED: Final = frozenset(Verdict) - {Verdict.ACCEPTED, Verdict.NO_PROGRAM, Verdict.NO_VERDICT}

KNOWN: Final[tuple[KnownProgram, ...]] = tuple(
    KnownProgram(kind, source, frozenset(verdicts))
    for kind, sources, verdicts in (
        ("accepted", RIGHT, {Verdict.ACCEPTED}),
        ("wrong", WRONG, {Verdict.WRONG_ANSWER}),
        ("crash", CRASHES, {Verdict.RUNTIME_ERROR}),
        ("syntax", SYNTAX, {Verdict.COMPILE_ERROR}),
        ("loop", LOOPS, {Verdict.TIME_LIMIT}),
        ("memory", MEMORY, {Verdict.MEMORY_LIMIT, Verdict.RUNTIME_ERROR}),
        ("flood", FLOODS, {Verdict.OUTPUT_LIMIT, Verdict.TIME_LIMIT}),
        ("sleep", SLEEPS, {Verdict.TIME_LIMIT}),
        ("fork", FORKS, _FAILED),
        ("network", NETWORK, _FAILED),
        ("odd bytes", ODD_BYTES, {Verdict.WRONG_ANSWER}),
    )
    for source in sources
)
"""The programs from which ``programs`` draws, without padding."""


@st.composite
def programs(draw: st.DrawFn, kinds: Collection[str] | None = None) -> KnownProgram:
    """Draw a program for ``ADD`` with the verdict that a judge must give it.

    Each is a known program with padding that changes nothing: comments, empty lines, names.

    Args:
        draw: hypothesis gives it.
        kinds: kinds of programs, such as ``("accepted", "wrong")``; None for all: ``accepted``, ``wrong``, ``crash``,
            ``syntax``, ``loop``, ``memory``, ``flood``, ``sleep``, ``fork``, ``network`` and ``odd bytes``.
    """
    known = draw(st.sampled_from([each for each in KNOWN if kinds is None or each.kind in kinds]))
    comment = draw(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20))
    before = draw(st.sampled_from(["", "\n\n", f"# {comment}\n", "import math\n"]))
    after = draw(st.sampled_from(["", "\n", f"\n# {comment}", "\n\n\n"]))
    return KnownProgram(known.kind, f"{before}{known.source}{after}", known.verdicts)
