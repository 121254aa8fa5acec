"""Which files a judged program may read: the standard library, shared objects, a few devices. Nothing else.

Never the site-packages of any Python (this package, with its stored answers, may lie there), whether they lie inside
the standard library's folder or beside shared objects.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

__all__ = ["reachable_paths"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
EXTRA_FILES = ("/etc/ld.so.cache",)
EXTRA_DIRECTORIES = ("/usr/share/zoneinfo", "/usr/lib/locale/C.utf8")
THIRD_PARTY = ("site-packages", "dist-packages")
TOP_LEVEL_LINKS = ("/bin", "/lib", "/lib32", "/lib64")
LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")  # where executables look for the loader


def reachable_paths(
    python_path: Iterable[str],
    shared_objects: Iterable[str],
    executables: Iterable[str] = (),
    packages: Iterable[str] = (),
) -> dict[str, Any]:
    """Work out what an interpreter needs, from what it says of itself.

    Args:
        python_path: its ``sys.path`` when started with ``-S -s``.
        shared_objects: the shared objects it has loaded.
        executables: files and folders that may also be read, and executed.
        packages: folders of installed packages that may also be read, though they lie among others that may not.

    Returns:
        ``directories`` and ``files`` to show in a private root, ``hidden`` directories in them to cover, ``links`` to
        make in the root, ``readable``: the same, entry by entry, for where there is no private root, ``executable``:
        likewise, and ``devices``.
    """
    entries = [os.path.realpath(entry) for entry in python_path if entry and os.path.exists(entry)]
    library = [entry for entry in entries if os.path.isdir(entry)]
    objects = {os.path.dirname(os.path.realpath(path)) for path in shared_objects if os.path.exists(path)}
    runnable = [os.path.realpath(path) for path in executables]
    if runnable:
        loaders = [path for path in LOADERS if os.path.exists(path)]
        runnable += [os.path.realpath(path) for path in loaders]
        objects |= {os.path.realpath(os.path.dirname(path)) for path in loaders}
    shown = _outermost([*library, *objects, *filter(os.path.isdir, [*EXTRA_DIRECTORIES, *runnable])])
    hidden = [path for folder in shown for path in _third_party(folder, library)]
    hidden += [path for folder in library for path in _third_party(folder, library)]
    allowed = [os.path.realpath(folder) for folder in packages if os.path.isdir(folder)]
    archives = [entry for entry in entries if os.path.isfile(entry)]
    files = [path for path in (*EXTRA_FILES, *archives, *DEVICES) if os.path.exists(path)]
    files += [path for path in runnable if os.path.isfile(path) and not any(_inside(path, folder) for folder in shown)]
    readable = [path for folder in shown if folder not in runnable for path in _entries(folder, library)]
    executable = [path for path in runnable if os.path.isfile(path)]
    executable += [path for folder in filter(os.path.isdir, runnable) for path in _visible(folder, library)]
    return {
        "directories": shown,
        "packages": allowed,
        "hidden": sorted(set(hidden)),
        "files": files,
        "links": [(link, os.readlink(link)) for link in TOP_LEVEL_LINKS if os.path.islink(link)],
        "readable": [*readable, *allowed, *(path for path in files if path not in DEVICES)],
        "executable": executable,
        "devices": [path for path in DEVICES if os.path.exists(path)],
    }


def _outermost(folders: list[str]) -> list[str]:
    return sorted({folder for folder in folders if not any(_inside(folder, other) for other in folders)})


def _inside(path: str, folder: str) -> bool:
    return path != folder and path.startswith(folder.rstrip("/") + "/")


def _third_party(folder: str, library: list[str]) -> list[str]:
    """Folders directly in this one that hold installed packages: site-packages, or another Python's library."""
    found = []
    for entry in os.scandir(folder):
        if entry.name not in THIRD_PARTY and not entry.name.startswith("python"):
            continue
        path = os.path.realpath(entry.path)
        foreign = path not in library and not any(_inside(place, path) for place in library)
        if entry.is_dir() and not entry.is_symlink() and (entry.name in THIRD_PARTY or foreign):
            found.append(entry.path)
    return found


def _visible(folder: str, library: list[str]) -> list[str]:
    """The folder where all of it may be seen, else what is in it but for installed packages."""
    refused = set(_third_party(folder, library))
    return [entry.path for entry in os.scandir(folder) if entry.path not in refused] if refused else [folder]


def _entries(folder: str, library: list[str]) -> list[str]:
    """The folder itself where everything in it may be read, else what may be, one by one."""
    refused = set(_third_party(folder, library))
    nested = [path for path in library if _inside(path, folder)]
    if folder not in library and not nested and not refused:
        return [folder]
    entries = [entry.path for entry in os.scandir(folder) if entry.path not in refused]
    entries = [path for path in entries if path not in nested and not any(_inside(inner, path) for inner in nested)]
    if folder not in library:
        entries = [path for path in entries if ".so" in os.path.basename(path) and os.path.isfile(path)]
    return sorted(entries) + [path for inner in nested for path in _entries(inner, library)]
