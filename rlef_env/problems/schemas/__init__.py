"""Schemas of data sets: one module each, which knows the fields of its rows and nothing else.

How rows are stored (JSONL, a JSON array, Parquet, compressed or not) is the subject of ``file_formats``.
"""

from rlef_env.problems.schemas.alpha_codium import ALPHA_CODIUM
from rlef_env.problems.schemas.apps import APPS
from rlef_env.problems.schemas.code_contests import CODE_CONTESTS
from rlef_env.problems.schemas.code_contests_plus import CODE_CONTESTS_PLUS
from rlef_env.problems.schemas.common_oj import COMMON_OJ
from rlef_env.problems.schemas.deep_coder import DEEP_CODER
from rlef_env.problems.schemas.evalplus import HUMAN_EVAL_PLUS, MBPP_PLUS
from rlef_env.problems.schemas.human_eval import HUMAN_EVAL
from rlef_env.problems.schemas.live_code_bench import LIVE_CODE_BENCH
from rlef_env.problems.schemas.mbpp import MBPP, MBPP_SANITIZED
from rlef_env.problems.schemas.nemo_gym import NEMO_GYM
from rlef_env.problems.schemas.open_r1 import OPEN_R1
from rlef_env.problems.schemas.prime import PRIME
from rlef_env.problems.schemas.prime_intellect import PRIME_INTELLECT
from rlef_env.problems.schemas.schema import Schema
from rlef_env.problems.schemas.taco import TACO

__all__ = ["SCHEMAS", "Schema"]

SCHEMAS: tuple[Schema, ...] = (
    APPS,
    CODE_CONTESTS,
    CODE_CONTESTS_PLUS,
    ALPHA_CODIUM,
    COMMON_OJ,
    DEEP_CODER,
    HUMAN_EVAL,
    HUMAN_EVAL_PLUS,
    LIVE_CODE_BENCH,
    MBPP,
    MBPP_PLUS,
    MBPP_SANITIZED,
    NEMO_GYM,
    OPEN_R1,
    PRIME,
    PRIME_INTELLECT,
    TACO,
)
"""All schemas; a row's keys determine its schema."""
