"""Integers that make CPython build a dict in quadratic time, found by simulating the dict's probe sequence."""

from __future__ import annotations

import random
from functools import lru_cache

__all__ = ["clashing"]


@lru_cache
def clashing(bits: int) -> tuple[int, ...]:
    """Return keys that fill a dict of 2^bits slots; a quarter of them probe through slots that are taken.

    Three quarters of the keys take the slots that the probe sequence visits, one after the other, once the bits of its
    hash are used up. The other keys begin in these slots, and probe taken slots until then.
    """
    count, mask, slot = (2 << bits) // 3, (1 << bits) - 1, 1
    chain = []
    while len(chain) < count * 3 // 4:
        chain.append(slot)
        slot = (5 * slot + 1) & mask
    taken, walkers = set(chain), []
    for number in range(mask + 1, 16 * mask):
        perturb, at = number, number & mask
        while perturb and at in taken:
            perturb >>= 5
            at = (5 * at + perturb + 1) & mask
        if not perturb and at in taken:
            walkers.append(number)
    return (*chain, *random.Random(0).sample(walkers, min(len(walkers), count - len(chain))))
