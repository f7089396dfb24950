"""The levels of necks that make one on each of a backbone's."""

from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase

from boxwright_contract.parts import Level


def pyramid_levels(below: tuple[Level, ...], channels: int) -> tuple[Level, ...]:
    """Return a level with `channels` on each of `below`."""
    strides = [level.stride for level in below]
    named = zip(pyramid_names(strides), strides, strict=True)
    return tuple(Level(name, channels, stride) for name, stride in named)


def pyramid_names(strides: Sequence[int]) -> tuple[str, ...]:
    """Return a name for each level: P4 has a stride of 2 ** 4.

    Levels that share a stride are told apart by a letter: P5a, P5b.
    """
    powers = [stride.bit_length() - 1 for stride in strides]
    total, seen = Counter(powers), Counter[int]()
    names = []
    for power in powers:
        letter = ascii_lowercase[seen[power]] if total[power] > 1 else ""
        names.append(f"P{power}{letter}")
        seen[power] += 1
    return tuple(names)
