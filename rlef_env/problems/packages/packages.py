"""Find packages in folders, and read the problem in one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError
from rlef_env.problems.packages.dmoj import read_dmoj
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.kattis import read_kattis
from rlef_env.problems.problem import Problem

__all__ = ["PACKAGE_FILES", "is_package", "iter_packages", "package_paths", "read_package"]

PACKAGE_FILES: Final[Mapping[str, Callable[[Folder, str], Problem]]] = {
    "problem.yaml": read_kattis,
    "init.yml": read_dmoj,
}
"""File that identifies a package -> the reader of its format."""
MAX_DEPTH = 8  # nested folders


def is_package(path: str | os.PathLike[str]) -> bool:
    """Return whether a folder is a problem package."""
    return any(Path(path, name).is_file() for name in PACKAGE_FILES)


def iter_packages(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, Problem]]:
    """Yield path, key and problem of each package in a folder, or of the folder if it is a package, one by one.

    Raises:
        DataError: there is no package, or one violates its format.
    """
    for where, key in package_paths(path):
        yield where, key, read_package(where, key)


def package_paths(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """Yield path and key of each package in a folder, or of the folder if it is a package. Nothing is read.

    The key, which becomes the problem's id, is the path below ``path`` with ``/``, or the folder's own name. Hidden
    folders are left out, links are not followed, and packages are not searched for packages.

    Raises:
        DataError: there is no package in the folder.
    """
    root = Path(path)
    if is_package(root):
        yield os.fspath(path), root.resolve().name
        return
    found = False
    for where, key in _below(root, "", 0):
        found = True
        yield where, key
    if not found:
        got = "none" if root.is_dir() else "no such folder"
        raise DataError(
            f"{os.fspath(path)}: expected a problem package, a folder with {' or '.join(PACKAGE_FILES)}, or a folder "
            f"of them, got {got}; check the path"
        )


def _below(root: Path, key: str, depth: int) -> Iterator[tuple[str, str]]:
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
            continue
        inner = f"{key}/{entry.name}" if key else entry.name
        if is_package(entry.path):
            yield entry.path, inner
        elif depth < MAX_DEPTH:
            yield from _below(Path(entry.path), inner, depth + 1)


def read_package(path: str | os.PathLike[str], key: str | None = None) -> Problem:
    """Return the problem in a package.

    Args:
        path: the package's folder.
        key: the problem's id; None for the folder's name.

    Raises:
        DataError: not a package, or it violates its format; the message names file and field.
    """
    folder = Folder(path)
    for name, read in PACKAGE_FILES.items():
        if folder.is_file(name):
            return read(folder, key or folder.root.name)
    raise folder.error(
        "", f"a problem package, with {' or '.join(PACKAGE_FILES)} in it", "neither", "name the folder of a package"
    )
