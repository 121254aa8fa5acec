"""Kattis and ICPC packages: every part is read; invalid or unsupported parts are one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, InteractorSpec, Problem, Solution, Test
from rlef_env.problems.packages import is_package, iter_packages, package_paths, read_package

VALIDATOR = "import sys\nsys.exit(42)\n"
DRAFT = {
    "problem_statement/problem.en.tex": None,
    "statement/problem.en.md": "Add.\n",
    "problem.yaml": "problem_format_version: 2023-07-draft\nname: {en: Sum, sv: Summa}\nlimits: {time_limit: 1.5}\n",
}


def test_a_legacy_package(kattis):
    path = kattis(
        {
            "problem.yaml": "name: Sum\nsource: Club\nlicense: cc by\nkeywords: a b\nlimits: {memory: 256}\n",
            "submissions/accepted/a.py": "print(1)",
            "submissions/accepted/b.cc": "int main(){}",
            "submissions/wrong_answer/c.py": "#!/usr/bin/env python2\nprint 1",
            "submissions/time_limit_exceeded/d.java": "class D{}",
            "submissions/run_time_error/e/e.py": "1/0",
            "submissions/partially_accepted/f.py": "pass",
            "submissions/slow_accepted/g.py": "pass",
            "submissions/accepted/several/h.py": "pass",
            "submissions/accepted/several/i.py": "pass",
        }
    )
    problem = read_package(path)
    assert (problem.id, problem.source, problem.tags) == ("sum", "Club", ("a", "b"))
    assert problem.public_tests == (Test("1 2\n", "3\n"),)
    assert problem.private_tests == (Test("2 3\n", "5\n"), Test("4 5\n", "9\n"))
    assert (problem.time_limit, problem.memory_limit) == (None, 256 * 2**20)
    assert problem.checker == CheckerSpec("kattis")
    assert problem.solutions == (Solution("print(1)"), Solution("int main(){}", "cpp"))
    assert problem.incorrect_solutions == (
        Solution("pass"),
        Solution("1/0", verdict="runtime_error"),
        Solution("class D{}", "java", "time_limit"),
        Solution("#!/usr/bin/env python2\nprint 1", "python2", "wrong_answer"),
    )
    assert problem.groups == ()
    assert problem.extra["license"] == "cc by"
    assert problem.extra["time_multiplier"] == 5.0
    assert problem.extra["test_names"] == {"public": ["sample/1"], "private": ["secret/1", "secret/2"]}
    assert problem.extra["submissions"]["other"] == [
        {"path": "submissions/accepted/several", "reason": "it has 2 files of programs"},
        {
            "path": "submissions/slow_accepted/g.py",
            "reason": "the folder slow_accepted does not say whether it is correct",
            "language": "python",
            "source": "pass",
        },
    ]


def test_a_draft_package(kattis):
    problem = read_package(kattis(DRAFT))
    assert problem.time_limit == 1.5
    assert problem.statement.startswith("# Sum\n\nAdd.\n")
    assert "## Sample Input 1\n```\n1 2\n```" in problem.statement
    assert problem.extra["time_multiplier"] == 2.0
    assert problem.extra["name"] == {"en": "Sum", "sv": "Summa"}


@pytest.mark.parametrize(
    ("name", "text"), [(".timelimit", "3\n"), ("domjudge-problem.ini", "name='x'\ntimelimit='3'\ncolor=#ff0000\n")]
)
def test_a_time_limit_beside_the_package(kattis, name, text):
    assert read_package(kattis({name: text})).time_limit == 3.0


def test_the_time_multiplier_is_kept(kattis):
    assert read_package(kattis({"problem.yaml": "limits: {time_multiplier: 3}"})).extra["time_multiplier"] == 3.0


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"problem.sv.tex": "SV", "problem.en.tex": "EN", "problem.de.tex": "DE"}, "EN"),
        ({"problem.sv.tex": "SV", "problem.de.tex": "DE"}, "DE"),
        ({"problem.sv.tex": "SV", "problem.tex": "PLAIN"}, "PLAIN"),
        ({"problem.en.tex": "EN", "problem.en.md": "MD"}, "# Sum\n\nMD"),
        ({"problem.en.tex": r"\problemname{\problemyamlname}"}, r"\problemname{Sum}"),
        ({"problem.en.tex": "\\problemname{}\nx"}, r"\problemname{Sum}"),
        ({"problem.en.tex": "\\problemname\nx"}, r"\problemname{Sum}"),
        ({"problem.en.tex": r"\problemname{Other}"}, r"\problemname{Other}"),
        ({"problem.en-US.tex": "US", "problem.de.tex": "DE"}, "US"),
        ({"problem.en_GB.tex": "GB", "problem.EN.tex": "EN", "problem.de.tex": "DE"}, "EN"),
        ({"problem.en-US.tex": "US", "problem.en.tex": "EN", "problem.de.tex": "DE"}, "EN"),
        ({"problem.en-US.tex": "US", "problem.tex": "PLAIN"}, "PLAIN"),
        ({"problem.pt-BR.tex": "BR", "problem.pt.tex": "PT", "problem.eo.tex": "EO"}, "EO"),
    ],
)
def test_which_statement(kattis, files, start):
    changes = {f"problem_statement/{name}": text for name, text in files.items()}
    problem = read_package(kattis({"problem_statement/problem.en.tex": None, **changes}))
    assert problem.statement.startswith(start)


def test_samples_stand_below_the_statement_but_no_secret(kattis):
    problem = read_package(
        kattis({"data/secret/1.in": "SECRET\n", "data/sample/2.in": "x" * 5000, "data/sample/2.ans": ""})
    )
    assert "\\section*{Sample Output 1}\n\\begin{verbatim}\n3\n\\end{verbatim}" in problem.statement
    assert "SECRET" not in problem.statement
    assert "Sample Input 2" not in problem.statement


def test_tests_that_are_no_utf_8_survive(kattis):
    problem = read_package(kattis({"data/secret/1.in": b"\xff\x00\r\n"}))
    assert problem.private_tests[0].input.encode("utf-8", "surrogateescape") == b"\xff\x00\r\n"


def test_flags_of_the_default_validator(kattis):
    problem = read_package(kattis({"problem.yaml": "validator_flags: float_tolerance 1e-6 case_sensitive\n"}))
    assert problem.checker == CheckerSpec("kattis", ("float_tolerance", "1e-6", "case_sensitive"))
    problem = read_package(kattis({"data/testdata.yaml": "output_validator_flags: case_sensitive"}, name="b"))
    assert problem.checker == CheckerSpec("kattis", ("case_sensitive",))


def test_a_validator_of_its_own(kattis):
    custom = {"problem.yaml": "validation: custom\nvalidator_flags: a b\n"}
    problem = read_package(kattis({**custom, "output_validators/validate.py": VALIDATOR}))
    assert problem.checker == CheckerSpec("kattis_program", ("a", "b"), VALIDATOR, "python")
    problem = read_package(kattis({**custom, "output_validators/v/validate.py": VALIDATOR}, name="b"))
    assert problem.checker.source == VALIDATOR
    problem = read_package(kattis({**DRAFT, "output_validator/validate.py": VALIDATOR}, name="c"))
    assert problem.checker.name == "kattis_program"


def test_headers_are_put_in_their_place(kattis):
    problem = read_package(
        kattis(
            {
                "problem.yaml": "validation: custom",
                "output_validators/v/validate.h": "#pragma once\nint accept();\n",
                "output_validators/v/validate.cc": '#include "validate.h"\n#include "testlib.h"\nint main(){}',
            }
        )
    )
    assert problem.checker.language == "cpp"
    assert problem.checker.source == '\nint accept();\n\n#include "testlib.h"\nint main(){}'


DRAFT_VERSION = "problem_format_version: 2023-07-draft\n"


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ("validation: custom interactive\n", {}),
        (DRAFT_VERSION + "type: interactive\n", DRAFT),
        (DRAFT_VERSION + "type: [pass-fail, interactive]\n", DRAFT),
    ],
)
@pytest.mark.parametrize("flags", ["'7'", "['7']"])
def test_interactive_problems(kattis, settings, changes, flags):
    settings += f"validator_flags: {flags}"
    problem = read_package(kattis({**changes, "problem.yaml": settings, "output_validators/talk.py": VALIDATOR}))
    assert problem.interactor == InteractorSpec(VALIDATOR, "python", "kattis", ("7",))


def groups(problem: Problem):
    names = problem.extra["test_names"]
    return [
        (g.name, g.points, [names[role][index] for role, index in g.tests], g.aggregate, g.requires)
        for g in problem.groups
    ]


SCORING = {
    "problem.yaml": "type: scoring",
    "data/testdata.yaml": "on_reject: continue\ngrader_flags: ignore_sample",
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/2.in": None,
    "data/secret/2.ans": None,
    "data/secret/g1/a.in": "1",
    "data/secret/g1/a.ans": "1",
    "data/secret/g2/b.in": "2",
    "data/secret/g2/b.ans": "2",
    "data/secret/g2/c.in": "1",
    "data/secret/g2/c.ans": "1",
    "data/secret/g1/testdata.yaml": "accept_score: 30\ngrader_flags: min\non_reject: break",
    "data/secret/g2/testdata.yaml": "accept_score: 70\ngrader_flags: min",
}


def test_groups_share_equal_tests(kattis):
    problem = read_package(kattis(SCORING))
    assert len(problem.private_tests) == 2
    assert groups(problem) == [
        ("secret/g1", 30.0, ["secret/g1/a"], "min", ()),
        ("secret/g2", 70.0, ["secret/g2/b", "secret/g1/a"], "min", ()),
    ]
    assert problem.extra["testdata"]["secret/g1"]["accept_score"] == 30


def test_linked_tests_and_groups(kattis):
    path = kattis(SCORING)
    (path / "data/secret/g2/d.in").symlink_to("../g1/a.in")
    (path / "data/secret/g2/d.ans").symlink_to("../g1/a.ans")
    (path / "data/secret/g2/sub").symlink_to("../g1")
    problem = read_package(path)
    assert len(problem.private_tests) == 2
    assert groups(problem)[1][1:3] == (
        30.0,  # of the group in it
        ["secret/g2/b", "secret/g1/a", "secret/g1/a", "secret/g1/a"],
    )


def test_links_that_were_unpacked_as_files(kattis):
    path = kattis(
        {
            **SCORING,
            "data/secret/g2/d.in": "../g1/a.in",
            "data/secret/g2/d.ans": "../g1/a.ans",
            "data/secret/g2/e.in": "../../secret/g2/d.in",
            "data/secret/g2/e.ans": "../g1/e.ans\n",  # an answer like any other: a link's target has no line end
        }
    )
    problem = read_package(path)
    assert problem.private_tests == (Test("1", "1"), Test("2", "2"), Test("1", "../g1/e.ans\n"))
    assert groups(problem)[1][2] == ["secret/g2/b", "secret/g1/a", "secret/g1/a", "secret/g2/e"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data/secret/1.in": "../secret/none.in"}, "to nothing"),
        ({"data/secret/1.in": "../../../other/1.in"}, "leaves it"),
        ({"data/secret/1.in": "../secret/2.in", "data/secret/2.in": "../secret/1.in"}, "circle"),
        ({"data/secret/g": "../sample"}, "unpack the package"),
    ],
)
def test_links_unpacked_as_files_that_lead_nowhere(kattis, changes, words):
    with pytest.raises(DataError, match=words):
        read_package(kattis(changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # The format's defaults: each test earns 1, until the first that fails.
        (
            {"data/secret/g1/testdata.yaml": None, "data/secret/g2/testdata.yaml": None, "data/testdata.yaml": None},
            [
                ("sample", 1.0, ["sample/1"], "sum", ()),
                ("secret/g1", 1.0, ["secret/g1/a"], "sum", ("sample",)),
                ("secret/g2/[1]", 1.0, ["secret/g2/b"], "min", ("secret/g1",)),
                ("secret/g2/[2]", 1.0, ["secret/g1/a"], "min", ("secret/g2/[1]",)),
            ],
        ),
        (
            {"data/secret/g2/testdata.yaml": "on_reject: continue\naccept_score: 7"},
            [
                ("secret/g1", 30.0, ["secret/g1/a"], "min", ()),
                ("secret/g2", 14.0, ["secret/g2/b", "secret/g1/a"], "sum", ()),
            ],
        ),
        (
            {"data/secret/g2/testdata.yaml": "on_reject: continue\naccept_score: 7\ngrader_flags: avg"},
            [
                ("secret/g1", 30.0, ["secret/g1/a"], "min", ()),
                ("secret/g2", 7.0, ["secret/g2/b", "secret/g1/a"], "sum", ()),
            ],
        ),
        (
            {"data/secret/testdata.yaml": "grader_flags: min"},
            [("secret", 30.0, ["secret/g1/a", "secret/g2/b", "secret/g1/a"], "min", ())],
        ),
        (
            {"data/secret/testdata.yaml": "on_reject: break"},
            [
                ("secret/g1", 30.0, ["secret/g1/a"], "min", ()),
                ("secret/g2", 70.0, ["secret/g2/b", "secret/g1/a"], "min", ("secret/g1",)),
            ],
        ),
        (
            {"problem.yaml": "type: scoring\ngrading: {accept_score: 5}"},
            [
                ("secret/g1", 5.0, ["secret/g1/a"], "min", ()),
                ("secret/g2", 5.0, ["secret/g2/b", "secret/g1/a"], "min", ()),
            ],
        ),
        (
            {"data/testdata.yaml": "grader_flags: ignore_sample"},
            [
                ("sample", 0.0, ["sample/1"], "sum", ()),
                ("secret/g1", 30.0, ["secret/g1/a"], "min", ("sample",)),
                ("secret/g2", 70.0, ["secret/g2/b", "secret/g1/a"], "min", ("secret/g1",)),
            ],
        ),
    ],
)
def test_graders_flags(kattis, changes, expected):
    assert groups(read_package(kattis({**SCORING, **changes}))) == expected


BILLION = "\n".join(["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)])

MALFORMED = [
    ({"problem.yaml": BILLION}, "more than 1,000,000 values"),
    ({"problem.yaml": "- a"}, "problem.yaml"),
    ({"problem.yaml": "name: [1"}, "problem.yaml"),
    ({"problem.yaml": "a: 1\na: 2"}, "problem.yaml:2"),
    ({"problem.yaml": b"name: \xff"}, "problem.yaml"),
    ({"problem.yaml": "a: &x [*x]"}, "problem.yaml"),
    ({"problem.yaml": "a: !!python/name:os.system x"}, "problem.yaml:1"),
    ({"problem.yaml": "problem_format_version: 2027-01"}, "legacy, legacy-icpc, 2023-07-draft, 2023-07, 2025-09"),
    ({"problem.yaml": "problem_format_version: 2025"}, "'problem_format_version'"),
    ({"problem.yaml": "problem_format_version: [legacy]"}, "'problem_format_version'"),
    ({"problem.yaml": "name: 2048"}, "write it in quotes"),
    ({"problem.yaml": "name: {en: 2048}"}, "in double quotes"),
    ({"problem.yaml": "name: [a]"}, "'name'"),
    ({"include/python3/helper.py": "x = 1"}, "include: expected no such folder"),
    ({"data/secret/1.files/a.txt": "x"}, "data/secret/1.files"),
    ({"data/secret/1.args": "3"}, "data/secret/1.args"),
    ({"problem.yaml": "type: submit-answer"}, "'type'"),
    ({"problem.yaml": "type: 3"}, "'type'"),
    ({"problem.yaml": "validation: custom score"}, "'validation'"),
    ({"problem.yaml": "validation: strange"}, "'validation'"),
    ({"problem.yaml": "validation: custom"}, "output_validators"),
    ({"problem.yaml": "validation: custom", "output_validators/a.rs": "x"}, "output_validators/a.rs"),
    ({"problem.yaml": "validation: custom", "output_validators/a.py": "", "output_validators/b.py": ""}, "a.py, b.py"),
    ({"problem.yaml": "validation: custom", "output_validators/a/b.h": ""}, "output_validators/a"),
    ({"problem.yaml": "validator_flags: float_tolerance x"}, "'validator_flags'"),
    ({"problem.yaml": "validator_flags: nonsense"}, "'validator_flags'"),
    ({"problem.yaml": "limits: 3"}, "'limits'"),
    ({"problem.yaml": "limits: {memory: much}"}, "'limits.memory'"),
    ({"problem.yaml": "limits: {memory: 0}"}, "'limits.memory'"),
    ({"problem.yaml": "limits: {memory: true}"}, "'limits.memory'"),
    ({"problem.yaml": "limits: {time_limit: 0}"}, "'limits.time_limit'"),
    ({"problem.yaml": "limits: {time_limit: '1'}"}, "'limits.time_limit'"),
    ({"problem.yaml": "limits: {time_multiplier: -1}"}, "'limits.time_multiplier'"),
    ({"problem.yaml": "limits: {time_multipliers: 3}"}, "'limits.time_multipliers'"),
    ({"problem.yaml": "keywords: 3"}, "'keywords'"),
    ({"problem.yaml": "source: 3"}, "'source'"),
    ({"problem.yaml": "source: {url: x}"}, "'source.name'"),
    ({"problem.yaml": "name: 3", "problem_statement/problem.en.md": "x"}, "'name'"),
    ({"problem.yaml": "grading: {objective: min}"}, "'grading.objective'"),
    ({"problem.yaml": "grading: 3"}, "'grading'"),
    ({".timelimit": "soon"}, ".timelimit"),
    ({".timelimit": "0"}, ".timelimit"),
    ({"problem_statement/problem.en.tex": None}, "statement"),
    ({"problem_statement/problem.en.tex": None, "problem_statement/problem.en.pdf": "x"}, "problem.en.pdf"),
    ({"problem_statement/problem.en.tex": b"\xe5"}, "problem.en.tex"),
    ({"data/secret/1.ans": None}, "data/secret/1.in"),
    ({"data/secret/1.in": None}, "data/secret/1.ans"),
    ({"data/secret/testdata.yaml": "a: ["}, "data/secret/testdata.yaml"),
    ({"data/secret/testdata.yaml": "output_validator_flags: 3"}, "'output_validator_flags'"),
    ({"data/secret/testdata.yaml": "scoring: {score: 30, aggregation: min}"}, "'scoring'"),
    ({"data/secret/testdata.yaml": "output_validator_flag: x"}, "'output_validator_flag'"),
    ({"data/secret/testdata.yaml": "output_validator_flags: case_sensitive"}, "'output_validator_flags'"),
    ({"data/secret/test_group.yaml": "args: []"}, "test_group.yaml"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "grader_flags: max"}, "'grader_flags'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "grader_flags: strange"}, "'grader_flags'"),
    ({**SCORING, "data/secret/g2/testdata.yaml": "grader_flags: avg\non_reject: break"}, "'grader_flags'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "on_reject: sometimes"}, "'on_reject'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "accept_score: -1"}, "'accept_score'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "accept_score: x"}, "'accept_score'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "accept_score: true"}, "'accept_score'"),
    ({**SCORING, "data/secret/g1/testdata.yaml": "reject_score: 1"}, "'reject_score'"),
    ({**SCORING, "data/secret/testdata.yaml": "grading: custom"}, "'grading'"),
    (
        {
            **SCORING,
            "data/secret/testdata.yaml": "grader_flags: min",
            "data/secret/g2/testdata.yaml": "grader_flags: sum",
        },
        "'grader_flags'",
    ),
]


@pytest.mark.parametrize(("changes", "place"), MALFORMED)
def test_malformed_packages(kattis, changes, place):
    path = kattis(changes)
    with pytest.raises(DataError) as raised:
        read_package(path)
    message = str(raised.value)
    assert str(path) in message
    assert place in message
    assert "expected" in message
    assert "got" in message
    assert "\n" not in message


def test_a_package_without_secret_tests(kattis, tmp_path):
    none = {f"data/secret/{name}": None for name in ("1.in", "1.ans", "2.in", "2.ans")}
    with pytest.raises(DataError, match="data/secret: expected a folder of tests"):
        read_package(kattis(none))
    path = kattis({**none, "data/sample/1.in": None, "data/sample/1.ans": None, "data/secret/README": ""}, name="b")
    with pytest.raises(DataError, match=r"NAME\.in and NAME\.ans"):
        read_package(path)


def test_links_that_leave_or_repeat(kattis):
    path = kattis()
    (path / "data/secret/3.in").symlink_to("/etc/hostname")
    (path / "data/secret/3.ans").symlink_to("1.ans")
    with pytest.raises(DataError, match="absolute"):
        read_package(path)
    path = kattis(name="b")
    (path / "data/secret/again").symlink_to("..")
    with pytest.raises(DataError, match="a link to a folder above it"):
        read_package(path)
    path = kattis(name="c")
    (path / "submissions").mkdir()
    (path / "submissions/accepted").symlink_to("../..")
    with pytest.raises(DataError, match="leaves it"):
        read_package(path)


def test_links_that_multiply_are_stopped(kattis, monkeypatch):
    monkeypatch.setattr("rlef_env.problems.packages.kattis.data_tree.MAX_TESTS", 500)
    path = kattis()
    for level in range(12):
        (path / f"data/secret/x{level}").mkdir()
        for side in "ab":
            (path / f"data/secret/x{level}/{side}").symlink_to(f"../x{level + 1}")
    (path / "data/secret/x12").mkdir()
    (path / "data/secret/x12/1.in").write_text("1")
    (path / "data/secret/x12/1.ans").write_text("1")
    with pytest.raises(DataError, match="at most 500 tests"):
        read_package(path)


def test_empty_folders_that_links_multiply_are_stopped(kattis):
    path = kattis()
    for level in range(15):
        (path / f"data/secret/x{level}").mkdir()
        for side in "abc":
            (path / f"data/secret/x{level}/{side}").symlink_to(f"../x{level + 1}")
    (path / "data/secret/x15").mkdir()
    with pytest.raises(DataError, match="at most 2,000 folders"):
        read_package(path)


@pytest.mark.parametrize("last", ["", "x" * 10_000])
def test_headers_that_multiply_are_stopped(kattis, last):
    """A billion inclusions from three levels of a thousand each."""
    folder = "output_validators/v"
    files = {f"{folder}/{name}.h": f'#include "{name + 1}.h"\n' * 1000 for name in range(6)}
    files |= {"problem.yaml": "validation: custom", f"{folder}/v.cc": '#include "0.h"\n', f"{folder}/6.h": last}
    with pytest.raises(DataError, match="characters with its headers"):
        read_package(kattis(files))


def test_folders_of_packages(kattis, tmp_path: Path):
    kattis(name="round/b")
    kattis(name="round/a")
    kattis(name="c")
    kattis(name=".hidden")
    kattis(name="c/inner")
    (tmp_path / "loop").symlink_to(".")
    assert [key for _, key in package_paths(tmp_path)] == ["c", "round/a", "round/b"]
    assert [(key, problem.id) for _, key, problem in iter_packages(tmp_path)] == [
        (key, key) for key in ("c", "round/a", "round/b")
    ]
    assert [(key, problem.id) for _, key, problem in iter_packages(tmp_path / "c")] == [("c", "c")]
    assert is_package(tmp_path / "c")
    assert not is_package(tmp_path)
    for nothing in (tmp_path / "c/data", tmp_path / "missing"):
        with pytest.raises(DataError, match="expected a problem package"):
            list(package_paths(nothing))
    with pytest.raises(DataError, match="expected a problem package"):
        read_package(tmp_path)


@pytest.mark.shared
def test_real_packages(shared_data: Path):
    root = shared_data / "packages"
    problems = {key: read_package(where, key) for where, key in package_paths(root) if key != "different"}
    assert sorted(problems) == ["hello", "hundraelva", "oddecho", "pickleclicker", "virus3"]
    assert {key: [group.points for group in problem.groups] for key, problem in problems.items()} == {
        "hello": [],
        "hundraelva": [20.0, 40.0, 40.0],
        "oddecho": [50.0, 50.0],
        "pickleclicker": [20.0, 20.0, 20.0, 40.0],
        "virus3": [20.0, 20.0, 20.0, 40.0],
    }
    assert all(problem.solutions for problem in problems.values())
    assert {key: len(problem.private_tests) for key, problem in problems.items()} == {
        "hello": 1,
        "hundraelva": 23,
        "oddecho": 13,
        "pickleclicker": 27,
        "virus3": 43,
    }
    assert len(problems["virus3"].groups[0].tests) == 7
    assert problems["hello"].memory_limit == 512 * 2**20
    with pytest.raises(DataError, match="output_validators"):  # it was left out of the sample
        read_package(root / "different")
