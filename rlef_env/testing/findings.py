"""What a conformance suite found, reported together: a person mends several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Findings"]


@dataclass
class Findings:
    """Collects what was not as expected.

    Attributes:
        subject: what is tested, such as ``"sandbox"``.
        found: a line for each finding.
        checked: number of checks.
    """

    subject: str
    found: list[str] = field(default_factory=list)
    checked: int = 0

    @contextmanager
    def check(self, name: str) -> Iterator[Callable[[bool, str], None]]:
        """Begin a check; the function that it yields records a finding if its first argument is False.

        An exception in the block is a finding, too.
        """
        self.checked += 1

        def expect(holds: bool, message: str) -> None:
            if not holds:
                self.found.append(f"{name}: {message}")

        try:
            yield expect
        except Exception as error:  # noqa: BLE001 - whatever the implementation raises is a finding
            self.found.append(f"{name}: expected no exception, got {type(error).__name__}: {error}")

    def report(self) -> None:
        """Raise an ``AssertionError`` that lists the findings, if there are any."""
        if self.found:
            lines = "\n".join(f"  - {line}" for line in self.found)
            raise AssertionError(f"{self.subject}: {len(self.found)} findings in {self.checked} checks\n{lines}")
