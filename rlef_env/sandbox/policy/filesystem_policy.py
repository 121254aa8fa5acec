"""Which files a judged program may read: the standard library, shared objects, a few devices. Nothing else.

The site-packages of a Python are never readable, because this package with its stored answers may be installed there,
neither inside the standard library's folder nor beside shared objects.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rlef_env.sandbox.policy.shared_objects import needed_objects

__all__ = ["reachable_paths"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
EXTRA_FILES = ("/etc/ld.so.cache",)
EXTRA_DIRECTORIES = ("/usr/share/zoneinfo", "/usr/lib/locale/C.utf8")
THIRD_PARTY = ("site-packages", "dist-packages")
TOP_LEVEL_LINKS = ("/bin", "/lib", "/lib32", "/lib64")
UNSEEN = ("test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip")  # in the interpreter's library
ALWAYS = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6")
LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")  # the path in executables of their loader


def reachable_paths(
    python_path: Iterable[str],
    shared_objects: Iterable[str],
    executables: Iterable[str] = (),
    packages: Iterable[str] = (),
    whole: bool = False,
) -> dict[str, Any]:
    """Work out which paths an interpreter needs, from what it reports about itself.

    Args:
        python_path: its ``sys.path`` when started with ``-S -s``.
        shared_objects: the shared objects that it has loaded.
        executables: files and folders that may also be read, and executed.
        packages: folders of installed packages that may also be read, though others beside them may not.
        whole: show whole folders, also those of shared objects, as compilers need it. Otherwise the shared objects that
            are needed are worked out, and ``directories`` are to be shown file by file.

    Returns:
        For a private root: ``directories`` and ``files`` to show, ``packages`` to show, ``hidden`` directories in them
        to leave out, and ``links`` to make. For Landlock: ``readable`` paths, entry by entry so that they are right
        without a private root too, ``executable`` paths, and ``devices``.
    """
    entries = [os.path.realpath(entry) for entry in python_path if entry and os.path.exists(entry)]
    library = [entry for entry in entries if os.path.isdir(entry)]
    loaded = [os.path.realpath(path) for path in shared_objects if os.path.exists(path)]
    folders = {os.path.dirname(path) for path in loaded}
    runnable = [os.path.realpath(path) for path in executables]
    single: list[str] = []
    if runnable:
        loaders = [path for path in LOADERS if os.path.exists(path)]
        runnable += [os.path.realpath(path) for path in loaders]
        folders |= {os.path.realpath(os.path.dirname(path)) for path in loaders}
        folders |= {folder for path in loaders for folder in _beside(os.path.realpath(path))}
        single += [os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in loaders]
    if not whole:
        searched = (*sorted(folders), *{os.path.dirname(folder) for folder in library})
        single += sorted({*loaded, *_objects((*loaded, *library, *runnable), searched)})
        folders = set()
    extra = (*EXTRA_DIRECTORIES, *EXTRA_FILES) if entries or runnable else ()  # compiled programs share no file
    shown = _outermost([*library, *folders, *filter(os.path.isdir, [*extra, *runnable])])
    hidden = [path for folder in shown for path in _third_party(folder, library)]
    hidden += [path for folder in library for path in _third_party(folder, library)]
    hidden += [os.path.join(folder, name) for folder in library for name in UNSEEN]
    allowed = [os.path.realpath(folder) for folder in packages if os.path.isdir(folder)]
    archives = [entry for entry in entries if os.path.isfile(entry)]
    files = [path for path in (*filter(os.path.isfile, extra), *archives, *DEVICES) if os.path.exists(path)]
    single += filter(os.path.isfile, runnable)
    files += [path for path in dict.fromkeys(single) if not any(_inside(path, folder) for folder in shown)]
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


def _beside(loader: str) -> list[str]:
    """Return the folders of the system's shared objects, given the path of its loader."""
    folder = os.path.dirname(loader)
    return [folder, *(str(path) for path in Path(folder).glob("*-linux-gnu") if path.is_dir())]


@functools.cache
def _objects(roots: tuple[str, ...], folders: tuple[str, ...]) -> frozenset[str]:
    """Return the shared objects that these files and folders need, without what installed packages need."""
    files: list[str] = []
    for root in roots:
        if os.path.isfile(root):
            files.append(root)
            continue
        for folder, below, names in os.walk(root):
            below[:] = [name for name in below if name not in THIRD_PARTY + UNSEEN]
            files += [f"{folder}/{name}" for name in names if ".so" in name or folder.endswith("/bin")]
    chosen = [file for file in files if not os.path.basename(file).startswith("_tkinter")]
    return frozenset(needed_objects(chosen, folders, ALWAYS))


def _outermost(folders: list[str]) -> list[str]:
    return sorted({folder for folder in folders if not any(_inside(folder, other) for other in folders)})


def _inside(path: str, folder: str) -> bool:
    return path != folder and path.startswith(folder.rstrip("/") + "/")


def _third_party(folder: str, library: list[str]) -> list[str]:
    """Return the folders in this one that hold installed packages: site-packages, or another Python's library."""
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
    """Return [folder] if all of it may be seen, else its entries without installed packages."""
    refused = set(_third_party(folder, library))
    return [entry.path for entry in os.scandir(folder) if entry.path not in refused] if refused else [folder]


def _entries(folder: str, library: list[str]) -> list[str]:
    """Return [folder] if everything in it may be read, else the entries that may be read."""
    refused = {*_third_party(folder, library), *(os.path.join(folder, name) for name in UNSEEN if folder in library)}
    nested = [path for path in library if _inside(path, folder)]
    if folder not in library and not nested and not refused:
        return [folder]
    entries = [entry.path for entry in os.scandir(folder) if entry.path not in refused]
    entries = [path for path in entries if path not in nested and not any(_inside(inner, path) for inner in nested)]
    if folder not in library:
        entries = [path for path in entries if ".so" in os.path.basename(path) and os.path.isfile(path)]
    return sorted(entries) + [path for inner in nested for path in _entries(inner, library)]
