"""Answers as tensors of one shape, for servers that batch by the first axis."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tests.bench.peers.handlers.detector import Found

ROWS = 100
"""Rows of each photo: the most detections of the model; those after `count` are filling."""

OUTPUTS: Mapping[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "boxes": (np.float32, (ROWS, 4)),
    "scores": (np.float32, (ROWS,)),
    "labels": (np.int32, (ROWS,)),
    "count": (np.int32, (1,)),
}
"""Type and shape of each, without the first axis."""


def tensors(answers: Sequence[Found]) -> dict[str, NDArray[np.generic]]:
    """Return the answers to N photos, each tensor with N as its first axis."""
    batch = {
        name: np.zeros((len(answers), *shape), kind) for name, (kind, shape) in OUTPUTS.items()
    }
    for row, found in enumerate(answers):
        rows = len(found.scores)
        batch["boxes"][row, :rows] = found.boxes
        batch["scores"][row, :rows] = found.scores
        batch["labels"][row, :rows] = found.labels
        batch["count"][row] = rows
    return batch
