"""What suppression leaves of the boxes of one class."""

from typing import NamedTuple

from torch import Tensor


class Left(NamedTuple):
    """Boxes in any order."""

    boxes: Tensor
    """(R, 4)."""
    scores: Tensor
    """(R,)."""
    rows: Tensor
    """(R,) int64: which of the boxes that were given each is, or began with."""
