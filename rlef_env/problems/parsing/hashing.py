"""Check keys from outside the program: can a dict or set of them be built in time linear in their number?

The hashes of numbers, and so those of tuples of numbers, are public. An attacker can choose keys with the same hash, or
keys that each probe all slots that others occupy (the probe sequence of CPython's tables is public, too): a dict of a
million such keys takes an hour. Hashes of text and bytes are secret to this process and need no check.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["check_keys"]

MAX_EQUAL_HASHES: Final = 64
_FEW: Final = 1000  # keys; even the worst set of this size takes a few milliseconds
_MAX_PROBES: Final = 32  # per key, on average; ordinary keys take two
_LINEAR_PROBES: Final = 9  # in a set's table: the following slots that are probed before the next jump
_BITS: Final = 2**64 - 1
_SECRET: Final = frozenset((str, bytes, type(None), bool))


def check_keys(keys: Collection[object], of_set: bool = False) -> None:
    """Refuse keys, all different, if building a dict of them would take more than linear time.

    Args:
        keys: the keys, in order.
        of_set: whether they are the elements of a set, whose table differs from a dict's.

    Raises:
        ValueError: too many keys have the same hash, or their hashes collide too often.
        TypeError: a key has no hash.
    """
    if len(keys) <= MAX_EQUAL_HASHES or _SECRET.issuperset(map(type, keys)):
        return
    hashes = [hash(key) for key in keys]
    in_order = sorted(hashes)
    if any(first == last for first, last in zip(in_order, in_order[MAX_EQUAL_HASHES:], strict=False)):
        raise ValueError("too many keys with the same hash")
    if len(hashes) > _FEW:
        # A table grows as it fills. Its sizes depend on the version of the interpreter, so all sizes are checked.
        size = 8
        while size < 8 * len(hashes):
            _check_probes(hashes[: size * 2 // 3], size - 1, _LINEAR_PROBES if of_set else 0)
            size *= 2


def _check_probes(hashes: Iterable[int], mask: int, linear: int) -> None:
    """Fill a table as CPython does (Objects/dictobject.c, setobject.c), and count the probed slots."""
    taken = bytearray(mask + 1)
    left = _MAX_PROBES * mask
    for each in hashes:
        perturb = each & _BITS
        slot = perturb & mask
        while taken[slot]:
            left -= 1
            if left < 0:
                raise ValueError("too many keys whose hashes collide")
            free = taken.find(0, slot, slot + linear + 1) if slot + linear <= mask else -1
            if free >= 0:
                slot = free
                break
            perturb >>= 5
            slot = (slot * 5 + perturb + 1) & mask
        taken[slot] = 1
