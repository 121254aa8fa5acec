"""DMOJ packages: cases, batches, archives, checkers; invalid or unsupported parts are one clear error."""

from __future__ import annotations

import io
import zipfile

import pytest

from rlef_env.errors import DataError
from rlef_env.judge.points import group_scores
from rlef_env.problems import CheckerSpec, InteractorSpec, Test
from rlef_env.problems.packages import archive as archive_module
from rlef_env.problems.packages import read_package

CASES = "test_cases:\n- {in: 1.in, out: 1.out, points: 5}\n"


def packed(files, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_single_cases(dmoj):
    problem = read_package(dmoj())
    assert (problem.id, problem.statement) == ("plus", "Add two numbers.\n")
    assert problem.private_tests == (Test("1 2\n", "3\n"), Test("4 5\n", "9\n"))
    assert problem.checker.name == "lines"
    assert [(group.name, group.points, group.tests) for group in problem.groups] == [
        ("case 1", 5.0, (("private", 0),)),
        ("case 2", 10.0, (("private", 1),)),
    ]


def test_batches_in_an_archive(dmoj):
    init = """
        archive: tests.zip
        hints: [unicode]
        test_cases:
        - {in: a.in, out: a.out, points: 0}
        - {batched: [{in: a.in, out: a.out}, {in: b.in, out: b.out}], points: 30}
        - {batched: [{out: b.out}], points: 70, dependencies: [1]}
        """
    files = {"a.in": "1\r\n2\r", "a.out": "3", "b.in": b"\xff", "b.out": "4"}
    problem = read_package(dmoj({"init.yml": init, "tests.zip": packed(files)}))
    assert problem.private_tests == (Test("1\n2\n", "3\n"), Test("\udcff\n", "4\n"), Test("", "4\n"))
    assert [(g.name, g.points, [index for _, index in g.tests], g.aggregate, g.requires) for g in problem.groups] == [
        ("case 1", 0.0, [0], "min", ()),
        ("batch 1", 30.0, [0, 1], "min", ("case 1",)),
        ("batch 2", 70.0, [2], "min", ("batch 1", "case 1")),
    ]
    assert problem.extra == {"hints": ["unicode"]}
    problem = read_package(dmoj({"init.yml": "binary_data: true" + init.replace("\n        ", "\n"),
                                 "tests.zip": packed(files)}, name="b"))  # fmt: skip
    assert problem.private_tests[0].input == "1\r\n2\r"


# What the score must be: (points, requires) of each group, worked out by hand from dmoj/judge.py of DMOJ/judge-server.
A, B = "in: 1.in, out: 1.out", "in: 2.in, out: 2.out"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        # Points that are missing are those of the batch, then those of the package, then 1.
        (f"test_cases: [{{{A}}}, {{{B}, points: 2}}]", [("case 1", 1, ()), ("case 2", 2, ())]),
        (f"points: 7\ntest_cases: [{{{A}}}, {{batched: [{{{B}}}]}}]", [("case 1", 7, ()), ("batch 1", 7, ())]),
        (f"test_cases: [{{batched: [{{{A}, points: 3}}, {{{B}}}], points: 3}}]", [("batch 1", 3, ())]),
        # A case or batch of 0 points gates all that follow it, and nothing before it.
        (f"test_cases: [{{{A}, points: 0}}, {{{B}, points: 9}}]", [("case 1", 0, ()), ("case 2", 9, ("case 1",))]),
        (f"test_cases: [{{{A}, points: 9}}, {{{B}, points: 0}}]", [("case 1", 9, ()), ("case 2", 0, ())]),
        (
            f"test_cases: [{{batched: [{{{A}}}], points: 0}}, {{{A}, points: 0}}, {{{B}, points: 5}}]",
            [("batch 1", 0, ()), ("case 2", 0, ("batch 1",)), ("case 3", 5, ("case 2",))],
        ),
        # Pretests come first and are worth nothing, whatever they say.
        (
            f"pretest_test_cases: [{{{A}, points: 4}}]\ntest_cases: [{{{A}}}, {{{B}}}]",
            [("pretest case 1", 0, ()), ("case 1", 1, ("pretest case 1",)), ("case 2", 1, ("pretest case 1",))],
        ),
        # Any failure ends the judging: each requires the one before, which requires those before it.
        (
            f"short_circuit: true\ntest_cases: [{{{A}}}, {{{B}}}, {{batched: [{{{A}}}], points: 5}}]",
            [("case 1", 1, ()), ("case 2", 1, ("case 1",)), ("batch 1", 5, ("case 2",))],
        ),
        (f"short_circuit: false\ntest_cases: [{{{A}}}, {{{B}}}]", [("case 1", 1, ()), ("case 2", 1, ())]),
        (f"test_cases: [{{{A}, points: 0}}]", []),
    ],
)
def test_points_depend_on_earlier_groups(dmoj, text, groups):
    problem = read_package(dmoj({"init.yml": text}))
    assert [(group.name, group.points, group.requires) for group in problem.groups] == groups


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        # Scores of programs that pass: both tests, only the first, only the second, none.
        (f"test_cases: [{{{A}, points: 0}}, {{{B}, points: 100}}]", (100, 0, 0, 0)),
        (f"test_cases: [{{{A}, points: 100}}, {{{B}, points: 0}}]", (100, 100, 0, 0)),
        (f"pretest_test_cases: [{{{A}}}]\ntest_cases: [{{{A}}}, {{{B}}}]", (2, 1, 0, 0)),
        (f"short_circuit: true\ntest_cases: [{{{A}}}, {{{B}}}]", (2, 1, 0, 0)),
        (f"test_cases: [{{{A}}}, {{{B}}}]", (2, 1, 1, 0)),
        (f"test_cases: [{{batched: [{{{A}}}]}}, {{batched: [{{{B}}}], dependencies: [1]}}]", (2, 1, 0, 0)),
    ],
)
def test_the_score_is_that_of_dmoj(dmoj, text, scores):
    problem = read_package(dmoj({"init.yml": text}))
    for passed, score in zip(({0, 1}, {0}, {1}, set()), scores, strict=True):
        places = {("private", place) for place in passed}
        assert sum(group.earned for group in group_scores(problem.groups, places)) == score


def test_a_file_beside_the_archive_is_taken_before_the_one_in_it(dmoj):
    text = "archive: a.zip\ntest_cases: [{in: 1.in, out: 9.out}]"
    problem = read_package(dmoj({"init.yml": text, "a.zip": packed({"1.in": "in it\n", "9.out": "9\n"})}))
    assert problem.private_tests == (Test("1 2\n", "9\n"),)


def test_files_and_points_are_inherited_from_batch_and_package(dmoj):
    text = "in: 1.in\ntest_cases:\n- {batched: [{}, {in: 2.in, binary_data: true}], out: 1.out}"
    problem = read_package(dmoj({"init.yml": text, "2.in": "4 5"}))
    assert problem.private_tests == (Test("1 2\n", "3\n"), Test("4 5", "3\n"))


@pytest.mark.parametrize(
    ("text", "checker"),
    [
        ("checker: identical", CheckerSpec("exact")),
        ("checker: {name: floats, args: {precision: 4}}",
         CheckerSpec("lines", ("ignore_spaces", "ignore_blank_lines", "float_tolerance", "1e-4"))),
        ("checker: {name: sorted, args: {split_on: whitespace}}", CheckerSpec("tokens", ("unordered",))),
        ("checker: {name: bridged, args: {files: check.cpp, type: testlib}}",
         CheckerSpec("testlib", (), "int main(){}", "cpp")),
    ],
)  # fmt: skip
def test_checkers(dmoj, text, checker):
    assert read_package(dmoj({"init.yml": CASES + text, "check.cpp": "int main(){}"})).checker == checker


def test_interactors(dmoj):
    text = "interactive: {files: [talk.py], type: testlib, flags: [-O2, -std=c++17], feedback: true}"
    problem = read_package(dmoj({"init.yml": CASES + text, "talk.py": "exit(0)"}))
    assert problem.interactor == InteractorSpec("exit(0)", "python", "testlib")


def test_a_header_beside_a_checker_is_put_in(dmoj):
    text = "checker: {name: bridged, args: {files: [check.cpp, own.h], lang: CPP17, type: testlib}}"
    files = {"check.cpp": '#include "own.h"\nint main() {}', "own.h": "// own"}
    assert read_package(dmoj({"init.yml": CASES + text, **files})).checker.source == "// own\nint main() {}"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"init.yml": ""}, "'test_cases'"),
        ({"init.yml": "- 1"}, "init.yml"),
        ({"init.yml": "test_cases: []"}, "'test_cases'"),
        ({"init.yml": "test_cases: {input_format: x}"}, "'test_cases'"),
        ({"init.yml": "test_cases: [3]"}, "'test_cases[0]'"),
        ({"init.yml": "test_cases: [{in: 3}]"}, "'test_cases[0].in'"),
        ({"init.yml": "test_cases: [{in: none, out: 1.out}]"}, "'test_cases[0].in'"),
        ({"init.yml": "test_cases: [{in: ../../etc/passwd, out: 1.out}]"}, "leaves it"),
        ({"init.yml": f"test_cases: [{{in: {'a/' * 5000}b, out: 1.out}}]"}, "a path of at most"),
        ({"init.yml": "test_cases: [{in: /etc/passwd, out: 1.out}]"}, "'test_cases[0].in'"),
        ({"init.yml": "test_cases: [{in: 1.in, out: 1.out, points: -1}]"}, "'test_cases[0].points'"),
        ({"init.yml": "test_cases: [{in: 1.in, out: 1.out, points: x}]"}, "'test_cases[0].points'"),
        ({"init.yml": "test_cases: [{in: 1.in, out: 1.out, generator_args: []}]"}, "generator_args"),
        ({"init.yml": "test_cases: [{in: 1.in, out: 1.out, checker: floats}]"}, "'test_cases[0].checker'"),
        ({"init.yml": "test_cases: [{batched: []}]"}, "'test_cases[0].batched'"),
        ({"init.yml": "test_cases: [{batched: 3}]"}, "'test_cases[0].batched'"),
        ({"init.yml": "test_cases: [{batched: [{batched: [{in: 1.in, out: 1.out}]}]}]"}, "batched[0].batched"),
        ({"init.yml": "test_cases: [{batched: [{in: 1.in}], dependencies: [1]}]"}, "'test_cases[0].dependencies[0]'"),
        ({"init.yml": "test_cases: [{batched: [{in: 1.in}], dependencies: 1}]"}, "'test_cases[0].dependencies'"),
        ({"init.yml": "test_cases: [{batched: [{in: 1.in}], generator: x}]"}, "'test_cases[0].generator'"),
        ({"init.yml": CASES + "generator: g.py"}, "'generator'"),
        ({"init.yml": CASES + "custom_judge: g.py"}, "'custom_judge'"),
        ({"init.yml": CASES + "signature_grader: {entry: a}"}, "'signature_grader'"),
        ({"init.yml": CASES + "file_io: {input: a}"}, "'file_io'"),
        ({"init.yml": CASES + "checker: strange"}, "'checker'"),
        ({"init.yml": CASES + "checker: own.py"}, "'checker'"),
        ({"init.yml": CASES + "checker: 3"}, "'checker'"),
        ({"init.yml": CASES + "checker: {name: floats, args: {precision: x}}"}, "'checker'"),
        ({"init.yml": CASES + "checker: {name: floats, args: 3}"}, "'checker.args'"),
        ({"init.yml": CASES + "checker: {name: bridged, args: {files: a.cpp, type: peg}}"}, "'checker.args.type'"),
        ({"init.yml": CASES + "checker: {name: bridged, args: {files: a.cpp, type: testlib}}"}, "'checker.args.files'"),
        ({"init.yml": CASES + "checker: {name: bridged, args: {files: 1.in, type: testlib}}"}, "1.in"),
        ({"init.yml": CASES + "interactive: {files: 1.in}"}, "'interactive.type'"),
        ({"init.yml": CASES + "interactive: {files: 1.in, type: testlib, flags: [-DX]}"}, "'interactive.flags[0]'"),
        ({"init.yml": CASES + "interactive: {files: 1.in, type: testlib}\nunbuffered: true"}, "'unbuffered'"),
        (
            {"init.yml": CASES + "checker: {name: bridged, args: {files: 1.in, type: testlib, args_format_string: x}}"},
            "'checker.args.args_format_string'",
        ),
        (
            {"init.yml": CASES + "checker: {name: bridged, args: {files: 1.in, type: testlib, partial: x}}"},
            "'checker.args.partial'",
        ),
        ({"init.yml": CASES + "symlinks: {a: b}"}, "'symlinks'"),
        ({"init.yml": CASES + "points+: 3"}, "'points+'"),
        ({"init.yml": CASES + "time_limit: 3"}, "'time_limit'"),
        ({"init.yml": CASES + "short_circuit: 3"}, "'short_circuit'"),
        ({"init.yml": CASES + "pretest_test_cases: 3"}, "'pretest_test_cases'"),
        ({"init.yml": CASES + "pretest_test_cases: []"}, "'pretest_test_cases'"),
        ({"init.yml": "pretest_test_cases: [{in: 1.in}]"}, "'test_cases'"),
        ({"init.yml": "test_cases: [{in: 1.in, out++: 'node = 3'}]"}, "'test_cases[0].out++'"),
        (
            {"init.yml": "test_cases: [{batched: [{in: 1.in, points: 1}, {in: 2.in, points: 2}]}]"},
            "'test_cases[0].batched[1].points'",
        ),
        ({"init.yml": "test_cases: [{batched: [{in: 1.in}], checker: floats}]"}, "'test_cases[0].checker'"),
        (
            {
                "init.yml": "pretest_test_cases: [{batched: [{in: 1.in}]}]\n"
                "test_cases: [{batched: [{in: 2.in}]}, {batched: [{in: 2.in}], dependencies: [1]}]"
            },
            "'test_cases[1].dependencies'",
        ),
        ({"init.yml": CASES + "binary_data: 3"}, "'binary_data'"),
        ({"init.yml": CASES + "archive: none.zip"}, "none.zip"),
        ({"init.yml": CASES + "archive: 1.in"}, "1.in"),
        ({"init.yml": CASES + "archive: ../a.zip"}, "a.zip"),
        ({"statement.md": None}, "statement.md"),
    ],
)
def test_malformed_packages(dmoj, changes, place):
    path = dmoj(changes)
    with pytest.raises(DataError) as raised:
        read_package(path)
    message = str(raised.value)
    assert str(path) in message
    assert place in message
    assert "expected" in message
    assert "\n" not in message


def archived(dmoj, content):
    return dmoj({"init.yml": "archive: a.zip\ntest_cases: [{in: x, out: x}]", "a.zip": content})


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\..\\x"])
def test_names_that_leave_the_archive(dmoj, name):
    with pytest.raises(DataError, match="within the archive"):
        read_package(archived(dmoj, packed({"x": "1", name: "2"})))


def test_a_file_that_many_cases_name_is_unpacked_once(dmoj, monkeypatch):
    unpacked = []
    content = archive_module.Archive.content
    monkeypatch.setattr(archive_module.Archive, "content", lambda *given: unpacked.append(given) or content(*given))
    cases = "archive: a.zip\ntest_cases:\n" + "- {in: x, out: y}\n" * 50
    problem = read_package(dmoj({"init.yml": cases, "a.zip": packed({"x": "1", "y": "2"})}))
    assert problem.private_tests == (Test("1\n", "2\n"),)
    assert len(unpacked) == 2


def test_archives_that_unpack_to_too_much(dmoj, monkeypatch):
    path = archived(dmoj, packed({"x": bytes(10_000_000)}))
    assert (path / "a.zip").stat().st_size < 20_000
    assert len(read_package(path).private_tests[0].input) == 10_000_001  # with the line break that DMOJ puts there
    monkeypatch.setattr(archive_module, "MAX_FILE_BYTES", 1_000_000)
    with pytest.raises(DataError, match="at most 1,000,000 bytes, got 10,000,000"):
        read_package(path)
    monkeypatch.setattr(archive_module, "MAX_PACKAGE_BYTES", 1_000_000)
    with pytest.raises(DataError, match="bytes unpacked"):
        read_package(path)


def test_an_archive_that_lies_about_sizes(dmoj):
    content = packed({"x": "0" * 100_000})
    size, small = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(DataError, match=r"a\.zip"):
        read_package(archived(dmoj, content.replace(size, small)))


def test_archives_that_are_damaged_or_packed_otherwise(dmoj):
    good = packed({"x": "0123456789" * 100}, zipfile.ZIP_STORED)
    for content in (b"", good[:-30], good.replace(b"0123", b"0124", 1), packed({"x": "1"}, zipfile.ZIP_BZIP2)):
        with pytest.raises(DataError, match=r"a\.zip"):
            read_package(archived(dmoj, content))
    encrypted = bytearray(packed({"x": "1"}))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match="password"):
        read_package(archived(dmoj, bytes(encrypted)))
