"""Data sets by name: the embedded starter set, or a JSONL file of your own."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path

from rlef_env.errors import DataError, ProblemNotFound, UsageError
from rlef_env.problems.code_contests import read_jsonl
from rlef_env.problems.problem import Problem

__all__ = ["Dataset", "load_dataset"]

_SUPPORTED = "'starter' (the embedded set) or the path of a .jsonl file in the CodeContests layout"


@dataclass(frozen=True)
class Dataset:
    """Problems in a fixed order.

    ``len(dataset)``, ``dataset[0]`` and ``for problem in dataset`` work as for a tuple.

    Attributes:
        name: what it was loaded by.
        label: what reports call it, e.g. ``"Starter"``.
        problems: the problems; no two have one id.

    Raises:
        DataError: two problems have one id.
    """

    name: str
    label: str
    problems: tuple[Problem, ...]
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {problem.id: place for place, problem in enumerate(self.problems)})
        if len(self._places) < len(self.problems):
            twice = next(problem.id for place, problem in enumerate(self.problems) if self._places[problem.id] != place)
            raise DataError(f"data set {self.label!r}: expected ids of their own, got {twice!r} twice; rename one")

    def __deepcopy__(self, _: dict[int, object]) -> Dataset:
        """Itself, as nothing in it changes: Gymnasium copies the arguments of ``make``."""
        return self

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __getitem__(self, index: int) -> Problem:
        return self.problems[index]

    def get(self, problem_id: str) -> Problem:
        """The problem with this id.

        Raises:
            ProblemNotFound: there is none; the message names similar ids.
        """
        place = self._places.get(problem_id)
        if place is None:
            raise ProblemNotFound(
                f"expected the id of one of the {len(self)} problems of data set {self.label!r}, "
                f"got {problem_id!r}; {self._suggestion(problem_id)}"
            )
        return self.problems[place]

    def _suggestion(self, problem_id: str) -> str:
        if not self.problems:
            return "this data set is empty"
        similar = difflib.get_close_matches(str(problem_id), self._places, n=3, cutoff=0.5)
        if similar:
            return "similar: " + ", ".join(repr(problem) for problem in similar)
        return f"the first is {self.problems[0].id!r}"


def load_dataset(name_or_path: str | os.PathLike[str], split: str = "train") -> Dataset:
    """Load a data set.

    Args:
        name_or_path: ``"starter"``, or the path of a ``.jsonl`` file in the CodeContests layout.
        split: only ``"train"``: the starter set has one split, and a file is one.

    Raises:
        UsageError: a name or split that is not supported; the message says which are.
        DataError: the file cannot be read as problems; the message says where and why.
    """
    name = os.fspath(name_or_path)
    if name == "starter":
        if split != "train":
            raise UsageError(f"split of 'starter': expected 'train', its only one, got {split!r}; leave split out")
        return _starter()
    if not name.endswith(".jsonl"):
        raise UsageError(
            f"data set: expected {_SUPPORTED}, got {name!r}; to use the real CodeContests, pass the path of a JSONL "
            "export of it"
        )
    if split != "train":
        raise UsageError(
            f"split: expected 'train', got {split!r}; a file has no splits, so name the file of the split you want"
        )
    try:
        path = Path(name).expanduser()
    except RuntimeError as error:
        raise UsageError(f"data set: expected a path, got {name!r} ({error}); write the path in full") from None
    return Dataset(name=name, label=path.stem, problems=tuple(read_jsonl(path)))


@lru_cache(maxsize=1)
def _starter() -> Dataset:
    with resources.as_file(resources.files("rlef_env.problems") / "starter.jsonl") as path:
        return Dataset(name="starter", label="Starter", problems=tuple(read_jsonl(path)))
