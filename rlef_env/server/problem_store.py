"""Which problems a server knows: those of its data sets, and those that come with a request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from rlef_env.errors import ProblemNotFound
from rlef_env.problems import Dataset, Field, Problem, problem_of_row

__all__ = ["ProblemStore"]

MOST_KEPT: Final = 64
MOST_KEPT_BYTES: Final = 2**26  # of rows that came with requests


class ProblemStore:
    """Finds problems. The same problem asked for twice is one object, which the judge's workers know already.

    Args:
        datasets: by the names that clients use.
    """

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self.datasets = dict(datasets)
        self._kept: OrderedDict[object, tuple[Problem, int]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def dataset(self, field: Field) -> Dataset:
        """The data set that a field names.

        Raises:
            ProblemNotFound: this server has none of that name.
        """
        name = field.text()
        if name not in self.datasets:
            raise ProblemNotFound(f"dataset: expected one of {', '.join(self.datasets)}, got {name!r:.100}")
        return self.datasets[name]

    def named(self, dataset: Field, problem_id: Field, time_limit: float | None = None) -> Problem:
        """A problem of a data set; with another time limit, if one is given.

        Raises:
            ProblemNotFound: there is no such problem, or no such data set.
        """
        found = self.dataset(dataset)
        key = str(problem_id.integer()) if type(problem_id.value) is int else problem_id.text()
        return self._kept_as((found.name, key, time_limit), 0, lambda: _limited(found.get(key), time_limit))

    def given(self, row: Field, layout: str | None = None, time_limit: float | None = None) -> Problem:
        """The problem in a row that came with a request.

        Raises:
            DataError: it is of no layout, or not as its layout says.
        """
        content = json.dumps(row.table(), sort_keys=True).encode()
        key = (hashlib.sha256(content).digest(), layout, time_limit)
        return self._kept_as(key, len(content), lambda: _limited(problem_of_row(row, layout), time_limit))

    def _kept_as(self, key: object, size: int, make: Callable[[], Problem]) -> Problem:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        problem = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = problem, size
                self._kept_bytes += size
            problem = self._kept[key][0]
            while len(self._kept) > MOST_KEPT or self._kept_bytes > MOST_KEPT_BYTES:
                _, (_, freed) = self._kept.popitem(last=False)
                self._kept_bytes -= freed
        return problem


def _limited(problem: Problem, time_limit: float | None) -> Problem:
    return problem if time_limit is None else replace(problem, time_limit=time_limit)
