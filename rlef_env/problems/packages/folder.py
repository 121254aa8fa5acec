"""Read files in a package's folder, and nothing outside it, whatever its symbolic links point to."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath

from rlef_env.errors import DataError
from rlef_env.problems.problem import Test

__all__ = ["MAX_FILE_BYTES", "MAX_PACKAGE_BYTES", "MAX_TEXT_BYTES", "Folder"]

MAX_FILE_BYTES = 2**28
"""Maximum bytes of one test file (256 MiB)."""
MAX_PACKAGE_BYTES = 2**31
"""Maximum bytes of all files of one package (2 GiB); a file with several links counts once."""
MAX_TEXT_BYTES = 2**22
"""Maximum bytes of a file that is not a test: a statement, a program, a YAML file (4 MiB)."""
MAX_DEPTH = 100  # folders in a path
MAX_LINKS = 40  # in one path, as in the kernel
MAX_TARGET = 1000  # bytes
TARGET = re.compile(rb"(?:\.\./)+[A-Za-z0-9_+/-][A-Za-z0-9_.+/-]*")


class Folder:
    """Reads a folder's files by their paths in it, which are written with ``/``.

    Symbolic links are followed if they are relative and stay in the folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.realpath(root))
        self.shown = os.fspath(root)
        self._read: dict[str, bytes] = {}
        self._resolved: dict[str, str] = {"": ""}
        self._total = 0
        self.settings = self.tests = 0  # characters of settings read, and of tests, counted each time

    def where(self, path: str) -> str:
        """Return the name of a file in errors."""
        return f"{self.shown}/{path}" if path else self.shown

    def error(self, path: str, expected: str, got: str, advice: str) -> DataError:
        """Return the error to raise if a file is not as ``expected``."""
        return DataError(f"{self.where(path)}: expected {expected}, got {got}; {advice}")

    def names(self, path: str = "") -> list[str]:
        """Return the names in a folder without hidden files, in order; none if there is no such folder.

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
        if odd := [name for name in found if not name.isprintable()]:  # names that are not UTF-8 included
            raise self.error(path, "file names that can be printed", repr(odd[0]), "rename the file")
        return [name for name in found if not name.startswith(".")]

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder at this path."""
        return stat.S_ISDIR(self._mode(path))

    def is_file(self, path: str) -> bool:
        """Return whether there is something other than a folder at this path."""
        mode = self._mode(path)
        return mode != 0 and not stat.S_ISDIR(mode)

    def content(self, path: str, limit: int = MAX_FILE_BYTES) -> bytes:
        """Return the contents of a file.

        Raises:
            DataError: not a regular file, too large, or a link leads out of the package.
        """
        place = self.resolve(path)
        if place not in self._read:
            content = self._content(path, place, min(limit, MAX_PACKAGE_BYTES - self._total))
            self._total += len(content)
            self._read[place] = content
        return self._read[place]

    def count_test(self, test: Test) -> None:
        """Count a test's texts, which links and settings may repeat: users of the problem process each of them.

        Raises:
            DataError: the texts of all tests together are too large.
        """
        self.tests += len(test.input) + len(test.output)
        if self.tests > MAX_PACKAGE_BYTES:
            expected = f"at most {MAX_PACKAGE_BYTES:,} characters of tests, however often a file is named"
            raise self.error("", expected, "more", "leave large tests out, or split the package")

    def text(self, path: str) -> str:
        """Return the contents of a file of UTF-8 text, without a byte order mark.

        Raises:
            DataError: see ``content``, or the file is not UTF-8.
        """
        try:
            return self.content(path, MAX_TEXT_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            got = f"byte 0x{error.object[error.start]:02x} at position {error.start}"
            raise self.error(path, "UTF-8 text", got, "save the file as UTF-8") from None

    def followed(self, path: str) -> str:
        """Return the path, or the target if the path is a link that was unpacked as a file with its target in it.

        git makes such files of links if a file system does not support them, and archives of a repository may hold
        them. They are detected by name and content: ``2.in`` that contains ``../g1/1.in`` and nothing else.

        Raises:
            DataError: such a link leads out of the package, to nothing, or forms a circle.
        """
        for _ in range(MAX_LINKS):
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
        """Return the target of a link that was unpacked as a file; None for any other file."""
        if not self.is_file(path) or self.root.joinpath(self.resolve(path)).stat().st_size > MAX_TARGET:
            return None
        content = self.content(path)
        suffix = PurePosixPath(path).suffix.encode()
        if TARGET.fullmatch(content) and PurePosixPath(os.fsdecode(content)).suffix.encode() == suffix:
            return content.decode("ascii")
        return None

    def resolve(self, path: str) -> str:
        """Return the path without symbolic links ("" for the folder itself), unchanged if it does not exist.

        Raises:
            DataError: a link is absolute, leads out of the package, to nothing, or forms a circle.
        """
        if path not in self._resolved:
            if path.count("/") > MAX_DEPTH:
                raise self.error(path[:100], f"a path of at most {MAX_DEPTH} folders", "a longer one", "shorten it")
            self._resolved[path] = self._resolve(path)
        return self._resolved[path]

    def _resolve(self, path: str) -> str:
        advice = "make it a relative link to a file of the package, or put the file in its place"
        above, _, last = path.rpartition("/")
        done, rest, links = [part for part in self.resolve(above).split("/") if part], [last], 0
        linked, below = "", -1  # the last link's target, and the number of path parts below that link
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
            if links > MAX_LINKS:
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
            # Non-blocking, because opening a FIFO waits for a writer; not following links, because all were resolved.
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
