"""Which proposals the images of a comparison come with: few, many, one, none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

MANY = (33, 1, 7, 101, 0, 13, 65, 3, 257, 21, 49)
FEW = (5, 1, 9, 0, 3, 4, 7)
"""For detectors that look at each proposal by itself, which takes long."""
KNOWN_SHARE = 0.5
"""Of the proposals of a photo, those that its source made; the others are made up."""


NONE = np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Regions:
    """How many proposals each image comes with, and what there is to choose from."""

    numbers: Sequence[int]
    """Taken in turn."""
    of_photos: Sequence[Boxes] = ()
    """What a source proposes for each photo, (P, 4) in shares of its sides, best first."""

    def of_image(self, turn: int, photo: int | None, height: int, width: int) -> Boxes:
        """Return proposals for the image of that `turn`, (P, 4) in its pixels.

        Args:
            turn: Counts the images of the comparison.
            photo: Which photo it shows. None: a made-up picture.
            height: Of the image, in pixels.
            width: Of the image, in pixels.
        """
        number = self.numbers[turn % len(self.numbers)]
        known = self.of_photos[photo] if self.of_photos and photo is not None else NONE
        rng = np.random.default_rng(turn)
        some = known[rng.permutation(len(known))[: round(number * KNOWN_SHARE)]]
        boxes = np.concatenate([some, made_up(number - len(some), rng)])
        return in_pixels(rng.permutation(boxes), height, width)


def made_up(number: int, rng: np.random.Generator) -> Boxes:
    """Return `number` boxes of many sizes and forms, (number, 4), in shares of an image's sides."""
    sides = np.exp(rng.uniform(np.log(0.02), 0, (number, 2)))
    corner = rng.uniform(0, 1, (number, 2)) * (1 - sides)
    return np.concatenate([corner, corner + sides], axis=1).astype(np.float32)


def in_pixels(shares: Boxes, height: int, width: int) -> Boxes:
    """Return boxes (P, 4), told in shares of an image's sides, in its pixels."""
    sides = np.array([width, height] * 2, np.float32)
    boxes: Boxes = (shares * sides).clip(0, sides)
    return boxes


def in_shares(boxes: Boxes, height: int, width: int) -> Boxes:
    """Return boxes (P, 4), told in pixels, in shares of the sides of their image."""
    sides = np.array([width, height] * 2, np.float32)
    return (boxes / sides).astype(np.float32)
