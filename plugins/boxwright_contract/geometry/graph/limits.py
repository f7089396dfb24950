"""How much one analysis may take: a hostile graph is refused before it takes more."""

import math
from collections.abc import Sequence

from boxwright_contract.errors import BadInput

MOST_CELLS = 2**22
"""Along one axis of a tensor that positions of the image lie along."""
MOST_ELEMENTS = 2**24
"""In one array."""
MOST_WORK = 2**29
"""Elements of all arrays of one analysis together."""
MOST_NODES = 100_000
MOST_KNOWN = 2**20
"""Elements of a value that is computed; of a larger one only the shape is known."""


def check_elements(shape: Sequence[int]) -> None:
    """Raise BadInput if an array of that shape is too large to follow."""
    if math.prod(shape) > MOST_ELEMENTS:
        raise BadInput(
            f"what the elements see takes an array of {' x '.join(map(str, shape))}, over the "
            f"limit of {MOST_ELEMENTS} elements. Ask for tensors nearer to the image, or probe "
            "with smaller sides."
        )


def check_cells(count: int) -> None:
    """Raise BadInput if an axis is too long to follow."""
    if count > MOST_CELLS:
        raise BadInput(
            f"an axis of {count} cells is over the limit of {MOST_CELLS}. Probe with smaller sides."
        )
