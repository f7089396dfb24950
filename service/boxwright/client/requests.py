"""Requests whose numbers and names fit the wire."""

from collections.abc import Iterator
from contextlib import contextmanager

from boxwright_contract.errors import BadInput


@contextmanager
def written() -> Iterator[None]:
    """Write a request inside; what the wire cannot carry becomes BadInput."""
    try:
        yield
    except (OverflowError, TypeError, ValueError) as error:
        raise BadInput(
            f"the request cannot be sent: {error}. Send sizes, cells and counts as whole numbers "
            "of 0 to 4294967295, channels and sides of layers up to 9223372036854775807, "
            "boxes as four numbers, and names as text."
        ) from error
