"""Readers of outside data take time and memory linear in the data's length.

Each case makes a hostile input of a given size for one reader. Time is the CPU time of this process, for an input and
for one four times as large: linear work takes four times as long, quadratic work sixteen times. No figure depends on
the speed of the machine; the minimum of several runs counts, so that a busy machine does not matter either. Memory is
the peak of Python's allocations, compared with the input's bytes.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import itertools
import json
import struct
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from rlef_env.envs.feedback import feedback_text
from rlef_env.episodes import episode_from_row, read_episodes
from rlef_env.errors import DataError, RLEFError
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.judge.checkers import make_checker
from rlef_env.judge.functions.calls import _result
from rlef_env.judge.functions.value_codec import encode
from rlef_env.judge.functions.values import value_comparison
from rlef_env.judge.points import group_scores
from rlef_env.problems import CheckerSpec, Dataset, Problem, Test, TestGroup, problem_from_row
from rlef_env.problems.extension_fields import groups_from_field
from rlef_env.problems.file_formats import raw_rows
from rlef_env.problems.packages import folder, read_package
from rlef_env.problems.packages.archive import Archive
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.parsing import unpacked
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.parsing.json_text import memory_of, parse_json
from rlef_env.problems.parsing.literals import parse_call, parse_value
from rlef_env.problems.schemas.live_code_bench import unpacked_tests
from rlef_env.problems.schemas.parts.asserts import check_to_tests, examples
from rlef_env.problems.schemas.parts.nested import json_in, json_or_python_in
from rlef_env.problems.schemas.parts.pickled_text import pickled_text
from rlef_env.sandbox.java_names import java_names
from rlef_env.server.problem_store import ProblemStore
from tests.clashing import clashing
from tools.samples import ROWS

TIMES: Final = 4
MOST: Final = 8.0
"""How many times as long an input four times as large may take: between linear work's 4 and quadratic work's 16."""

Call = Callable[[], object]


def field(value: Any) -> Field:
    return Field(value, "row", "field")


def cpu_seconds(call: Call) -> float:
    began = time.process_time()
    with contextlib.suppress(RLEFError, ValueError):  # a refusal is an answer, too
        call()
    return time.process_time() - began


def growth(make: Callable[[int], Call], size: int) -> float:
    """Return the factor in time for an input of four times the size, from the minimum of a few runs of each."""
    small, large = make(size), make(TIMES * size)
    gc.disable()
    try:
        return min(cpu_seconds(large) for _ in range(2)) / max(min(cpu_seconds(small) for _ in range(3)), 1e-6)
    finally:
        gc.enable()


# --- keys that clash --------------------------------------------------------------------------------------------------


def test_a_plain_dict_takes_quadratic_time_for_keys_that_clash() -> None:
    """Without this effect, the tests of the readers below would show nothing."""
    makers = {"dict": lambda n: lambda: dict.fromkeys(clashing(bits(n)))}
    assert max(growth(makers["dict"], 2**11) for _ in range(3)) > MOST


def bits(size: int) -> int:
    return size.bit_length() - 1


# --- readers of text --------------------------------------------------------------------------------------------------


def row_with(size: int, **fields: Any) -> Call:
    row = parse_row(json.dumps(fields).encode(), "row")
    return lambda: problem_from_row(Field(row, "row"))


def json_row(make: Callable[[int], str]) -> Callable[[int], Call]:
    return lambda size: (lambda raw: lambda: parse_row(raw, "row"))(make(size).encode())


def json_text(make: Callable[[int], str]) -> Callable[[int], Call]:
    return lambda size: (lambda text: lambda: json_or_python_in(field(text)))(make(size))


def packed(pickled: bytes) -> Field:
    return field(base64.b64encode(zlib.compress(pickled, 9)).decode())


def pickled(text: str) -> bytes:
    return b"\x80\x04\x8d" + struct.pack("<Q", len(text.encode())) + text.encode() + b"."


def keys(size: int) -> str:
    return ",".join(f'"key{number:07d}":0' for number in range(size))


TEXTS: Final[dict[str, tuple[Callable[[int], Call], int]]] = {
    "row: the last key twice": (json_row(lambda n: "{" + keys(n) + f',"key{n - 1:07d}":0}}'), 1000),
    "row: every key twice": (json_row(lambda n: "{" + keys(n) + "," + keys(n) + "}"), 1000),
    "row: a key twice in many objects": (json_row(lambda n: '{"a":[' + '{"a":1,"b":2},' * n + '{"a":1,"a":2}]}'), 1000),
    "row: brackets in brackets": (json_row(lambda n: '{"a":' + "[" * n), 20_000),
    "row: objects in objects": (json_row(lambda n: '{"a":' * n), 20_000),
    "row: an open string of escapes": (json_row(lambda n: '{"a":"' + '\\"' * n), 20_000),
    "row: many empty lists": (json_row(lambda n: '{"a":[' + "[]," * n + "0]}"), 20_000),
    "row: a long number": (json_row(lambda n: '{"a":' + "1" * n + "}"), 100_000),
    "row: a long fraction": (json_row(lambda n: '{"a":0.' + "1" * n + "}"), 100_000),
    "row: a huge exponent": (json_row(lambda n: '{"a":1e' + "9" * n + "}"), 100_000),
    "text: the last key twice": (json_text(lambda n: "{" + keys(n) + f',"key{n - 1:07d}":0}}'), 500),
    "text: a key of Python twice": (json_text(lambda n: "{" + keys(n) + ",'key0000000':0}"), 500),
    "text: brackets of Python in each other": (json_text(lambda n: "(" * n), 20_000),
    "text: white space": (json_text(lambda n: "[1," + " " * n + "'"), 50_000),
    "text: open quotes": (json_text(lambda n: "[" + "'a',\"" * n), 5_000),
    "text: an open string of escapes": (json_text(lambda n: "['" + "\\'" * n), 20_000),
    "text: digits": (json_text(lambda n: "['a'," + "1" * n + "]"), 50_000),
    "text: many digits": (json_text(lambda n: "[" + "1" * 5000 + (",1" * n) + "]"), 10_000),
    "pickle: opcodes": (
        lambda n: (lambda f: lambda: pickled_text(f))(packed(b"\x80\x04}(" + b"\x8c\x01a" * n + b"u.")),
        10_000,
    ),
    "pickle: puts": (
        lambda n: (lambda f: lambda: pickled_text(f))(packed(b"\x80\x04\x8c\x01a" + b"\x94" * n + b".")),
        50_000,
    ),
    "pickle: numbers": (
        lambda n: (lambda f: lambda: pickled_text(f))(packed(b"\x80\x04L" + b"1" * n + b"L\n.")),
        50_000,
    ),
    "call: clashing elements": (
        lambda n: (lambda s: lambda: parse_call(f"f({s})"))(str(set(clashing(bits(n))))),
        2**11,
    ),
    "value: clashing keys": (
        lambda n: (lambda s: lambda: parse_value(s))(str(dict.fromkeys(clashing(bits(n)), 0))),
        2**11,
    ),
    "value: a long number": (lambda n: lambda: parse_value("1" * n), 50_000),
    "value: a sum": (lambda n: lambda: parse_value("1+" * n + "1"), 5_000),
    "value: signs": (lambda n: lambda: parse_value("-" * n + "1"), 5_000),
    "value: brackets": (lambda n: lambda: parse_value("[" * n), 20_000),
    "java: open comments": (lambda n: lambda: java_names("/*" * n + "'" * n), 50_000),
    "java: many classes": (lambda n: lambda: java_names("public class A{static void main(String a){}}" * n), 1000),
    "java: words": (lambda n: lambda: java_names("static a.main( " * n), 5000),
    "value: texts side by side": (lambda n: lambda: parse_value("'a'" * n), 5_000),
    "value: sets in a list": (lambda n: lambda: parse_value("[" + "{1}," * n + "]"), 5_000),
    "asserts: many": (
        lambda n: (lambda s: lambda: check_to_tests(s, "f"))(
            "def check(c):\n" + "".join(f"    assert not c({number})\n" for number in range(n))
        ),
        300,
    ),
    "asserts: many behind many imports": (
        lambda n: (lambda s: lambda: check_to_tests(s, "f"))(
            "import a\n" * n + "def check(c):\n" + "    assert not c(1)\n" * n
        ),
        1000,
    ),
    "examples: many in a line": (lambda n: (lambda s: lambda: examples(s, "f"))("f(" * n + ")" * n), 400),
    "examples: many lines": (lambda n: (lambda s: lambda: examples(s, "f"))("f(1) == 2\n" * n), 300),
}


# --- whole rows -------------------------------------------------------------------------------------------------------


def apps(statement: str, inputs: list[Any], outputs: list[Any], starter: str = "", **more: Any) -> Call:
    tests = json.dumps({"inputs": inputs, "outputs": outputs, **more})
    row = {"problem_id": 1, "question": statement, "input_output": tests, "starter_code": starter}
    return lambda: problem_from_row(Field(row, "row"))


def mbpp(**fields: Any) -> Call:
    row = {"task_id": 1, "text": "t", "code": "def f(x): pass", "test_list": ["assert f(1) == 1"], **fields}
    return lambda: problem_from_row(Field(row, "row"))


def groups(size: int) -> list[dict[str, Any]]:
    return [{"name": f"g{number}", "points": 1, "tests": [], "requires": [f"g{size - 1}"]} for number in range(size)]


def chain_of_groups(size: int) -> Problem:
    return Problem(
        "p",
        "",
        private_tests=(Test("", ""),),
        groups=tuple(
            TestGroup(f"g{n}", 1, (("private", 0),), "min", (f"g{n + 1}",) if n + 1 < size else ("none",))
            for n in range(size)
        ),
    )


def schema_with(name: str, **fields: Any) -> Call:
    row = {**ROWS[name], **fields}
    return lambda: problem_from_row(Field(row, "row"), schema=name)


PAIRS: Final = [{"input": "1\n", "output": "2\n"}]
ROW_FAMILIES: Final[dict[str, tuple[Callable[[int], Call], int]]] = {
    "tests whose input stands everywhere": (lambda n: apps("1\n" * 10_000 + "1\n" * n, ["1\n"] * n, ["2\n"] * n), 200),
    "tests whose output follows a long line": (
        lambda n: apps("1\noutput" + "x" * 1000 * n, ["1\n"] * n, [f"{number}\n" for number in range(n)]),
        200,
    ),
    "tests that stand nowhere": (
        lambda n: apps("5 6 7 8\n" * 100 * n, [f"1 {number}\n" for number in range(n)], ["2\n"] * n),
        500,
    ),
    "calls whose arguments stand everywhere": (
        lambda n: apps("1" * 1000 * n, [[1]] * n, [[2]] * n, fn_name="f"),
        100,
    ),
    "calls that stand nowhere": (
        lambda n: apps("56 " * 300 * n, [[f"x{number}"] for number in range(n)], [[2]] * n, fn_name="f"),
        500,
    ),
    "code to start from": (lambda n: apps("", [[[1]]], [[[1]]], "def f(" * n, fn_name="f"), 2000),
    "code to start from, with blanks": (lambda n: apps("", [[[1]]], [[[1]]], "def" + " " * n, fn_name="f"), 20_000),
    "arguments with clashing keys": (
        lambda n: apps("", [[dict.fromkeys(map(str, clashing(bits(n))), 0)]], [[1]], fn_name="f"),
        2**11,
    ),
    "a fence that does not end": (lambda n: schema_with("apps", solutions=json.dumps(["```py\n" * n])), 5000),
    "solutions of blanks": (lambda n: schema_with("apps", solutions=json.dumps([" " * n + "x"])), 20_000),
    "asserts that are code": (lambda n: mbpp(test_list=["assert not f(1)"] * n), 200),
    "asserts that are code, and imports": (
        lambda n: mbpp(code="import a\n" * n + "def f(x): pass", test_list=["assert not f(1)"] * n),
        1000,
    ),
    "examples and official tests": (
        lambda n: schema_with("open_r1", examples=PAIRS * n, official_tests=PAIRS * n),
        1000,
    ),
    "groups": (lambda n: (lambda f: lambda: groups_from_field(f, {"private": 1}))(field(groups(n))), 500),
    "points of groups in a chain": (
        lambda n: (lambda p: lambda: group_scores(p.groups, {("private", 0)}))(chain_of_groups(n)),
        200,
    ),
    "tests": (
        lambda n: schema_with(
            "code_contests", public_tests={"input": ["1"] * n, "output": ["1"] * n}, cf_tags=["a"] * n
        ),
        2000,
    ),
    "a cached problem of the server": (
        lambda n: lambda: ProblemStore({}).from_row(Field({**ROWS["apps"], "more": ["x"] * n}, "request")),
        5000,
    ),
    "an id that no data set has": (
        lambda n: (lambda d: lambda: d.get("ab" * n))(Dataset("d", "d", (Problem("ab" * 50, ""),))),
        20_000,
    ),
}


# --- what judged programs return and print ----------------------------------------------------------------------------


def returned(value: object) -> Call:
    frame = encode(value)
    return lambda: _result(b"V", frame)


def compared(name: str, *flags: str) -> Callable[[Callable[[int], tuple[bytes, bytes]]], Callable[[int], Call]]:
    check = make_checker(CheckerSpec(name, flags))
    return lambda make: lambda size: (lambda pair: lambda: check(b"", *pair))(make(size))


def unordered(make: Callable[[int], list[Any]]) -> Callable[[int], Call]:
    rule = value_comparison(CheckerSpec("value", ("unordered",)))
    return lambda size: (lambda values: lambda: rule(values, values[::-1]))(make(size))


CHECKERS: Final = (
    *(("codecontests",), ("codecontests", "exact_integers"), ("tokens",), ("tokens", "unordered"), ("lines",)),
    *(("lines", "ignore_spaces", "float_tolerance", "1e-6"), ("lines", "unordered"), ("characters",), ("yesno",)),
    *(("kattis",), ("kattis", "float_tolerance", "1e-6"), ("kattis", "space_change_sensitive"), ("livecodebench",)),
    *(("sandboxfusion", "exact_integers"), ("apps",), ("apps", "exact_integers"), ("exact",)),
)
OUTPUTS: Final[dict[str, Callable[[int], tuple[bytes, bytes]]]] = {
    "line ends": lambda n: (b"\n" * n + b"1", b"\n" * n + b"2"),
    "one line": lambda n: (b"x" * n, b"x" * (n - 1) + b"y"),
    "blanks": lambda n: (b"a" + b" " * n + b"b", b"a" + b" \t" * (n // 2) + b"c"),
    "tokens": lambda n: (b"a " * (n // 2), b"a " * (n // 2) + b"b"),
    "digits": lambda n: (b"1" * n, b"1" * (n - 1) + b"2"),
    "digits with marks": (lambda n: (b"1_" * (n // 2) + b"1", b"1" * (n // 2) + b"2")),
    "digits of another script": (lambda n: ("\u0661".encode() * (n // 2), b"1" * (n // 2) + b"2")),
    "a fraction": lambda n: (b"0." + b"1" * n, b"0." + b"1" * (n - 1) + b"2"),
    "zeros and an exponent": lambda n: (b"0" * n + b"e" + b"9" * n, b"1e" + b"9" * n),
    "huge exponents": lambda n: (b"1e999999999 " * (n // 12), b"1e999999998 " * (n // 12)),
    "carriage returns": lambda n: (b"\r" * n + b"a", b"\n" * n + b"b"),
    "no UTF-8": lambda n: (b"\xff" * n, b"\xff" * n + b"1"),
    "white space of Unicode": lambda n: ("\u00a0\u2003".encode() * (n // 5) + b"1", b"1 2"),
}
RESULTS: Final[dict[str, tuple[Callable[[int], Call], int]]] = {
    "a dict with clashing keys": (lambda n: returned(dict.fromkeys(clashing(bits(n)), 0)), 2**11),
    "clashing keys that are no integers": (
        lambda n: returned(dict.fromkeys(map(float, clashing(bits(n))), 0)),
        2**11,
    ),
    "many sets": (lambda n: returned([{number} for number in range(n)]), 2000),
    "a set with equal hashes": (lambda n: returned({number * (2**61 - 1) for number in range(60)}), 2000),
    "deep tuples": (lambda n: returned([((((((1,),),),),),)] * n), 2000),
    "clashing values in any order": (unordered(lambda n: list(clashing(bits(n)))), 2**11),
    "equal values in any order": (unordered(lambda n: [1] * n), 2000),
    "values with one hash in any order": (unordered(lambda n: [-1, -2] * n), 2000),
    "dicts with clashing values in any order": (
        unordered(lambda n: [dict(zip(map(str, range(n)), clashing(bits(n)), strict=False))]),
        2**11,
    ),
    "a trace": (
        lambda n: (lambda j: lambda: feedback_text(j, Problem("p", "", (Test("", ""),))))(
            Judgement(
                Verdict.RUNTIME_ERROR, (TestResult("public", 0, Verdict.RUNTIME_ERROR, None, "", "Traceback \n" * n),)
            )
        ),
        20_000,
    ),
}
for _name, _make in OUTPUTS.items():
    for _checker in CHECKERS:
        RESULTS[f"output: {_name}: {' '.join(_checker)}"] = compared(*_checker)(_make), 10_000

# --- folders and files ------------------------------------------------------------------------------------------------


def yaml(make: Callable[[int], str]) -> Callable[[int], Call]:
    return lambda size: (lambda root: lambda: read_yaml(Folder(root), "p.yaml"))(written("p.yaml", make(size)))


def written(name: str, text: str | bytes) -> Path:
    """Return a new folder with one file in it."""
    root = Path(tempfile.mkdtemp(dir=FOLDER.name))
    (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def rows(name: str, make: Callable[[int], str]) -> Callable[[int], Call]:
    return lambda size: (lambda path: lambda: list(raw_rows(path)))(written(name, make(size)) / name)


def kattis(**files: str) -> Path:
    base = {
        "problem.yaml": "type: scoring",
        "statement/problem.en.md": "s",
        "data/sample/1.in": "",
        "data/sample/1.ans": "",
    }
    root = Path(tempfile.mkdtemp(dir=FOLDER.name))
    (root / "data/secret").mkdir(parents=True)
    for name, text in {**base, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def chained_tests(size: int) -> Call:
    """Return two groups, in which each test earns points only if the previous one passed."""
    root = kattis(**{f"data/secret/g{group}/1.{ending}": "1" for group in (1, 2) for ending in ("in", "ans")})
    for group in (1, 2):
        for number, ending in itertools.product(range(size), ("in", "ans")):
            (root / f"data/secret/g{group}/{number + 2}.{ending}").symlink_to(f"1.{ending}")
    return lambda: read_package(root)


def archived(size: int) -> Call:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(size):
            archive.writestr(f"{number}.in", "")
    root = written("a.zip", content.getvalue())
    return lambda: Archive(Folder(root), "a.zip")


FOLDER: Final = tempfile.TemporaryDirectory(prefix="linear-")  # removed at the end
FILES: Final[dict[str, tuple[Callable[[int], Call], int]]] = {
    "yaml: merges": (yaml(lambda n: "<<: {}\n" * n), 300),
    "yaml: keys": (yaml(lambda n: "".join(f"k{number}: 0\n" for number in range(n))), 200),
    "yaml: lists in lists": (yaml(lambda n: "a: " + "[" * n), 2000),
    "yaml: aliases": (yaml(lambda n: "a: &a [1]\nb: [" + "*a, " * n + "]"), 200),
    "yaml: aliases of aliases": (
        yaml(lambda n: "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, n))),
        100,
    ),
    "yaml: blanks": (yaml(lambda n: "a:" + " " * n + "b"), 3000),
    "yaml: a long text": (yaml(lambda n: 'a: "' + "\\n" * n + '"'), 1000),
    "array: strings of quotes": (rows("a.json", lambda n: '["' + '\\"' * n + '"]'), 20_000),
    "array: an open string": (rows("a.json", lambda n: '["' + "\\\\" * n), 50_000),
    "array: brackets": (rows("a.json", lambda n: "[" * n), 20_000),
    "array: rows": (rows("a.json", lambda n: "[" + "{}," * n + "{}]"), 5000),
    "lines: empty": (rows("a.jsonl", lambda n: "\n" * n + "{}"), 20_000),
    "a judge's file of line ends": (
        lambda n: (lambda r: lambda: read_package(r))(kattis(**{"domjudge-problem.ini": "\n" * n})),
        3000,
    ),
    "tests in chains": (chained_tests, 60),
    "an archive": (archived, 300),
    "episodes: fields": (
        lambda n: lambda: episode_from_row({f"f{number}": 0 for number in range(n)}),
        5000,
    ),
    "episodes: the last field twice": (
        lambda n: (lambda path: lambda: read_episodes(path))(
            written("e", "{" + keys(n) + f',"key{n - 1:07d}":0}}') / "e"
        ),
        1000,
    ),
}

ALL: Final = {**TEXTS, **ROW_FAMILIES, **FILES, **RESULTS}


@pytest.mark.parametrize("name", ALL)
def test_time_is_linear(name: str) -> None:
    make, size = ALL[name]
    grown = [growth(make, size)]
    while grown[-1] > MOST and len(grown) < 5:  # a quadratic reader stays at sixteen; a machine that stumbles does not
        grown.append(growth(make, size))
    assert grown[-1] <= MOST, grown


def test_keys_that_clash_are_refused_by_every_reader() -> None:
    """A few such keys cost little time, so this test checks that they are refused."""
    keys = dict.fromkeys(clashing(11), 0)
    assert _result(b"V", encode(keys)) is None
    assert _result(b"V", encode(dict.fromkeys(range(2000), 0))) is not None
    with pytest.raises(DataError, match="keys whose hashes collide"):
        parse_value(str(keys))
    with pytest.raises(DataError, match="keys whose hashes collide"):
        parse_call(f"f({keys})")
    with pytest.raises(DataError, match="keys whose hashes collide"):
        apps("", [[{str(key): 0 for key in keys}]], [[1]], fn_name="f")()
    assert not value_comparison(CheckerSpec("value", ("unordered",)))(list(keys), list(keys))


# --- memory -----------------------------------------------------------------------------------------------------------


def peak_allocated(call: Call) -> int:
    tracemalloc.start()
    try:
        with contextlib.suppress(RLEFError, ValueError):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("inner", ["[],", "{},", '{"":0},', "0,", "1e9,", '"ab",', '"\\u0101",', "[[[[]]]],", "300,"])
def test_the_memory_that_json_takes_is_no_more_than_was_counted(inner: str) -> None:
    text = "[" + inner * 20_000 + "0]"
    counted = memory_of(text)
    taken = peak_allocated(lambda: parse_json(text, python_json=True))
    assert taken <= counted + 4 * len(text)
    with pytest.raises(ValueError, match="bytes of memory"):
        parse_json(text, max_memory=counted - 1)


def test_brackets_and_commas_in_texts_do_not_count() -> None:
    text = json.dumps(["[,:{" * 1000, '\\"[,:{', "[" * 200])
    assert memory_of(text) == memory_of('["","",""]')
    assert parse_json(text, max_memory=memory_of(text)) == json.loads(text)


PACKED: Final = {
    "lists": lambda n: "[" + "[]," * n + "[]]",
    "objects": lambda n: "[" + "{}," * n + "{}]",
    "numbers": lambda n: "[" + "0," * n + "0]",
    "brackets": lambda n: "[" * n,
    "a text": lambda n: '["' + "a" * n + '"]',
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_takes_no_more_memory_than_its_bounds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The minimum is lowered from 128 MiB to 1 MiB, so that small texts suffice."""
    monkeypatch.setattr(unpacked, "_MIN_BYTES", 2**20)
    tests = packed(pickled(PACKED[name](2_000_000)))
    most = unpacked.unpacked_bytes(len(tests.value))
    taken = peak_allocated(lambda: unpacked_tests(tests))
    assert taken <= 5 * most  # of a text several copies are made, and its values take as much once more


def test_an_archive_may_not_unpack_to_more_than_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "_MIN_BYTES", 2**16)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.in", bytes(2**20))
    root = written("a.zip", content.getvalue())
    with pytest.raises(DataError, match=r"at most [67].,... bytes unpacked, got 1,048,576"):
        Archive(Folder(root), "a.zip")


def test_what_aliases_and_links_repeat_is_counted() -> None:
    text = "a: &a " + "x" * 20_000 + "\nb: [" + "*a, " * 1000 + "]"
    with pytest.raises(DataError, match="more than 1,000,000 values, counting what aliases repeat"):
        read_yaml(Folder(written("p.yaml", text)), "p.yaml")
    root = kattis(**{f"data/secret/g1/{name}": "1" for name in ("1.in", "1.ans")})
    (root / "data/secret/g1/testdata.yaml").write_text("# " + "x" * 100_000)
    for number in range(2, 45):
        (root / f"data/secret/g{number}").symlink_to("g1")
    with pytest.raises(DataError, match="links counted as files"):
        read_package(root)


def test_one_file_in_many_tests_counts_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_PACKAGE_BYTES", 100_000)
    root = kattis(**{"data/secret/0.in": "x" * 10_000, "data/secret/0.ans": "0"})
    for number in range(1, 12):
        (root / f"data/secret/{number}.in").symlink_to("0.in")
        (root / f"data/secret/{number}.ans").write_text(str(number))
    with pytest.raises(DataError, match="however often a file is named"):
        read_package(root)


def test_long_values_are_cut_in_errors() -> None:
    for call in (
        lambda: Dataset("d", "d", (Problem("p", ""),)).get("x" * 10**6),
        lambda: parse_row(b'{"' + b"k" * 10**6 + b'":0,"' + b"k" * 10**6 + b'":0}', "row"),
        lambda: problem_from_row(Field({"k" * 10**6: 1}, "row")),
        lambda: problem_from_row(Field({**ROWS["apps"], "problem_id": "x" * 10**6, "question": 3}, "row")),
        lambda: pickled_text(field("x" * 10**6)),
        lambda: json_in(field("[" + "1" * 10**6 + "]")),
        lambda: parse_value("x" * 10**6),
        lambda: field([[10**5000] * 1000]).text(),
    ):
        with pytest.raises((RLEFError, ValueError)) as caught:
            call()
        assert len(str(caught.value)) <= 2000
        assert "\n" not in str(caught.value)
