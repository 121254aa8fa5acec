"""Whole numbers of which a dict takes CPython quadratic time to make, found by walking through its table."""

from __future__ import annotations

import random
from functools import lru_cache

__all__ = ["clashing"]


@lru_cache
def clashing(bits: int) -> tuple[int, ...]:
    """Keys that fill a dict of 2^bits slots; a quarter of them runs through slots that others have taken.

    Three quarters take the slots that a probe comes to, one after the other, once it has used up the bits of its hash.
    The others begin in these slots, and stay in them until then.
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
