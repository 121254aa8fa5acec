"""Read the zip archive of a package: its directory is checked before anything is unpacked, in memory only."""

from __future__ import annotations

import io
import zipfile
import zlib

from rlef_env.errors import DataError
from rlef_env.problems.packages.folder import MAX_FILE_BYTES, MAX_PACKAGE_BYTES, Folder
from rlef_env.problems.parsing.unpacked import unpacked_bytes

__all__ = ["Archive"]

MAX_FILES = 100_000
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


class Archive:
    """Reads files of a zip archive by name.

    Args:
        folder: the package.
        path: the archive in it.

    Raises:
        DataError: not a zip archive, a duplicate name, a name that leads out of the archive, or too large when
            unpacked.
    """

    def __init__(self, folder: Folder, path: str) -> None:
        self._folder, self.path = folder, path
        try:
            packed = folder.content(path)
            self._zip = zipfile.ZipFile(io.BytesIO(packed))
            members = [member for member in self._zip.infolist() if not member.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, UnicodeDecodeError) as error:
            raise folder.error(path, "a zip archive", str(error), "pack it anew") from None
        if len(members) > MAX_FILES:
            raise folder.error(path, f"at most {MAX_FILES:,} files", f"{len(members):,}", "split the package")
        total = sum(member.file_size for member in members)
        most = min(unpacked_bytes(len(packed)), MAX_PACKAGE_BYTES)
        if total > most:
            raise folder.error(path, f"at most {most:,} bytes unpacked", f"{total:,}", "split the package")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise folder.error(path, "names of files within the archive", repr(name[:100]), "pack it anew")
            if name in self._members:
                raise folder.error(path, "each name once", f"{name[:100]!r} twice", "pack it anew")
            self._members[name] = member

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def content(self, name: str) -> bytes:
        """Return the contents of a file in the archive.

        Raises:
            DataError: the file is encrypted, too large, larger than the archive states, or damaged.
        """
        member = self._members[name]
        if member.flag_bits & 1:
            raise self._error(name, "a file without a password", "an encrypted one")
        if member.compress_type not in (STORED, DEFLATED):
            raise self._error(name, "stored or deflated", f"compression {member.compress_type}")
        if member.file_size > MAX_FILE_BYTES:
            raise self._error(name, f"at most {MAX_FILE_BYTES:,} bytes", f"{member.file_size:,}")
        try:
            with self._zip.open(member) as stream:
                content = stream.read(member.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError, EOFError) as error:
            raise self._error(name, "a file that can be unpacked", str(error)) from None
        if len(content) != member.file_size:
            raise self._error(name, f"{member.file_size:,} bytes, as its directory states", f"{len(content):,}")
        return content

    def _error(self, name: str, expected: str, got: str) -> DataError:
        return self._folder.error(f"{self.path}: {name[:100]!r}", expected, got, "pack the archive anew")
