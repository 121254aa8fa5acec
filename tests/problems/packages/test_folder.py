"""Only files in a package's folder are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlef_env.errors import DataError
from rlef_env.problems.packages import folder as folder_module
from rlef_env.problems.packages.folder import Folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "package"
    (root / "data/g1").mkdir(parents=True)
    (root / "data/g2").mkdir()
    (root / "data/g1/1.in").write_text("inside")
    return root


def link(root: Path, name: str, target: str) -> None:
    (root / name).symlink_to(target)


def test_links_within_are_followed(root: Path) -> None:
    link(root, "data/g2/1.in", "../g1/1.in")
    link(root, "data/g3", "g1")
    link(root, "again", "data/g2/1.in")
    folder = Folder(root)
    assert [folder.content(path) for path in ("data/g2/1.in", "data/g3/1.in", "again")] == [b"inside"] * 3
    assert folder.resolve("data/g3/1.in") == folder.resolve("again") == "data/g1/1.in"
    assert folder.names("data") == ["g1", "g2", "g3"]
    assert folder.is_folder("data/g3")


def test_a_package_that_is_itself_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("package")
    assert Folder(tmp_path / "link").content("data/g1/1.in") == b"inside"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("../secret.txt", "leaves it"),
        ("data/../../secret.txt", "leaves it"),
        ("/etc/hostname", "an absolute one"),
        ("bad", "circle"),
        ("nowhere", "to nothing"),
        ("..", "leaves it"),
        ("data", "regular file"),
    ],
)
def test_other_links_are_refused(root: Path, target: str, words: str) -> None:
    link(root, "bad", target)
    with pytest.raises(DataError, match=words) as raised:
        Folder(root).content("bad")
    assert str(root / "bad") in str(raised.value)


def test_an_absolute_link_to_the_package_itself_is_refused(root: Path) -> None:
    link(root, "bad", str(root / "data/g1/1.in"))
    with pytest.raises(DataError, match="absolute"):
        Folder(root).content("bad")


def test_a_folder_behind_a_link_that_leaves_is_not_listed(root: Path) -> None:
    link(root, "out", "..")
    with pytest.raises(DataError, match="leaves it"):
        Folder(root).names("out")
    with pytest.raises(DataError, match="leaves it"):
        Folder(root).content("out/secret.txt")


def test_what_is_no_regular_file_is_refused_without_waiting(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(DataError, match="regular file"):
        Folder(root).content("pipe")
    with pytest.raises(DataError, match="regular file"):
        Folder(root).content("data")
    with pytest.raises(DataError, match="No such file"):
        Folder(root).content("missing")


def test_sizes_are_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(folder_module.MAX_FILE_BYTES + 1)
    with pytest.raises(DataError, match="at most 268,435,456 bytes, got 268,435,457"):
        Folder(root).content("large")
    monkeypatch.setattr(folder_module, "MAX_PACKAGE_BYTES", 10)
    (root / "other").write_text("inside")
    link(root, "same", "other")
    folder = Folder(root)
    assert folder.content("other") == folder.content("same")
    with pytest.raises(DataError, match="at most 4 bytes"):
        folder.content("data/g1/1.in")


def test_text_is_utf_8(root: Path) -> None:
    (root / "text").write_bytes(b"\xef\xbb\xbf\xc3\xa5")
    assert Folder(root).text("text") == "å"
    (root / "latin").write_bytes(b"\xe5")
    with pytest.raises(DataError, match="byte 0xe5 at position 0"):
        Folder(root).text("latin")
