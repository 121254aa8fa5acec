"""Problems, their tests and checkers; and readers and writers for every data format."""

from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.problems.checker_spec import (
    CHECKER_FLAGS,
    CHECKERS,
    NO_FLAGS,
    CheckerFlags,
    CheckerInfo,
    parse_checker_flags,
)
from rlef_env.problems.dataset import BUILTINS, Dataset, load_dataset
from rlef_env.problems.graders import GRADERS, PLAIN_GRADER, Grader
from rlef_env.problems.hub import is_hub_name
from rlef_env.problems.metadata import ProblemMetadata
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.parsing.hashing import check_keys
from rlef_env.problems.parsing.json_text import parse_json
from rlef_env.problems.parsing.literals import CallText, NotPlain, format_call, format_value, parse_call, parse_value
from rlef_env.problems.problem import (
    ROLES,
    CheckerSpec,
    FunctionSpec,
    InteractorSpec,
    Problem,
    Role,
    Solution,
    Test,
    TestGroup,
)
from rlef_env.problems.quality_report import Quality, QualityReport, digest, read_reports, report_path, write_reports
from rlef_env.problems.reading import iter_jsonl, problem_from_row, read_jsonl
from rlef_env.problems.schemas import SCHEMAS, Schema
from rlef_env.problems.stock_checkers import TESTLIB_CHECKERS, dmoj_checker
from rlef_env.problems.writing import problem_to_row, write_jsonl

__all__ = [
    "BUILTINS",
    "CHECKERS",
    "CHECKER_FLAGS",
    "GRADERS",
    "NO_FLAGS",
    "PLAIN_GRADER",
    "ROLES",
    "SCHEMAS",
    "TESTLIB_CHECKERS",
    "CallText",
    "CheckerFlags",
    "CheckerInfo",
    "CheckerSpec",
    "Dataset",
    "Field",
    "FunctionSpec",
    "Grader",
    "InteractorSpec",
    "NotPlain",
    "Problem",
    "ProblemMetadata",
    "Quality",
    "QualityReport",
    "Role",
    "Schema",
    "Solution",
    "Test",
    "TestGroup",
    "check_keys",
    "digest",
    "dmoj_checker",
    "format_call",
    "format_value",
    "is_hub_name",
    "iter_jsonl",
    "load_dataset",
    "parse_call",
    "parse_checker_flags",
    "parse_json",
    "parse_row",
    "parse_value",
    "problem_from_row",
    "problem_to_row",
    "read_checkers",
    "read_jsonl",
    "read_reports",
    "report_path",
    "write_jsonl",
    "write_reports",
]
