"""Regions pooled from the level that suits their size.

Source: Lin et al. 2017 (arXiv:1612.03144), equation 1; He et al. 2017 (arXiv:1703.06870), section
3 on RoIAlign; torchvision's MultiScaleRoIAlign, whose answers these are.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from boxwright_plugins.graph.operators import between, roi_align

Operator = Callable[[Tensor, Tensor, Tensor, int, float], Tensor]
"""(features, boxes, image, cells, scale) -> regions, as `boxwright_plugins.graph.operators`."""


class Pooling(nn.Module):
    """Regions as grids of cells, each from its own level only."""

    def __init__(
        self, strides: Sequence[int], mapper: LevelMapper, cells: int, pool: Operator
    ) -> None:
        """Pool from levels of these strides, finest first. Of several, they are powers of 2."""
        super().__init__()
        self.cells = cells
        self.pool = pool
        doublings = (strides[-1] // strides[0]).bit_length()
        self.least_areas = [least_area(mapper, i) for i in range(1, doublings)]
        reachable = len(self.least_areas) + 1  # of levels with the same stride only one
        self.scales = [1 / stride for stride in strides[:reachable]]

    def forward(self, levels: Sequence[Tensor], boxes: Tensor) -> Tensor:
        """Return the features of each region.

        Args:
            levels: Each (N, C, h, w), finest first.
            boxes: (N, P, 4).

        Returns:
            (N * P, C, cells, cells).
        """
        images, proposals, _ = boxes.shape
        boxes = boxes.reshape(-1, 4)
        image = torch.arange(images)[:, None].expand(-1, proposals).flatten()
        if not self.least_areas:
            return self.pool(levels[0], boxes, image, self.cells, self.scales[0])
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        level = torch.stack([area >= least for least in self.least_areas]).sum(dim=0)
        by_level = level.argsort()
        boxes, image = boxes.index_select(0, by_level), image.index_select(0, by_level)
        pooled, start = [], torch.zeros(1, dtype=torch.int64)
        for i, scale in enumerate(self.scales):
            end = (level <= i).sum()[None]
            here, where = between(boxes, start, end), between(image, start, end)
            pooled.append(self.pool(levels[i], here, where, self.cells, scale))
            start = end
        back = torch.zeros_like(by_level).scatter(0, by_level, torch.arange(by_level.shape[0]))
        return torch.cat(pooled).index_select(0, back)


def aligning(pool: MultiScaleRoIAlign) -> Pooling:
    """Return what answers as torchvision's `pool`, once that is told the strides."""
    strides = [round(1 / scale) for scale in pool.scales]
    operator = partial(roi_align, samples=pool.sampling_ratio)
    return Pooling(strides, pool.map_levels, pool.output_size[0], operator)


def least_area(mapper: LevelMapper, level: int) -> float:
    """Return the smallest float32 area that `mapper` gives `level` or a coarser one.

    Comparing areas needs no logarithm, which runtimes round differently.
    """
    low, high = 0, int(torch.tensor(torch.inf).view(torch.int32))  # floats order as their bits
    while low < high:
        middle = (low + high) // 2
        box = torch.tensor([[0.0, 0.0, area_of(middle), 1.0]])
        if mapper([box]).item() >= level:
            high = middle
        else:
            low = middle + 1
    return area_of(low)


def area_of(bits: int) -> float:
    """Return the float32 whose bits are those of an int32."""
    return torch.tensor(bits, dtype=torch.int32).view(torch.float32).item()
