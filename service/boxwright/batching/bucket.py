"""What can run together, without much filling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.device.model import Model

FEW = 64
"""Proposals of an image: up to so many run together; more, with no more than twice as many."""


@dataclass(frozen=True)
class Bucket:
    """What can run together, without much filling."""

    model: Model
    sides: tuple[int, int]
    """Height and width of the canvas."""
    magnitude: int
    """Binary digits of the number of proposals, at least those of `FEW`; 0 where there are none."""

    @classmethod
    def of(
        cls, model: Model, pixels: NDArray[np.uint8], proposals: NDArray[np.float32] | None
    ) -> "Bucket":
        """Return where an image (h, w, 3) and its proposals (P, 4) belong."""
        magnitude = 0 if proposals is None else (max(FEW, len(proposals)) - 1).bit_length()
        return cls(
            model, model.tuning.canvas(model.bundle.card.input, *pixels.shape[:2]), magnitude
        )

    @property
    def in_chunks(self) -> bool:
        """Whether the proposals of one image take many runs."""
        return self.model.bundle.card.chunk is not None
