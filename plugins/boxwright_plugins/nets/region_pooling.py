"""Regions of feature maps, each as a small grid of cells, from the level that suits its size.

Source: Girshick 2015 (arXiv:1504.08083), section 2.1, for the greatest of each cell; He et al.
2017 (arXiv:1703.06870), section 3, for RoIAlign; Lin et al. 2017 (arXiv:1612.03144), equation 1,
for the level.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align, roi_pool
from torchvision.ops.poolers import LevelMapper

from boxwright_contract.parts import Level

CANONICAL_LEVEL = 4
"""A region of canonical size is pooled from the level whose stride is 2 ** 4."""
SAMPLES = 2
"""Of RoIAlign in each cell, along each axis."""


class RegionPooling(nn.Module):
    """Torchvision's roi_pool or roi_align, each region on its own level only."""

    def __init__(
        self,
        levels: Sequence[Level],
        kind: Literal["max", "align"],
        cells: int,
        canonical_side_px: int,
    ) -> None:
        """Pool from `levels`, finest first. Of several, the strides are powers of 2."""
        super().__init__()
        self.strides = {level.name: level.stride for level in levels}
        self.kind = kind
        self.cells = cells
        finest, coarsest = (level.stride.bit_length() - 1 for level in (levels[0], levels[-1]))
        self.map_levels = LevelMapper(finest, coarsest, canonical_side_px, CANONICAL_LEVEL)

    def forward(self, levels: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Return the grids of all regions, (R, C, cells, cells), image after image.

        Args:
            levels: Each (N, C, h, w), by name.
            boxes: For each image (P, 4) in canvas pixels, P of its own.
        """
        image = [here.new_full((len(here), 1), i) for i, here in enumerate(boxes)]
        regions = torch.cat((torch.cat(image), torch.cat(list(boxes))), dim=1)  # (R, 5)
        if len(self.strides) == 1:
            [(name, stride)] = self.strides.items()
            return self._pooled(levels[name], regions, stride)
        own = self.map_levels(boxes)
        channels = levels[next(iter(self.strides))].shape[1]
        pooled = regions.new_zeros(len(regions), channels, self.cells, self.cells)
        for i, (name, stride) in enumerate(self.strides.items()):
            pooled[own == i] = self._pooled(levels[name], regions[own == i], stride)
        return pooled

    def _pooled(self, level: Tensor, regions: Tensor, stride: int) -> Tensor:
        if self.kind == "max":
            return roi_pool(level, regions, self.cells, 1 / stride)
        return roi_align(level, regions, self.cells, 1 / stride, SAMPLES, aligned=False)
