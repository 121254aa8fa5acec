"""Environment that each source's own grader gives a program, as data: one row a source, with the place of its code.

The rows state facts about those graders. The judge applies them in the same way for every source:

* The names that ``imports`` binds are available like builtins: a program can use them without importing anything, its
  own definitions take precedence, and a function that it does not define is not found among them.
* An import whose module does not exist is left out: numpy exists with ``Judge(numpy=True)`` only, pandas never.
* Programs run unchanged: most of these graders put a program that reads input into a function first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["GRADERS", "PLAIN_GRADER", "Grader"]


@dataclass(frozen=True, slots=True)
class Grader:
    """Environment that a source's grader gives a Python program.

    Attributes:
        name: the name in ``Problem.grader`` and in rows.
        read_at: ``OWNER/NAME:PATH`` on GitHub, the place of the grader's code.
        imports: import statements that the grader puts before every program, whether it reads input or defines a
            function.
        recursion_limit: argument of ``sys.setrecursionlimit``; None if the grader sets none.
        calls_solution: whether the grader calls the method of one ``Solution()`` if the program defines a class of
            that name, even if there is a function with the method's name.
        unwraps: whether ``value`` is also correct if a row has ``[value]`` as the result of a call.
        results: how the grader compares the result of a call with the expected one, in words.
    """

    name: str
    read_at: str
    imports: str = ""
    recursion_limit: int | None = None
    calls_solution: bool = False
    unwraps: bool = False
    results: str = ""


def _lines(*statements: str) -> str:
    return "".join(statement + "\n" for statement in statements)


_STAR_MODULES: Final = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics"),
    *("itertools", "functools", "operator", "io", "sys", "json"),
)
_STARS: Final = _lines(
    *(f"from {module} import *" for module in (*_STAR_MODULES, "builtins", "typing")),
    *(f"import {module}" for module in _STAR_MODULES),
)
"""Everything of 18 modules, then 16 of them by name: ``datetime`` is the module, not the class."""
_STREAMS: Final = _lines("from sys import stdin, stdout")
"""Two names that these graders assign before a program that reads input."""
_APPS: Final = _lines(
    *(f"import {module}" for module in ("sys", "time", "itertools", "collections", "math", "fractions", "random")),
    "import heapq",
    "import numpy as np",
    "from itertools import accumulate, product, permutations, combinations",
    "from collections import Counter, OrderedDict, deque, defaultdict, ChainMap",
    "from functools import lru_cache",
    "from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2",
    "from typing import List, Tuple",
    "from heapq import *",
)
_RLLM: Final = _lines(
    "from itertools import accumulate, chain, combinations, count, cycle, groupby, islice, pairwise, permutations",
    "from itertools import product, repeat, zip_longest",
    "from copy import deepcopy",
    "from string import ascii_lowercase, ascii_uppercase",
    "from math import atan2, ceil, comb, factorial, floor, gcd, inf, isqrt, log, log10, log2, pi, prod, sqrt",
    "from collections import Counter, OrderedDict, defaultdict, deque",
    "from bisect import bisect_left, bisect_right, insort",
    "from heapq import heapify, heappop, heappush, heapreplace, merge, nlargest, nsmallest",
    "from functools import cache, cmp_to_key, lru_cache, partial, reduce",
    "from random import randrange, shuffle",
    "from operator import iand, itemgetter, or_, sub, xor",
    "from re import search as re_search",
    "from os.path import commonprefix",
    "from typing import Any, Callable, Deque, Dict, Generator, Iterable, Iterator, List, Optional, Set, Tuple, Union",
    *(f"import {module}" for module in ("bisect", "collections", "copy", "datetime", "functools", "heapq", "io")),
    *(f"import {module}" for module in ("itertools", "math", "operator", "os", "random", "re", "string", "sys")),
    "from time import time",
    "import numpy as np",
    "import pandas as pd",
)

_EQUAL: Final = "equal (`==`); a tuple counts as a list"
_EQUAL_OR_FIRST: Final = "equal (`==`), or equal to the first element of an expected list; a tuple counts as a list"

PLAIN_GRADER: Final = Grader("", "", results="")
"""Grader of sources that run a program unchanged: CodeContests, Codeforces (Open-R1), HumanEval, MBPP, contests."""

GRADERS: Final = {
    grader.name: grader
    for grader in (
        Grader(
            name="livecodebench",
            read_at="LiveCodeBench/LiveCodeBench:lcb_runner/evaluation/testing_util.py",
            imports=_STARS,
            recursion_limit=50_000,
            calls_solution=True,
            results=_EQUAL,
        ),
        Grader(
            name="nemo_gym",
            read_at="NVIDIA-NeMo/Gym:resources_servers/code_gen/lcb_integration/testing_util.py",
            imports=_STARS,
            recursion_limit=50_000,
            calls_solution=True,
            results=_EQUAL,
        ),
        Grader(
            name="apps",
            read_at="hendrycks/apps:eval/testing_util.py",
            imports=_APPS + _STREAMS,
            calls_solution=True,
            unwraps=True,
            results=_EQUAL_OR_FIRST,
        ),
        Grader(
            name="taco",
            read_at="FlagOpen/TACO:metrics/testing_util.py",
            imports=_APPS + _STREAMS,
            calls_solution=True,
            unwraps=True,
            results=_EQUAL_OR_FIRST,
        ),
        Grader(
            name="prime",
            read_at="verl-project/verl:verl/utils/reward_score/prime_code/testing_util.py",
            imports=_STARS + _STREAMS,
            recursion_limit=600_000,
            calls_solution=True,
            unwraps=True,
            results=_EQUAL_OR_FIRST,
        ),
        # Its first grader (PrimeIntellect-ai/genesys:src/genesys/verifiers/code_test_verifier.py) imports six names of
        # typing, for functions only, and compares what is printed. This is the later one, which accepts more.
        Grader(
            name="prime_intellect",
            read_at="PrimeIntellect-ai/prime-rl:src/prime_rl/orchestrator/genesys/deepcoder_utils/taco.py",
            imports=_APPS + _RLLM + _STREAMS,
            calls_solution=True,
            unwraps=True,
            results=_EQUAL_OR_FIRST,
        ),
        Grader(
            name="deep_coder",
            read_at="rllm-org/rllm:rllm/rewards/code_utils/ (utils.py, livecodebench.py, taco.py)",
            imports=_APPS + _RLLM + _STREAMS,
            calls_solution=True,
            unwraps=True,
            results=f"{_EQUAL}; tests in columns: as APPS",
        ),
        Grader(
            name="sandboxfusion_livecodebench",
            read_at="bytedance/SandboxFusion:sandbox/datasets/live_code_bench.py",
            imports=_STARS + _STREAMS,
            recursion_limit=600_000,
            calls_solution=True,
            results=_EQUAL_OR_FIRST,
        ),
        Grader(
            name="cwm",
            read_at="facebookresearch/cwm:cwm/exec/code/eval/runners/python_lcbcodegen.py",
            imports=_STARS,
            recursion_limit=600_000,
            calls_solution=True,
            results=_EQUAL_OR_FIRST,
        ),
    )
}
"""``Problem.grader`` -> the grader."""
