"""Receptive fields in their shortest form."""

from collections.abc import Sequence

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.hull import Interval
from boxwright_contract.geometry.limits import LARGEST


def field_of(period_px: int, seen: Sequence[Interval]) -> AxisField:
    """Return the field of cells that see `seen`, then the same again `period_px` further on.

    It has as few phases as tell the same. An interval that ends before it begins becomes an empty
    one at the place of its cell.

    Raises:
        BadInput: A number is over 2**63 - 1.
    """
    phases = len(seen)
    firsts, lasts = [], []
    for cell, (first, last) in enumerate(seen):
        place = cell * period_px // phases
        firsts.append(first if first <= last else place)
        lasts.append(last if first <= last else place - 1)
    if max(period_px, max(lasts), max(firsts), -min(firsts), -min(lasts)) > LARGEST:
        raise BadInput(f"the receptive field reaches over {LARGEST} px. Use smaller numbers.")
    for prime in _prime_factors(phases):
        while phases % prime == 0 and period_px % prime == 0:
            fewer, shorter = phases // prime, period_px // prime
            if not (_repeats(firsts, fewer, shorter) and _repeats(lasts, fewer, shorter)):
                break
            phases, period_px = fewer, shorter
            del firsts[phases:], lasts[phases:]
    return AxisField(period_px, tuple(firsts), tuple(lasts))


def _repeats(values: list[int], cells: int, period_px: int) -> bool:
    later = iter(values[cells:])
    return all(before + period_px == after for before, after in zip(values, later, strict=False))


def _prime_factors(number: int) -> list[int]:
    factors = []
    candidate = 2
    while candidate * candidate <= number:
        if number % candidate == 0:
            factors.append(candidate)
            while number % candidate == 0:
                number //= candidate
        candidate += 1
    return [*factors, number] if number > 1 else factors
