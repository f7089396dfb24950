"""Choosing a fixed number of rows from however many there are."""

import torch
from torch import Tensor
from torch.nn import functional

NOTHING = -torch.inf


def best(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the `count` greatest scores of each row and where they are, greatest first.

    Where there are too few, the scores that lack are NOTHING and point at 0.

    Args:
        scores: (N, S) for any S.
        count: How many to return.

    Returns:
        (N, count) scores and (N, count) int64 positions.
    """
    enough = functional.pad(scores, (0, count), value=NOTHING)
    values, positions = enough.topk(count, dim=1)
    return values, torch.where(values > NOTHING, positions, 0)


def rows_at(table: Tensor, positions: Tensor) -> Tensor:
    """Return the rows of each image's table at its positions.

    Args:
        table: (N, S, F).
        positions: (N, R) int64, below S.

    Returns:
        (N, R, F).
    """
    images, size, width = table.shape
    start = torch.arange(images)[:, None] * size
    flat = (positions + start).flatten()
    return table.reshape(-1, width).index_select(0, flat).reshape(images, -1, width)
