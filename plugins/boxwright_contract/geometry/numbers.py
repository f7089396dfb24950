"""Checks of the numbers of a layer, and their spread over the axes."""

from itertools import repeat

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Sides
from boxwright_contract.geometry.limits import LARGEST


def checked(value: int, what: str, least: int = 1) -> int:
    """Return `value` if it is in `least`..2**63 - 1.

    Raises:
        BadInput: It is not; the message names it `what`.
    """
    if least <= value <= LARGEST:
        return value
    told = f" is {value}, but" if abs(value) <= LARGEST else ""
    raise BadInput(f"{what}{told} must be {least} to {LARGEST}. Change it.")


def per_axis(value: Sides, axes: int, what: str, least: int = 1) -> tuple[int, ...]:
    """Return `value` for each of `axes` axes.

    Raises:
        BadInput: There are more or fewer numbers, or one is not in `least`..2**63 - 1.
    """
    if isinstance(value, int):
        return tuple(repeat(checked(value, what, least), axes))
    if len(value) != axes:
        raise BadInput(
            f"{what} has {len(value)} numbers for an input of {axes} axes. "
            f"Give one number, or {axes}."
        )
    return tuple(checked(number, what, least) for number in value)
