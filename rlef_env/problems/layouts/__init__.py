"""The layouts of data sets: one module each, which knows its fields and nothing else.

How rows are stored (JSONL, a JSON array, Parquet, compressed or not) is the business of the carriers, not of these.
"""

from rlef_env.problems.layouts.code_contests import CODE_CONTESTS
from rlef_env.problems.layouts.layout import Layout

__all__ = ["LAYOUTS", "Layout"]

LAYOUTS: tuple[Layout, ...] = (CODE_CONTESTS,)
"""All layouts; a row's keys tell which is its own."""
