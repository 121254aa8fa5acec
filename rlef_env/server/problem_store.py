"""Problems that requests name: those of the server's data sets, and those that a request carries itself."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from rlef_env.errors import ProblemNotFound
from rlef_env.problems import Dataset, Problem, problem_from_row
from rlef_env.problems.parsing.fields import Field

__all__ = ["ProblemStore"]

MAX_CACHED: Final = 64  # problems
MAX_CACHED_BYTES: Final = 2**26  # size of the cached rows that came with requests


class ProblemStore:
    """Finds problems and caches them.

    The same problem is the same object for every request, because a judge's worker keeps what it has prepared for a
    problem object.

    Args:
        datasets: data sets by the names that clients use.
    """

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self.datasets = dict(datasets)
        self._cache: OrderedDict[object, tuple[Problem, int]] = OrderedDict()
        self._cached_bytes = 0
        self._lock = threading.Lock()

    def dataset(self, field: Field) -> Dataset:
        """Return the data set that a field names.

        Raises:
            ProblemNotFound: this server has no data set of that name.
        """
        name = field.text()
        if name not in self.datasets:
            raise ProblemNotFound(f"dataset: expected one of {', '.join(self.datasets)}, got {name!r:.100}")
        return self.datasets[name]

    def from_dataset(self, dataset: Field, problem_id: Field, time_limit: float | None = None) -> Problem:
        """Return a problem of a data set, with another time limit (seconds) if one is given.

        Raises:
            ProblemNotFound: there is no such problem or no such data set.
        """
        found = self.dataset(dataset)
        key = str(problem_id.integer()) if type(problem_id.value) is int else problem_id.text()
        return self._cached((found.name, key, time_limit), 0, lambda: _limited(found.get(key), time_limit))

    def from_row(self, row: Field, schema: str | None = None, time_limit: float | None = None) -> Problem:
        """Return the problem in a row that came with a request.

        Raises:
            DataError: the row has no known schema, or breaks the rules of its schema.
        """
        content = json.dumps(row.table(), sort_keys=True).encode()
        key = (hashlib.sha256(content).digest(), schema, time_limit)
        return self._cached(key, len(content), lambda: _limited(problem_from_row(row, schema=schema), time_limit))

    def _cached(self, key: object, size: int, make: Callable[[], Problem]) -> Problem:
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key][0]
        problem = make()
        with self._lock:
            if key not in self._cache:
                self._cache[key] = problem, size
                self._cached_bytes += size
            problem = self._cache[key][0]
            while len(self._cache) > MAX_CACHED or self._cached_bytes > MAX_CACHED_BYTES:
                _, (_, freed) = self._cache.popitem(last=False)
                self._cached_bytes -= freed
        return problem


def _limited(problem: Problem, time_limit: float | None) -> Problem:
    return problem if time_limit is None else replace(problem, time_limit=time_limit)
