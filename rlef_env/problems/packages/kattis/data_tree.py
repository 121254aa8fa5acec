"""Tests of a Kattis package: folders of ``.in`` and ``.ans`` files, and the settings that each folder inherits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from rlef_env.problems.packages.folder import Folder
from rlef_env.problems.packages.yaml_file import read_yaml
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Role, Test

__all__ = ["LATER", "LEGACY", "DataFolder", "DataFormat", "Tests", "read_data"]

MAX_TESTS = 20_000
MAX_FOLDERS = 2_000  # each link to a folder counts
MAX_DEPTH = 20  # nested folders

Place: TypeAlias = tuple[Role, int]


@dataclass(frozen=True, slots=True)
class DataFormat:
    """Configuration of folders of tests in a version of the format.

    Attributes:
        file: the name of the settings file in a folder.
        other: the name of the settings file in other versions, which is refused.
        inherited: the settings that folders below inherit.
        own: the settings that hold in their folder only.
        of_tests: the settings that ``NAME.yaml`` beside a test may have; None if the version has no such files.
        defaults: default values of settings.
    """

    file: str
    other: str
    inherited: tuple[str, ...]
    own: tuple[str, ...] = ()
    of_tests: tuple[str, ...] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)


LEGACY: Final = DataFormat(
    file="testdata.yaml",
    other="test_group.yaml",
    inherited=(
        *("on_reject", "grading", "grader_flags", "accept_score", "reject_score", "range", "output_validator_flags"),
        "input_validator_flags",
    ),
    defaults={"on_reject": "break", "grading": "default", "grader_flags": ""},
)
"""Format of the versions ``legacy`` and ``2023-07-draft``."""

ARGUMENTS: Final = (
    *("args", "input_validator_args", "output_validator_args", "input_visualizer_args", "output_visualizer_args"),
    "full_feedback",
)
LATER: Final = DataFormat(
    file="test_group.yaml",
    other="testdata.yaml",
    inherited=ARGUMENTS,
    own=("max_score", "score_aggregation", "static_validation_score", "static_validator_args", "require_pass"),
    of_tests=(*ARGUMENTS, "hint", "description"),
)
"""Format of the version ``2025-09``."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder under ``data``.

    Attributes:
        path: the path in the package, e.g. ``"data/secret/g1"``.
        settings: settings from its own file, then those of the folders above, then the format's defaults.
        items: the folders and tests in it, by name.
        has_settings: whether it has a settings file.
    """

    path: str
    settings: Field
    items: tuple[DataFolder | Place, ...]
    has_settings: bool = False

    @property
    def places(self) -> tuple[Place, ...]:
        """All tests in the folder and below, in order."""
        return tuple(
            place for item in self.items for place in (item.places if isinstance(item, DataFolder) else (item,))
        )

    def flags(self, name: str) -> tuple[str, ...]:
        """Return a setting that consists of words separated by blanks."""
        setting = self.settings.child(name)
        return tuple(setting.text().split()) if setting.present else ()

    def walk(self) -> Iterator[DataFolder]:
        """Yield this folder and all folders below."""
        yield self
        for item in self.items:
            if isinstance(item, DataFolder):
                yield from item.walk()


@dataclass
class Tests:
    """Tests by role, without duplicates in a role: a test that several groups share is stored once.

    Attributes:
        of: role -> tests.
        names: role -> the paths of its tests under ``data``, without the ending; the first path of a shared test.
        settings: path of a folder or a test under ``data`` -> its own settings file, unchanged.
        of_test: the settings that hold for each test, including its folder's, in the order of reading.
    """

    __test__ = False  # not a pytest class

    of: dict[Role, list[Test]] = field(default_factory=lambda: {"public": [], "private": []})
    names: dict[Role, list[str]] = field(default_factory=lambda: {"public": [], "private": []})
    settings: dict[str, Any] = field(default_factory=dict)
    of_test: list[Field] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    _places: dict[tuple[Role, Test], Place] = field(default_factory=dict)
    count: int = 0
    folders: int = 0

    def place(self, folder: Folder, role: Role, base: str) -> Place:
        """Return the place of the test in ``base.in`` and ``base.ans``."""
        self.count += 1
        if self.count > MAX_TESTS:
            raise folder.error("data", f"at most {MAX_TESTS:,} tests", "more", "check for links that repeat folders")
        test = Test(self._text(folder, f"{base}.in"), self._text(folder, f"{base}.ans"))
        if (role, test) not in self._places:
            folder.count_test(test)
            self._places[role, test] = (role, len(self.of[role]))
            self.of[role].append(test)
            self.names[role].append(base.removeprefix("data/"))
        return self._places[role, test]

    def _text(self, folder: Folder, path: str) -> str:
        place = folder.resolve(folder.followed(path))
        if place not in self._texts:
            self._texts[place] = folder.content(place).decode("utf-8", "surrogateescape")
        return self._texts[place]


def read_data(
    folder: Folder, data_format: DataFormat, forced: Mapping[str, Any], replaced: Callable[[str], str] | None = None
) -> tuple[DataFolder, Tests]:
    """Read the tests under ``data``: ``sample`` holds public ones, ``secret`` private ones, in order of their paths.

    Args:
        folder: the package.
        data_format: the format of its version.
        forced: settings that hold in every folder, whatever its settings file says.
        replaced: transforms the text of a settings file before it is parsed.

    Raises:
        DataError: a test has files or arguments beside its input, a file is missing, a link leads out of the
            package or forms a circle, or a setting is unknown.
    """
    if not folder.is_folder("data/secret"):
        raise folder.error("data/secret", "a folder of tests", "no such folder", "add it")
    tests = Tests()
    reader = _Reader(folder, data_format, forced, replaced, tests)
    root = reader.read("data", dict(data_format.defaults), ())
    if not tests.of["private"] and not tests.of["public"]:
        raise folder.error("data/secret", "tests as NAME.in and NAME.ans", "none", "add them")
    return root, tests


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads folders of tests into ``tests``."""

    folder: Folder
    format: DataFormat
    forced: Mapping[str, Any]
    replaced: Callable[[str], str] | None
    tests: Tests

    def read(self, path: str, inherited: Mapping[str, Any], above: tuple[str, ...]) -> DataFolder:
        """Read a folder under ``data``, and all folders below."""
        folder, tests = self.folder, self.tests
        resolved = folder.resolve(path)
        if resolved in above:
            raise folder.error(
                path, "a folder that does not contain itself", "a link to a folder above it", "remove the link"
            )
        if len(above) > MAX_DEPTH:
            raise folder.error(path, f"folders at most {MAX_DEPTH} deep", "a deeper one", "make it flatter")
        tests.folders += 1
        if tests.folders > MAX_FOLDERS:
            advice = "check for links that repeat folders"
            raise folder.error("data", f"at most {MAX_FOLDERS:,} folders", "more", advice)
        names = folder.names(path)
        if self.format.other in names and read_yaml(folder, f"{path}/{self.format.other}").table():
            expected = f"settings in {self.format.file}, as problem_format_version requires"
            advice = "correct the version, or the file"
            raise folder.error(f"{path}/{self.format.other}", expected, f"{self.format.other}", advice)
        settings = self._settings(path, inherited)
        passed_on = {key: value for key, value in settings.value.items() if key not in self.format.own}
        items: list[DataFolder | Place] = []
        for name in names:
            inner = f"{path}/{name}"
            if path == "data" and name not in ("sample", "secret"):
                continue
            of_test = name.endswith((".in", ".ans"))
            if folder.is_file(inner) and not of_test and folder.is_folder(folder.followed(inner)):
                advice = "unpack the package with its links"
                raise folder.error(inner, "a folder of tests", "a link to one, unpacked as a file", advice)
            if name.endswith(".files") and folder.is_folder(inner) and folder.is_file(f"{inner[:-6]}.in"):
                advice = "programs read no files here; leave such packages out"
                raise folder.error(inner, "tests on standard input only", "files beside it", advice)
            if folder.is_folder(inner):
                items.append(self.read(inner, passed_on, (*above, resolved)))
            elif path != "data" and of_test:
                base, _, ending = inner.rpartition(".")
                other = "ans" if ending == "in" else "in"
                if not folder.is_file(f"{base}.{other}"):
                    raise folder.error(inner, f"a file .{other} beside it", "none", "add it, or remove this one")
                if ending == "in":
                    items.append(self._test(base, path, settings))
        return DataFolder(path, settings, tuple(items), self.format.file in names)

    def _test(self, base: str, path: str, settings: Field) -> Place:
        folder = self.folder
        if folder.is_file(f"{base}.args") and folder.content(f"{base}.args").strip():
            advice = "programs get no arguments here; leave such packages out"
            raise folder.error(f"{base}.args", "tests on standard input only", "arguments", advice)
        place = f"{base}.yaml"
        if self.format.of_tests is not None and folder.is_file(place):
            own = self._read(place, self.format.of_tests)
            self.tests.settings[base.removeprefix("data/")] = own.plain()
            settings = Field({**settings.value, **own.value}, folder.where(place))
        self.tests.of_test.append(settings)
        return self.tests.place(folder, "public" if path.startswith("data/sample") else "private", base)

    def _settings(self, path: str, inherited: Mapping[str, Any]) -> Field:
        place, chosen = f"{path}/{self.format.file}", {}
        if self.folder.is_file(place):
            known = (*self.format.inherited, *self.format.own)
            found = self._read(place, known)
            self.tests.settings[path.removeprefix("data").removeprefix("/")] = found.plain()
            # An empty field counts as absent, because nearly every template has some.
            chosen = {key: value for key, value in found.table().items() if key in known and value is not None}
        return Field({**inherited, **chosen, **self.forced}, self.folder.where(place))

    def _read(self, place: str, known: tuple[str, ...]) -> Field:
        """Read a settings file. Unknown settings are refused, because they may change which outputs are correct."""
        found = read_yaml(self.folder, place, self.replaced)
        for key in found.table():
            if key not in known:
                raise found.child(key).error(f"one of {', '.join(known)}", "correct the name of the field")
        return found
