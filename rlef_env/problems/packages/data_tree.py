"""The tests of a Kattis package: folders of ``.in`` and ``.ans`` files, and the settings that each folder inherits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from rlef_env.problems.json_rows import Field
from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.problem import Role, Test

__all__ = ["DataFolder", "Tests", "read_data"]

MOST_TESTS = 20_000
MOST_FOLDERS = 2_000  # links that repeat them counted each time
DEEPEST = 20  # folders within folders
SETTINGS: Final = (
    *("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range", "output_validator_flags"),
)
DEFAULTS: Final[Mapping[str, Any]] = {"on_reject": "break", "grading": "default", "grader_flags": ""}

Place: TypeAlias = tuple[Role, int]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder under ``data``.

    Attributes:
        path: in the package, e.g. ``"data/secret/g1"``.
        settings: from its ``testdata.yaml``, then those of the folders above, then the format's defaults.
        items: the folders and tests in it, by name.
    """

    path: str
    settings: Field
    items: tuple[DataFolder | Place, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """All tests in it and below, in order."""
        return tuple(
            place for item in self.items for place in (item.places if isinstance(item, DataFolder) else (item,))
        )

    def flags(self, name: str) -> tuple[str, ...]:
        """A setting that is words with blanks between them."""
        setting = self.settings.child(name)
        return tuple(setting.text().split()) if setting.present else ()

    def walk(self) -> Iterator[DataFolder]:
        """This folder and all below."""
        yield self
        for item in self.items:
            if isinstance(item, DataFolder):
                yield from item.walk()


@dataclass
class Tests:
    """The tests by role, each once in its role: what several groups share is one test.

    Attributes:
        of: role -> tests.
        names: role -> their paths under ``data``, without the ending; the first where there are several.
        settings: path of a folder under ``data`` -> its own ``testdata.yaml``, as it is.
    """

    __test__ = False  # not a pytest class

    of: dict[Role, list[Test]] = field(default_factory=lambda: {"public": [], "private": []})
    names: dict[Role, list[str]] = field(default_factory=lambda: {"public": [], "private": []})
    settings: dict[str, Any] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _places: dict[tuple[Role, Test], Place] = field(default_factory=dict)
    count: int = 0
    folders: int = 0

    def place(self, folder: Folder, role: Role, base: str) -> Place:
        """Where the test in ``base.in`` and ``base.ans`` stands."""
        self.count += 1
        if self.count > MOST_TESTS:
            raise folder.error("data", f"at most {MOST_TESTS:,} tests", "more", "check for links that repeat folders")
        test = Test(self._text(folder, f"{base}.in"), self._text(folder, f"{base}.ans"))
        if (role, test) not in self._places:
            self._places[role, test] = (role, len(self.of[role]))
            self.of[role].append(test)
            self.names[role].append(base.removeprefix("data/"))
        return self._places[role, test]

    def _text(self, folder: Folder, path: str) -> str:
        place = folder.resolve(folder.followed(path))
        if place not in self._texts:
            self._texts[place] = folder.content(place).decode("utf-8", "surrogateescape")
        return self._texts[place]


def read_data(folder: Folder, forced: Mapping[str, Any]) -> tuple[DataFolder, Tests]:
    """The tests under ``data``: those in ``sample`` are public, those in ``secret`` private, in order of their paths.

    Args:
        folder: the package.
        forced: settings that hold in every folder, whatever its ``testdata.yaml`` says.

    Raises:
        DataError: a file is missing, a link leads out of the package or in a circle, or a setting is of no known kind.
    """
    if not folder.is_folder("data/secret"):
        raise folder.error("data/secret", "a folder of tests", "no such folder", "add it")
    tests = Tests()
    root = _folder(folder, "data", tests, dict(DEFAULTS), forced, ())
    if not tests.of["private"] and not tests.of["public"]:
        raise folder.error("data/secret", "tests as NAME.in and NAME.ans", "none", "add them")
    return root, tests


def _folder(
    folder: Folder,
    path: str,
    tests: Tests,
    inherited: Mapping[str, Any],
    forced: Mapping[str, Any],
    above: tuple[str, ...],
) -> DataFolder:
    resolved = folder.resolve(path)
    if resolved in above:
        raise folder.error(path, "a folder of its own", "a link to a folder that it is in", "remove the link")
    if len(above) > DEEPEST:
        raise folder.error(path, f"folders at most {DEEPEST} deep", "a deeper one", "make it flatter")
    tests.folders += 1
    if tests.folders > MOST_FOLDERS:
        raise folder.error("data", f"at most {MOST_FOLDERS:,} folders", "more", "check for links that repeat folders")
    settings = _settings(folder, path, tests, inherited, forced)
    names = folder.names(path)
    if "test_group.yaml" in names:
        advice = "use testdata.yaml, as in versions legacy and 2023-07-draft"
        raise folder.error(f"{path}/test_group.yaml", "testdata.yaml", "settings of a later format", advice)
    items: list[DataFolder | Place] = []
    for name in names:
        inner = f"{path}/{name}"
        if path == "data" and name not in ("sample", "secret"):
            continue
        if folder.is_file(inner) and not name.endswith((".in", ".ans")) and folder.is_folder(folder.followed(inner)):
            advice = "unpack the package with its links"
            raise folder.error(inner, "a folder of tests", "a link to one, unpacked as a file", advice)
        if folder.is_folder(inner):
            items.append(_folder(folder, inner, tests, settings.value, forced, (*above, resolved)))
        elif path != "data" and name.endswith((".in", ".ans")):
            base, _, ending = inner.rpartition(".")
            other = "ans" if ending == "in" else "in"
            if not folder.is_file(f"{base}.{other}"):
                raise folder.error(inner, f"a file .{other} beside it", "none", "add it, or remove this one")
            if ending == "in":
                items.append(tests.place(folder, "public" if path.startswith("data/sample") else "private", base))
    return DataFolder(path, settings, tuple(items))


def _settings(
    folder: Folder, path: str, tests: Tests, inherited: Mapping[str, Any], forced: Mapping[str, Any]
) -> Field:
    place = f"{path}/testdata.yaml"
    own: dict[str, Any] = {}
    if folder.is_file(place):
        found = read_yaml(folder, place)
        own = found.table()
        tests.settings[path.removeprefix("data").removeprefix("/")] = found.plain()
    # An empty field is an absent one, as nearly every template has some.
    chosen = {key: own[key] for key in SETTINGS if own.get(key) is not None}
    return Field({**inherited, **chosen, **forced}, folder.where(place))
