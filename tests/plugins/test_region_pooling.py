"""Regions of feature maps, beside the papers' definitions written out in numpy."""

from collections.abc import Callable
from math import ceil, floor
from typing import Any, Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from boxwright_contract.parts import Level
from boxwright_plugins.nets.region_pooling import RegionPooling

Array = NDArray[np.float32]
LEVELS = (Level("P3", 4, 8), Level("P4", 4, 16), Level("P5", 4, 32))
CELLS = 7


def maps(seed: int = 0) -> dict[str, Tensor]:
    """Return levels over two canvases of 160 x 224 px."""
    generator = torch.Generator().manual_seed(seed)
    return {
        level.name: torch.randn(
            2, level.channels, 160 // level.stride, 224 // level.stride, generator=generator
        )
        for level in LEVELS
    }


def boxes_of(count: int, seed: int) -> Tensor:
    """Return boxes of all sizes, some of which leave the canvas."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * torch.tensor([220.0, 150])
    return torch.cat((corner, corner + torch.rand(count, 2, generator=generator) * 200), dim=1)


def pooling(kind: Literal["max", "align"], *levels: Level) -> RegionPooling:
    return RegionPooling(levels, kind, CELLS, canonical_side_px=60)


def rounded(x: float) -> int:
    """Return the nearest whole number, halves away from 0, as C does."""
    return floor(x + 0.5)


def greatest(level: Array, box: Array, stride: int) -> Array:
    """Return RoIPool of one region (Girshick 2015, section 2.1): whole cells, ends included."""
    _, height, width = level.shape
    x1, y1, x2, y2 = (rounded(float(side) / stride) for side in box)
    answer = np.zeros((len(level), CELLS, CELLS), np.float32)
    tall, wide = (np.float32(max(n, 1)) / np.float32(CELLS) for n in (y2 - y1 + 1, x2 - x1 + 1))
    for i, j in np.ndindex(CELLS, CELLS):
        rows = np.clip([y1 + floor(i * tall), y1 + ceil((i + 1) * tall)], 0, height)
        columns = np.clip([x1 + floor(j * wide), x1 + ceil((j + 1) * wide)], 0, width)
        here = level[:, rows[0] : rows[1], columns[0] : columns[1]]
        if here.size:
            answer[:, i, j] = here.max(axis=(1, 2))
    return answer


def average(level: Array, box: Array, stride: int) -> Array:
    """Return RoIAlign of one region (He et al. 2017, section 3), 2 x 2 samples in each cell."""
    x1, y1, x2, y2 = box / stride
    tall, wide = max(y2 - y1, 1) / CELLS, max(x2 - x1, 1) / CELLS
    answer = np.zeros((len(level), CELLS, CELLS), np.float32)
    for i, j in np.ndindex(CELLS, CELLS):
        for u, v in np.ndindex(2, 2):
            y, x = y1 + (i + (u + 0.5) / 2) * tall, x1 + (j + (v + 0.5) / 2) * wide
            answer[:, i, j] += between_cells(level, y, x) / 4
    return answer


def between_cells(level: Array, y: float, x: float) -> Array:
    """Return the bilinear value at a point; beyond one cell outside of the map there is nothing."""
    _, height, width = level.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(len(level), np.float32)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, along = y - top, x - left
    upper = level[:, top, left] * (1 - along) + level[:, top, right] * along
    lower = level[:, bottom, left] * (1 - along) + level[:, bottom, right] * along
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


KINDS: list[Any] = [
    pytest.param("max", greatest, 0.0, id="max"),
    pytest.param("align", average, 1e-5, id="align"),
]


@pytest.mark.parametrize(("kind", "reference", "tolerance"), KINDS)
def test_a_region_is_pooled_as_the_paper_says(
    kind: Literal["max", "align"], reference: Callable[..., Array], tolerance: float
) -> None:
    levels, boxes = maps(), [boxes_of(40, seed=1), boxes_of(30, seed=2)]
    boxes[0][:5] = boxes[0][:5, [0, 1, 0, 1]]  # of no size
    found = pooling(kind, LEVELS[1])(levels, boxes)
    expected = [
        reference(levels["P4"][image].numpy(), box.numpy(), 16)
        for image, here in enumerate(boxes)
        for box in here
    ]
    np.testing.assert_allclose(found.numpy(), np.stack(expected), rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", ["max", "align"])
def test_a_region_comes_from_the_level_that_suits_its_size(kind: Literal["max", "align"]) -> None:
    levels, boxes = maps(), [boxes_of(60, seed=3), boxes_of(20, seed=4)]
    found = pooling(kind, *LEVELS)(levels, boxes)
    every = torch.cat(boxes)
    area = (every[:, 2] - every[:, 0]) * (every[:, 3] - every[:, 1])
    own = (4 + (area.sqrt() / 60).log2()).floor().clamp(3, 5).to(torch.int64) - 3
    assert own.unique().tolist() == [0, 1, 2]
    for i, level in enumerate(LEVELS):
        alone = pooling(kind, level)(levels, boxes)
        assert torch.equal(found[own == i], alone[own == i])


@pytest.mark.parametrize("levels", [LEVELS, LEVELS[:1]])
@pytest.mark.parametrize("kind", ["max", "align"])
def test_images_without_regions_are_pooled_to_nothing(
    kind: Literal["max", "align"], levels: tuple[Level, ...]
) -> None:
    nothing = torch.zeros(0, 4)
    pool = pooling(kind, *levels)
    assert pool(maps(), [nothing, nothing]).shape == (0, 4, CELLS, CELLS)
    second = boxes_of(3, seed=5)
    only = pool(maps(), [nothing, second])
    assert torch.equal(only, pool({k: v[1:] for k, v in maps().items()}, [second]))
