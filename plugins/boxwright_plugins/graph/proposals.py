"""The region proposal network, with a fixed number of proposals for each image.

Source: Ren et al. 2015 (arXiv:1506.01497), section 3; every number and every order of steps from
torchvision's RegionProposalNetwork, whose parameters these are.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection.rpn import RegionProposalNetwork

from boxwright_plugins.graph import DROPPED
from boxwright_plugins.graph.boxes import at_least, clip
from boxwright_plugins.graph.operators import non_max_suppression, quotient
from boxwright_plugins.graph.selection import NOTHING, best, rows_at

LOWEST = -1e38
"""The logit of what is no proposal. Logits decide the order: runtimes flatten a sigmoid's ends."""


class Proposals(nn.Module):
    """Anchors, scored, moved, suppressed within their level, and the best of an image kept."""

    def __init__(self, rpn: RegionProposalNetwork) -> None:
        super().__init__()
        self.head = rpn.head
        self.coder = rpn.box_coder
        self.base_anchors = [anchors.clone() for anchors in rpn.anchor_generator.cell_anchors]
        self.candidates: int = rpn._pre_nms_top_n["testing"]  # of a level
        self.most: int = rpn._post_nms_top_n["testing"]  # of an image
        self.max_iou: float = rpn.nms_thresh
        self.min_score: float = rpn.score_thresh
        self.min_side_px: float = rpn.min_size

    def forward(
        self, levels: Sequence[Tensor], canvas: tuple[int, int], image_size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the proposals of each image, best first.

        Args:
            levels: Each (N, C, h, w).
            canvas: H, W.
            image_size: (N, 2).

        Returns:
            (N, P, 4) boxes; (N, P, 3) int64 level, y and x of the cells whose anchors they were;
            (N, P) bool, which of them are proposals and which are filling.
        """
        boxes, cells, scores = self.scored(levels, canvas, image_size)
        return boxes, cells, scores >= 0

    def scored(
        self, levels: Sequence[Tensor], canvas: tuple[int, int], image_size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes and cells as `forward` does, and scores (N, P), DROPPED for filling."""
        objectness, deltas = self.head(list(levels))
        chosen = [
            self._best_of_level(i, *level, canvas)
            for i, level in enumerate(zip(objectness, deltas, self.base_anchors, strict=True))
        ]
        logits, deltas, anchors, cells = (
            torch.cat(parts, dim=1) for parts in zip(*chosen, strict=True)
        )
        images, total = logits.shape
        boxes = self.coder.decode_single(deltas.reshape(-1, 4), anchors.reshape(-1, 4))
        boxes = clip(boxes.reshape(images, -1, 4), image_size)
        large = at_least(boxes, self.min_side_px)
        usable = (logits > NOTHING) & large & (torch.sigmoid(logits) >= self.min_score)
        logits = torch.where(usable, logits, LOWEST)
        kept = non_max_suppression(
            boxes.reshape(-1, self.candidates, 4),  # a level of an image is a row of the batch
            logits.reshape(-1, self.candidates),
            self.max_iou,
            min(self.most, self.candidates),
            LOWEST,
        )
        logits = torch.where(kept.reshape(images, -1), logits, LOWEST)
        logits, positions = best(logits, min(self.most, total))
        scores = torch.where(logits > LOWEST, torch.sigmoid(logits), DROPPED)
        return rows_at(boxes, positions), rows_at(cells, positions), scores

    def _best_of_level(
        self, level: int, objectness: Tensor, deltas: Tensor, base: Tensor, canvas: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return logits (N, S), deltas and anchors (N, S, 4), cells (N, S, 3) of S candidates."""
        images, _, height, width = objectness.shape
        anchors = shifted(base, (height, width), canvas)
        logits, positions = best(by_anchor(objectness, 1)[..., 0], self.candidates)
        here = anchors.index_select(0, positions.flatten()).reshape(images, -1, 4)
        deltas = rows_at(by_anchor(deltas, 4), positions)
        return logits, deltas, here, cells_of(positions, level, base.shape[0], width)


def by_anchor(maps: Tensor, values: int) -> Tensor:
    """Rearrange (N, A * values, h, w) to (N, h * w * A, values), as anchors are ordered."""
    images, channels, height, width = maps.shape
    split = maps.reshape(images, channels // values, values, height, width)
    return split.permute(0, 3, 4, 1, 2).reshape(images, -1, values)


def cells_of(positions: Tensor, level: int, anchors: int, width: int) -> Tensor:
    """Return level, y and x, (N, S, 3), of the cells of anchors at `positions` (N, S).

    Args:
        positions: Among the anchors of the level, in their order.
        level: Which it is.
        anchors: Of one cell.
        width: Cells in a row.
    """
    cell = quotient(positions, anchors)
    y = quotient(cell, width)
    return torch.stack((torch.full_like(cell, level), y, cell - y * width), dim=-1)


def shifted(base: Tensor, grid: tuple[int, int], canvas: tuple[int, int]) -> Tensor:
    """Return the anchors of a level, (h * w * A, 4): `base` (A, 4) at every cell of its grid.

    The step is the canvas over the grid, rounded down. On the extra level, whose grid is rounded
    up, it differs from one canvas to the next.
    """
    y, x = (torch.arange(cells) * (side // cells) for cells, side in zip(grid, canvas, strict=True))
    shift_y, shift_x = torch.meshgrid(y, x, indexing="ij")
    shifts = torch.stack((shift_x, shift_y, shift_x, shift_y), dim=-1)  # (h, w, 4)
    return (shifts.reshape(-1, 1, 4).to(base.dtype) + base).reshape(-1, 4)
