"""Problem packages of Kattis and the ICPC: select the reader of the package's version."""

from __future__ import annotations

from typing import Final

from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.kattis.legacy import TIME_MULTIPLIER, read_legacy
from rlef_env.problems.packages.kattis.version_2025 import read_2025
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.problem import Problem

__all__ = ["VERSIONS", "read_kattis"]

VERSIONS: Final = (*TIME_MULTIPLIER, "2025-09-draft", "2025-09")


def read_kattis(folder: Folder, problem_id: str) -> Problem:
    """Return the problem in a package.

    Args:
        folder: the package.
        problem_id: the problem's id.

    Raises:
        DataError: an unknown version, or a part that violates the format or is not supported; the message names
            file and field.
    """
    root = read_yaml(folder, "problem.yaml")
    field = root.child("problem_format_version")
    version = field.value if field.present else "legacy"
    if version not in VERSIONS:
        raise field.error(f"one of {', '.join(VERSIONS)}", "other versions are not supported; leave such packages out")
    if version in TIME_MULTIPLIER:
        return read_legacy(folder, root, version, problem_id)
    return read_2025(folder, root, problem_id)
