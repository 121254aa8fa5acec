"""A package's folder: files in it are read, and nothing outside of it, whatever its symbolic links say."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath

from rlef_env.errors import DataError
from rlef_env.problems.problem import Test

__all__ = ["LARGEST_FILE", "LARGEST_PACKAGE", "LARGEST_TEXT", "Folder"]

LARGEST_FILE = 2**28
"""Bytes of one test file (256 MiB)."""
LARGEST_PACKAGE = 2**31
"""Bytes of all files of one package together (2 GiB); a file that several links name counts once."""
LARGEST_TEXT = 2**22
"""Bytes of a file that is no test: a statement, a program, a YAML file (4 MiB)."""
DEEPEST = 100  # folders in a path
MOST_LINKS = 40  # that one path may lead over, as in the kernel
LONGEST_TARGET = 1000  # bytes
TARGET = re.compile(rb"(?:\.\./)+[A-Za-z0-9_+/-][A-Za-z0-9_.+/-]*")


class Folder:
    """Reads a folder's files by their paths in it, which are written with ``/``.

    Symbolic links are followed as long as they are relative and stay in the folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.realpath(root))
        self.shown = os.fspath(root)
        self._read: dict[str, bytes] = {}
        self._resolved: dict[str, str] = {"": ""}
        self._total = 0
        self.settings = self.tests = 0  # characters, as often as they were read or stand in a test

    def where(self, path: str) -> str:
        """What error messages call a file."""
        return f"{self.shown}/{path}" if path else self.shown

    def error(self, path: str, expected: str, got: str, advice: str) -> DataError:
        """The error to raise for a file that is not as ``expected``."""
        return DataError(f"{self.where(path)}: expected {expected}, got {got}; {advice}")

    def names(self, path: str = "") -> list[str]:
        """The names of what a folder holds, in order; none where there is no such folder. Hidden files are left out.

        Raises:
            DataError: a link leads out of the package, or the folder cannot be read.
        """
        if not self.is_folder(path):
            return []
        place = self.resolve(path)
        try:
            found = sorted(each.name for each in self.root.joinpath(place).iterdir())
        except OSError as error:
            raise self.error(path, "a folder that can be read", str(error), "check its permissions") from None
        if odd := [name for name in found if not name.isprintable()]:  # not UTF-8, too
            raise self.error(path, "file names that can be printed", repr(odd[0]), "rename the file")
        return [name for name in found if not name.startswith(".")]

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at this path."""
        return stat.S_ISDIR(self._mode(path))

    def is_file(self, path: str) -> bool:
        """Whether there is something other than a folder at this path."""
        mode = self._mode(path)
        return mode != 0 and not stat.S_ISDIR(mode)

    def content(self, path: str, limit: int = LARGEST_FILE) -> bytes:
        """What a file holds.

        Raises:
            DataError: it is no regular file, too large, or a link leads out of the package.
        """
        place = self.resolve(path)
        if place not in self._read:
            content = self._content(path, place, min(limit, LARGEST_PACKAGE - self._total))
            self._total += len(content)
            self._read[place] = content
        return self._read[place]

    def count_test(self, test: Test) -> None:
        """Count a test's texts, which links and settings may repeat: whoever uses it goes through each of them.

        Raises:
            DataError: those of all tests together are too large.
        """
        self.tests += len(test.input) + len(test.output)
        if self.tests > LARGEST_PACKAGE:
            expected = f"at most {LARGEST_PACKAGE:,} characters of tests, however often a file is named"
            raise self.error("", expected, "more", "leave large tests out, or split the package")

    def text(self, path: str) -> str:
        """What a file of UTF-8 text holds, without a byte order mark.

        Raises:
            DataError: as ``content``, or it is not UTF-8.
        """
        try:
            return self.content(path, LARGEST_TEXT).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            got = f"byte 0x{error.object[error.start]:02x} at position {error.start}"
            raise self.error(path, "UTF-8 text", got, "save the file as UTF-8") from None

    def followed(self, path: str) -> str:
        """The path, or what it leads to where it is a link that was unpacked as a file with the link's target in it.

        That is what git makes of links where a file system has none, and what archives of a repository may hold. Such a
        file is told by its name and content: ``2.in`` with ``../g1/1.in`` in it, and nothing else.

        Raises:
            DataError: such a link leads out of the package, to nothing, or in a circle.
        """
        for _ in range(MOST_LINKS):
            target = self._target(path)
            if target is None:
                return path
            advice = "unpack the package with its links, or put the file in its place"
            following = self.resolve(f"{path.rpartition('/')[0]}/{target}")
            if not self.is_file(following) and not self.is_folder(following):
                raise self.error(path, "a link to a file", f"one to nothing, {target!r}, unpacked as a file", advice)
            path = following
        raise self.error(path, "a link to a file", "links in a circle, unpacked as files", "check the package")

    def _target(self, path: str) -> str | None:
        """What a link that was unpacked as a file leads to; None for any other file."""
        if not self.is_file(path) or self.root.joinpath(self.resolve(path)).stat().st_size > LONGEST_TARGET:
            return None
        content = self.content(path)
        suffix = PurePosixPath(path).suffix.encode()
        if TARGET.fullmatch(content) and PurePosixPath(os.fsdecode(content)).suffix.encode() == suffix:
            return content.decode("ascii")
        return None

    def resolve(self, path: str) -> str:
        """The path without symbolic links; "" is the folder itself. What does not exist is returned as it is.

        Raises:
            DataError: a link is absolute, leads out of the package, to nothing, or in a circle.
        """
        if path not in self._resolved:
            if path.count("/") > DEEPEST:
                raise self.error(path[:100], f"a path of at most {DEEPEST} folders", "a longer one", "shorten it")
            self._resolved[path] = self._resolve(path)
        return self._resolved[path]

    def _resolve(self, path: str) -> str:
        advice = "make it a relative link to a file of the package, or put the file in its place"
        above, _, last = path.rpartition("/")
        done, rest, links = [part for part in self.resolve(above).split("/") if part], [last], 0
        linked, below = "", -1  # the last link's target, and how much of the path stands below that link
        while rest:
            part = rest.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    raise self.error(path, "a path in the package", f"one that leaves it by {linked or path!r}", advice)
                done.pop()
                continue
            place = self.root.joinpath(*done, part)
            try:
                is_link = stat.S_ISLNK(os.lstat(place).st_mode)
            except FileNotFoundError:
                if 0 <= below <= len(rest):
                    raise self.error(path, "a link to a file", f"one to nothing, {linked!r}", advice) from None
                is_link = False
            except (OSError, ValueError) as error:
                raise self.error(path, "a file that can be read", str(error), "check the package") from None
            if not is_link:
                done.append(part)
                continue
            links += 1
            linked = os.fspath(place.readlink())
            if links > MOST_LINKS:
                raise self.error(path, "a link to a file", "links in a circle", advice)
            if linked.startswith("/"):
                raise self.error(path, "a link within the package", f"an absolute one, {linked!r}", advice)
            below = len(rest)
            rest.extend(linked.split("/")[::-1])
        return "/".join(done)

    def _mode(self, path: str) -> int:
        try:
            return os.lstat(self.root / self.resolve(path)).st_mode
        except FileNotFoundError:
            return 0
        except NotADirectoryError:
            return 0
        except OSError as error:
            raise self.error(path, "a file that can be read", str(error), "check its permissions") from None

    def _content(self, path: str, place: str, limit: int) -> bytes:
        try:
            # Not blocking, as opening a FIFO waits for a writer; not following, as all links were resolved.
            file = os.open(self.root / place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            got = error.strerror or str(error)
            raise self.error(path, "a file that can be read", got, "check the package") from None
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            os.close(file)
            raise self.error(path, "a regular file", "a folder, a pipe or a device", "put a file in its place")
        with os.fdopen(file, "rb") as stream:
            content = stream.read(limit + 1) if facts.st_size <= limit else None
        if content is None or len(content) > limit:
            advice = "leave large tests out, or split the package"
            raise self.error(path, f"at most {limit:,} bytes", f"{facts.st_size:,}", advice)
        return content
