"""Packages of version 2025-09: each part of the specification is read, or refused by name."""

from __future__ import annotations

import pytest

from rlef_env.errors import DataError
from rlef_env.judge.points import group_scores
from rlef_env.problems import CheckerSpec, InteractorSpec, Solution, Test
from rlef_env.problems.packages import read_package

VALIDATOR = "import sys\nsys.exit(42)\n"


def test_a_package_of_the_specification(kattis_2025):
    yaml = """
type: [pass-fail]
name: {en: Sum, pt-BR: Soma}
version: "1"
credits: {authors: [A B <a@b.example>], translators: {pt-BR: C}}
source: [{name: Club, url: https://club.example}, Other]
license: cc by-sa
embargo_until: 2030-01-01
limits:
  time_limit: 2
  time_resolution: 0.5
  time_multipliers: {ac_to_time_limit: 3, time_limit_to_tle: 2}
  memory: 512
  output: 8
  code: 64
  validation_time: 10
keywords: [sums, easy]
languages: all
"""
    changes = {
        "problem.yaml": "problem_format_version: 2025-09\nuuid: x" + yaml,
        "statement/problem.pt-BR.md": "Some.\n",
        "data/secret/deeper/3.in": "7 7\n",
        "data/secret/deeper/3.ans": "14\n",
        "data/secret/1.yaml": "description: small\nhint: try\nfull_feedback: true\n",
        "data/invalid_input/1.in": "x",
        "data/valid_output/1.in": "1 2",
        "data/valid_output/1.ans": "3",
        "data/valid_output/1.out": "3.0",
        "input_validators/v.ctd": "x",
        "submissions/accepted/a.py": "print(1)",
    }
    problem = read_package(kattis_2025(changes))
    assert problem.statement.startswith("# Sum\n\nAdd two numbers.\n")
    assert problem.public_tests == (Test("1 2\n", "3\n"),)
    assert problem.private_tests == (Test("2 3\n", "5\n"), Test("4 5\n", "9\n"), Test("7 7\n", "14\n"))
    assert (problem.time_limit, problem.memory_limit) == (2.0, 512 * 2**20)
    assert (problem.tags, problem.source) == (("sums", "easy"), "Club, Other")
    assert (problem.checker, problem.interactor, problem.groups) == (CheckerSpec("kattis"), None, ())
    assert problem.extra["time_multiplier"] == 3.0
    assert problem.extra["license"] == "cc by-sa"
    assert problem.extra["testdata"] == {"secret/1": {"description": "small", "hint": "try", "full_feedback": True}}


def test_optional_parts_of_a_package(kattis_2025):
    problem = read_package(kattis_2025({"data/sample/1.in": None, "data/sample/1.ans": None}))
    assert (problem.time_limit, problem.memory_limit, problem.public_tests) == (None, None, ())
    assert problem.extra["time_multiplier"] == 2.0
    assert read_package(kattis_2025({"data/secret/testdata.yaml": "# nothing"}, name="b")).private_tests


CASE = "output_validator_args: [case_sensitive]"
TESTS = [f"data/{test}.yaml" for test in ("sample/1", "secret/1", "secret/2")]


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"data/test_group.yaml": "output_validator_args: [float_tolerance, '1e-6']"}, ("float_tolerance", "1e-6")),
        ({f"data/{part}/test_group.yaml": CASE for part in ("sample", "secret")}, ("case_sensitive",)),
        (dict.fromkeys(TESTS, CASE), ("case_sensitive",)),
        ({"data/test_group.yaml": CASE, **dict.fromkeys(TESTS, "output_validator_args: []")}, ()),
    ],
)
def test_arguments_of_the_output_validator(kattis_2025, changes, flags):
    assert read_package(kattis_2025(changes)).checker == CheckerSpec("kattis", flags)
    changes = {**changes, "output_validator/v.py": VALIDATOR}
    assert read_package(kattis_2025(changes, name="own")).checker == CheckerSpec("kattis_program", flags, VALIDATOR)


@pytest.mark.parametrize("kind", ["interactive", "[interactive]", "[pass-fail, interactive]", "pass-fail interactive"])
def test_interactive_problems(kattis_2025, kind):
    changes = {"output_validator/v.py": VALIDATOR, "data/test_group.yaml": "output_validator_args: ['7']"}
    problem = read_package(kattis_2025(changes, yaml=f"type: {kind}"))
    assert problem.interactor == InteractorSpec(VALIDATOR, "python", "kattis", ("7",))


def test_constants_are_put_in(kattis_2025):
    yaml = "constants: {LIMIT: {value: 1000, tex: '1\\,000'}, TEXT: a b, HALF: 0.5}"
    changes = {
        "statement/problem.en.md": "{{LIMIT}} {{LIMIT.tex}} {{TEXT}} {{HALF}} {{other}} {{LIMIT.none}} {{ TEXT }}",
        "submissions/accepted/a.py": "print({{LIMIT.value}})",
        "output_validator/v.py": "LIMIT = {{LIMIT}}",
        "data/test_group.yaml": "output_validator_args: ['{{LIMIT}}']",
        "data/secret/1.in": "{{LIMIT}}",
    }
    problem = read_package(kattis_2025(changes, yaml=yaml))
    assert "1000 1\\,000 a b 0.5 {{other}} {{LIMIT.none}} {{ TEXT }}\n" in problem.statement
    assert problem.solutions == (Solution("print(1000)"),)
    assert problem.checker == CheckerSpec("kattis_program", ("1000",), "LIMIT = 1000")
    assert problem.private_tests[0].input == "{{LIMIT}}"
    changes = {"statement/problem.en.md": None, "statement/problem.en.tex": r"\constant{LIMIT} \constant{LIMIT.tex}"}
    assert read_package(kattis_2025(changes, yaml=yaml, name="b")).statement.startswith(r"1000 1\,000")


def test_samples_are_shown_as_the_files_beside_them_say(kattis_2025):
    changes = {
        "statement/problem.en.md": "First:\n{{nextsample}}\nThen:\n{{remainingsamples}}\nEnd.\n",
        "data/sample/2.in": "in",
        "data/sample/2.ans": "ans",
        "data/sample/2.in.statement": "shown in",
        "data/sample/2.out": "shown out",
        "data/sample/2.in.download": "no",
        "data/sample/2.png": "png",
        "data/sample/3.in": "three",
        "data/sample/3.ans": "ans",
        "data/sample/3.ans.statement": "other",
        "data/sample/4.interaction": "<1\n>2\n",
        "data/sample/4.in.download": "no",
        "data/sample/4.ans.download": "",
    }
    problem = read_package(kattis_2025(changes))
    first, _, rest = problem.statement.partition("Then:")
    assert "## Sample Input 1\n```\n1 2\n```" in first
    assert "## Sample Input 2" not in first
    assert "## Sample Input 2\n```\nshown in\n```\n\n## Sample Output 2\n```\nshown out\n```" in rest
    assert "## Sample Input 3\n```\nthree\n```\n\n## Sample Output 3\n```\nother\n```" in rest
    assert "## Sample Interaction 4\n```\n<1\n>2\n```" in rest
    assert problem.statement.endswith("End.\n")
    assert [test.input for test in problem.public_tests] == ["1 2\n", "in", "three"]


def test_submissions_by_their_folders(kattis_2025):
    changes = {
        **{f"submissions/accepted/a.{ending}": ending for ending in ("c", "cc", "go", "java", "js", "py", "rs")},
        **{f"submissions/{kind}/b.py": kind for kind in ("brute_force", "rejected", "run_time_error", "wrong_answer")},
        **{f"submissions/{kind}/b.py": kind for kind in ("time_limit_exceeded", "mixed")},
    }
    problem = read_package(kattis_2025(changes))
    assert [each.language for each in problem.solutions] == ["c", "cpp", "go", "java", "javascript", "python", "rust"]
    assert [(each.source, each.verdict) for each in problem.incorrect_solutions] == [
        ("brute_force", None),
        ("rejected", None),
        ("run_time_error", "runtime_error"),
        ("time_limit_exceeded", "time_limit"),
        ("wrong_answer", "wrong_answer"),
    ]
    assert [each["path"] for each in problem.extra["submissions"]["other"]] == ["submissions/mixed/b.py"]


@pytest.mark.parametrize(
    ("expectations", "label"),
    [
        ("mixed: {permitted: [AC]}", (True, None)),
        ("mixed/a.py: {permitted: [AC]}", (True, None)),
        ("'mixed/*': {permitted: [AC]}", (True, None)),
        ("'mixed/{a,b}.{py,cpp}': {permitted: [AC]}", (True, None)),
        ("'m*/*.p*': {permitted: [AC]}", (True, None)),
        ("'mixed/?.py': {permitted: [AC]}", None),  # only * means something
        ("'mixed/[a].py': {permitted: [AC]}", None),
        ("'*': {permitted: [AC]}", (True, None)),  # the folder is matched, and what is in it with it
        ("mixed/b.py: {permitted: [AC]}", None),
        ("mixed: {permitted: [AC, WA]}", None),
        ("mixed: {permitted: [AC, WA], required: [WA]}", (False, "wrong_answer")),
        ("mixed: {permitted: [AC, TLE], required: [TLE]}", (False, "time_limit")),
        ("mixed: {required: [TLE, RTE]}", (False, None)),
        ("mixed: {permitted: [WA]}", (False, "wrong_answer")),
        ("mixed: {permitted: [AC, WA]}\nmixed/a.py: {permitted: [AC, TLE]}", (True, None)),
        ("mixed: {sample: {permitted: [AC]}}", None),
        ("mixed: {secret/1: {permitted: [AC, RTE], required: [RTE]}}", (False, None)),
        ("mixed: {permitted: [AC, RTE], 'secret/*': {required: [RTE]}}", (False, "runtime_error")),
        ("mixed: {authors: [A], model_solution: true, message: x, score: 3, entrypoint: y}", None),
    ],
)
def test_submissions_by_submissions_yaml(kattis_2025, expectations, label):
    changes = {"submissions/submissions.yaml": expectations, "submissions/mixed/a.py": "pass"}
    problem = read_package(kattis_2025(changes))
    found = [(True, None) for _ in problem.solutions] + [(False, each.verdict) for each in problem.incorrect_solutions]
    assert found == ([] if label is None else [label])


def test_submissions_yaml_changes_what_folders_mean_and_names_languages(kattis_2025):
    changes = {
        "submissions/submissions.yaml": "time_limit_exceeded: {permitted: [AC, WA, TLE]}\n"
        "accepted/a.py: {language: python2}\naccepted/b.txt: {language: python3}",
        "submissions/time_limit_exceeded/a.py": "slow",
        "submissions/accepted/a.py": "a",
        "submissions/accepted/b.txt": "b",
    }
    problem = read_package(kattis_2025(changes))
    assert problem.solutions == (Solution("a", "python2"), Solution("b", "python"))
    assert problem.incorrect_solutions == (Solution("slow", "python", None),)


# --- points ----------------------------------------------------------------------------------------------------------

NO_SECRET = {f"data/secret/{name}": None for name in ("1.in", "1.ans", "2.in", "2.ans")}
GROUPS = {
    **NO_SECRET,
    **{f"data/secret/{group}/{test}.in": f"{group}{test}" for group in ("a", "b") for test in (1, 2)},
    **{f"data/secret/{group}/{test}.ans": "1" for group in ("a", "b") for test in (1, 2)},
    "data/secret/a/test_group.yaml": "max_score: 30",
    "data/secret/b/test_group.yaml": "max_score: 70",
}
EARN = {"sample": {"sample/1"}, "a": {"secret/a/1", "secret/a/2"}, "b": {"secret/b/1", "secret/b/2"}}


def score(problem, passed):
    """Return the points of a program that passes the tests with these names."""
    names = problem.extra["test_names"]
    places = {(role, place) for role in names for place, name in enumerate(names[role]) if name in passed}
    return sum(group.earned for group in group_scores(problem.groups, places))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Points for: all tests; group a alone; group b alone; both groups without the sample; one test of each group.
        ({}, (100, 30, 70, 100, 0)),
        ({"data/secret/b/test_group.yaml": "{max_score: 70, score_aggregation: sum}"}, (100, 30, 70, 100, 35)),
        ({"data/secret/b/test_group.yaml": "{max_score: 70, score_aggregation: min}"}, (100, 30, 70, 100, 0)),
        ({"data/secret/b/test_group.yaml": "{max_score: 70, require_pass: secret/a}"}, (100, 30, 0, 100, 0)),
        ({"data/secret/b/test_group.yaml": "{max_score: 70, require_pass: [sample, secret/a]}"}, (100, 30, 0, 30, 0)),
        ({"data/secret/test_group.yaml": "require_pass: sample"}, (100, 0, 0, 0, 0)),
        ({"data/secret/test_group.yaml": "score_aggregation: pass-fail"}, (100, 0, 0, 100, 0)),
        ({"data/secret/test_group.yaml": "{score_aggregation: pass-fail, max_score: 7}"}, (7, 0, 0, 7, 0)),
        ({"data/secret/test_group.yaml": "score_aggregation: min"}, (30, 0, 0, 30, 0)),
        ({"data/secret/test_group.yaml": "max_score: 200"}, (100, 30, 70, 100, 0)),
    ],
)
def test_points_of_groups(kattis_2025, changes, expected):
    problem = read_package(kattis_2025({**GROUPS, **changes}, yaml="type: scoring"))
    everything = {"sample/1", *EARN["a"], *EARN["b"]}
    of = (everything, EARN["a"], EARN["b"], EARN["a"] | EARN["b"], {"secret/a/1", "secret/b/1"})
    assert tuple(score(problem, passed) for passed in of) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", (100, 50)),
        ("max_score: 9", (9, 4.5)),
        ("score_aggregation: min", (100, 0)),
        ("score_aggregation: pass-fail", (100, 0)),
        ("require_pass: sample", (0, 0)),
    ],
)
def test_points_of_tests_without_groups(kattis_2025, settings, expected):
    problem = read_package(kattis_2025({"data/secret/test_group.yaml": settings}, yaml="type: scoring"))
    assert (score(problem, {"secret/1", "secret/2"}), score(problem, {"secret/1"})) == expected


def test_groups_of_a_problem_without_points(kattis_2025):
    settings = {f"data/secret/{group}/test_group.yaml": "" for group in ("a", "b")}
    problem = read_package(kattis_2025({**GROUPS, **settings}))
    assert (problem.groups, len(problem.private_tests)) == ((), 4)


SCORING = "type: scoring\n"
MALFORMED = [
    ("time_limit: 3", {}, "'time_limit'"),
    ("validation: custom", {}, "'validation'"),
    ("validator_flags: x", {}, "'validator_flags'"),
    ("grading: {objective: min}", {}, "'grading'"),
    ("type: multi-pass", {}, "'type'"),
    ("type: [submit-answer]", {}, "'type'"),
    ("type: []", {}, "'type'"),
    ("type: [pass-fail, scoring]", {}, "'type'"),
    ("type: interactive", {}, "output_validator: expected a program"),
    ("limits: {time_limt: 3}", {}, "'limits.time_limt'"),
    ("limits: {time_limit: 0}", {}, "'limits.time_limit'"),
    ("limits: {time_multipliers: {x: 3}}", {}, "'limits.time_multipliers.x'"),
    ("limits: {memory: 0}", {}, "'limits.memory'"),
    ("allow_file_writing: true", {}, "'allow_file_writing'"),
    ("constants: {a-b: 3}", {}, "'constants.a-b'"),
    ("constants: {a: [3]}", {}, "'constants.a.value'"),
    ("constants: {a: {tex: '3'}}", {}, "'constants.a.value'"),
    ("constants: 3", {}, "'constants'"),
    ("constants: {a: " + "x" * 4000 + "}", {"submissions/accepted/a.py": "{{a}}" * 2000}, "'constants'"),
    ("", {"problem.yaml": "problem_format_version: 2025-09"}, "'name'"),
    ("", {"statement/problem.en.md": None}, "statement"),
    ("", {"output_validators/v.py": VALIDATOR}, "rename it"),
    ("", {"output_validator/v.py": VALIDATOR, "output_validator/w.py": VALIDATOR}, "v.py, w.py"),
    ("", {"static_validator/v.py": VALIDATOR}, "static_validator"),
    ("", {"include/default/x": "x"}, "include"),
    ("", {"data/secret/testdata.yaml": "on_reject: break"}, "testdata.yaml"),
    ("", {"data/secret/test_group.yaml": "output_validator_flags: x"}, "'output_validator_flags'"),
    ("", {"data/secret/test_group.yaml": "output_validator_args: x"}, "'output_validator_args'"),
    ("", {"data/secret/test_group.yaml": "output_validator_args: [case_sensitive]"}, "'output_validator_args'"),
    ("", {"data/secret/2.yaml": "output_validator_args: [case_sensitive]"}, "2.yaml: field 'output_validator_args'"),
    ("", {"data/test_group.yaml": "output_validator_args: [nonsense]"}, "'output_validator_args'"),
    ("", {"data/secret/test_group.yaml": "args: ['3']"}, "'args'"),
    ("", {"data/secret/1.yaml": "args: ['3']"}, "'args'"),
    ("", {"data/secret/1.yaml": "hints: x"}, "'hints'"),
    ("", {"data/secret/1.files/a": "x"}, "1.files"),
    ("", {"data/secret/test_group.yaml": "static_validation_score: 3"}, "'static_validation_score'"),
    ("", {"data/secret/test_group.yaml": "max_score: 3"}, "'max_score'"),
    ("", {"data/sample/test_group.yaml": "require_pass: sample"}, "'require_pass'"),
    ("", {**GROUPS, "data/secret/a/test_group.yaml": "score_aggregation: sum"}, "'score_aggregation'"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": None}, "test_group.yaml in it"),
    (SCORING, {**GROUPS, "data/secret/3.in": "1", "data/secret/3.ans": "1"}, "groups or tests"),
    (SCORING, {**GROUPS, "data/secret/a/x/test_group.yaml": ""}, "no group within a group"),
    (SCORING, {**GROUPS, "data/secret/c/test_group.yaml": "max_score: 1"}, "with a test in it"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": ""}, "'max_score'"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": "max_score: unbounded"}, "'max_score'"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": "max_score: -1"}, "'max_score'"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": "max_score: 31"}, "'max_score'"),
    (SCORING, {**GROUPS, "data/secret/test_group.yaml": "max_score: unbounded"}, "'max_score'"),
    (SCORING, {**GROUPS, "data/secret/test_group.yaml": "score_aggregation: max"}, "'score_aggregation'"),
    (SCORING, {**GROUPS, "data/secret/a/test_group.yaml": "{max_score: 30, require_pass: secret/b}"}, "'require_pass'"),
    (SCORING, {**GROUPS, "data/secret/test_group.yaml": "require_pass: secret/a"}, "'require_pass'"),
    (SCORING, {**GROUPS, "data/secret/test_group.yaml": "score_aggregation: min",
               "data/secret/b/test_group.yaml": "{max_score: 70, score_aggregation: sum}"}, "'score_aggregation'"),
    (SCORING, {**GROUPS, "data/secret/test_group.yaml": "score_aggregation: pass-fail",
               "data/secret/b/test_group.yaml": "{max_score: 70, score_aggregation: sum}"}, "'score_aggregation'"),
    (SCORING, {"output_validator/v.py": "open(sys.argv[3] + 'score.txt', 'w')"}, "gives no scores"),
    ("", {"submissions/submissions.yaml": "accepted: 3"}, "'accepted'"),
    ("", {"submissions/submissions.yaml": "accepted: {permitted: [OK]}"}, "'accepted.permitted[0]'"),
    ("", {"submissions/submissions.yaml": "accepted: {permited: [AC]}"}, "'accepted.permited'"),
    ("", {"submissions/submissions.yaml": "accepted: {sample: {permited: [AC]}}"}, "'accepted.sample.permited'"),
    ("", {"submissions/submissions.yaml": "'a/{b.py': {}"}, "closed braces"),
    ("", {"submissions/submissions.yaml": f"? {'x' * 2000}\n: {{}}"}, "at most 1000 characters"),
    ("", {"submissions/submissions.yaml": "'" + "{a,b}" * 30 + "': {}"}, "patterns"),
]  # fmt: skip


@pytest.mark.parametrize(("yaml", "changes", "place"), MALFORMED)
def test_what_is_wrong_or_not_supported_is_one_line(kattis_2025, yaml, changes, place):
    path = kattis_2025(changes, yaml=yaml)
    with pytest.raises(DataError) as raised:
        read_package(path)
    message = str(raised.value)
    assert str(path) in message
    assert place in message
    assert "expected" in message
    assert "got" in message
    assert "\n" not in message
