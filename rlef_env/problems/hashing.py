"""Keys that a stranger chose: whether a dict or a set of them can be made in time linear in their number.

The hashes of numbers, and so those of tuples of numbers, are known to all. Keys can be chosen with one hash, or so
that each runs through all slots that others have taken (the probe sequence of CPython's tables is known, too): a dict
of a million such keys takes an hour. Hashes of text and bytes are secret of this process, and need no look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["check_keys"]

MOST_EQUAL_HASHES: Final = 64
_FEW: Final = 1000  # keys; of so many, even the worst take a few milliseconds
_MOST_PROBES: Final = 32  # for each key, on average; honest ones take two
_LINEAR_PROBES: Final = 9  # of a set's table: the slots behind one that are looked at before the next jump
_BITS: Final = 2**64 - 1
_SECRET: Final = frozenset((str, bytes, type(None), bool))


def check_keys(keys: Collection[object], of_set: bool = False) -> None:
    """Refuse keys, all different, of which a dict would take more than linear time to make.

    Args:
        keys: in their order.
        of_set: they are the elements of a set, whose table is another one.

    Raises:
        ValueError: they have too many equal hashes, or their hashes run into each other.
        TypeError: one has no hash.
    """
    if len(keys) <= MOST_EQUAL_HASHES or _SECRET.issuperset(map(type, keys)):
        return
    hashes = [hash(key) for key in keys]
    in_order = sorted(hashes)
    if any(first == last for first, last in zip(in_order, in_order[MOST_EQUAL_HASHES:], strict=False)):
        raise ValueError("too many keys with the same hash")
    if len(hashes) > _FEW:
        # A table grows as it fills. Which sizes it takes depends on the interpreter's version: all of them are tried.
        size = 8
        while size < 8 * len(hashes):
            _check_probes(hashes[: size * 2 // 3], size - 1, _LINEAR_PROBES if of_set else 0)
            size *= 2


def _check_probes(hashes: Iterable[int], mask: int, linear: int) -> None:
    """Fill a table as CPython does (Objects/dictobject.c, setobject.c), and count the slots that are looked at."""
    taken = bytearray(mask + 1)
    left = _MOST_PROBES * mask
    for each in hashes:
        perturb = each & _BITS
        slot = perturb & mask
        while taken[slot]:
            left -= 1
            if left < 0:
                raise ValueError("too many keys whose hashes run into each other")
            free = taken.find(0, slot, slot + linear + 1) if slot + linear <= mask else -1
            if free >= 0:
                slot = free
                break
            perturb >>= 5
            slot = (slot * 5 + perturb + 1) & mask
        taken[slot] = 1
