"""What jobs cost: figures measured elsewhere, and assumptions that a reader replaces by their own."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

__all__ = ["USUAL_COSTS", "USUAL_MESSAGES", "Costs", "Messages", "lognormal"]


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of one response. Measured: ``sandbox``, ``owner``. Assumed: all others.

    Attributes:
        tests: tests that are run for a response, on average.
        sandbox: the sandbox's seconds of a core for a test.
        program: the program's own seconds of a core for a test, on average.
        sigma: spread of a response's time: the standard deviation of its logarithm.
        limit_share: share of the responses that compute until the time limit on one test.
        limit: the time limit, seconds.
        owner: seconds of the owner's thread for a response.
    """

    tests: float = 16.0
    sandbox: float = 0.0025
    program: float = 0.030
    sigma: float = 1.0
    limit_share: float = 0.02
    limit: float = 10.0
    owner: float = 0.00015

    @property
    def mean(self) -> float:
        """Mean seconds of a core for a response."""
        return self.tests * (self.sandbox + self.program) + self.limit_share * self.limit

    def draw(self, random: random.Random) -> float:
        """Return the seconds of a core that a response takes."""
        usual = self.tests * (self.sandbox + self.program)
        seconds = lognormal(random, usual, self.sigma)
        return seconds + self.limit if random.random() < self.limit_share else seconds


@dataclass(frozen=True, slots=True)
class Messages:
    """Bytes on the network: at the upper end of what is measured, but for ``problem``, which is assumed.

    Attributes:
        job: a job on its way to a worker, with its program.
        judgement: the answer.
        problem: a problem, which is sent to each machine once.
        uses: responses to a problem before it is used no more.
    """

    job: int = 1500
    judgement: int = 3000
    problem: int = 1_000_000
    uses: int = 50


USUAL_COSTS: Final = Costs()
USUAL_MESSAGES: Final = Messages()


def lognormal(random: random.Random, mean: float, sigma: float) -> float:
    """Return a number from a log-normal distribution with this mean."""
    return random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma) if sigma else mean
