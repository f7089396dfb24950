"""A plugin with two proposal sources: one sound, whose work can be held up, and one that is not."""

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import ProposalSource

Shape = tuple[int, ...]

gate = threading.Event()
"""While it is not set, no proposals are made."""
gate.set()
asked: list[tuple[str, Shape]] = []
"""The thread and the shape of the image of every call."""


def quarters(image: NDArray[np.uint8], limit: int) -> NDArray[np.float32]:
    """Propose the four quarters of an image, then all of it."""
    asked.append((threading.current_thread().name, image.shape))
    gate.wait(20)
    height, width = image.shape[:2]
    x, y = width / 2, height / 2
    boxes = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    return np.array([*boxes, (0, 0, width, height)], np.float32)[:limit]


def wild(image: NDArray[np.uint8], limit: int) -> NDArray[np.float32]:
    """Propose what is no box."""
    return np.full((1, 4), np.nan, np.float32)


@hookimpl
def boxwright_proposals() -> Iterable[ProposalSource]:
    """Offer both."""
    return [
        ProposalSource(name="quarters", propose=quarters, source="nobody 2026"),
        ProposalSource(name="wild", propose=wild, source="nobody 2026"),
    ]
