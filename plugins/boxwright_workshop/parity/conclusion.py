"""The second graph of a detector whose proposals come in chunks, on as many as it will be given.

The first graph takes long, so images are compared on a few proposals each. Regions that gave
detections there are shown again in many places, paler and each in its own way, to the second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from boxwright_contract.parts import Batch, Detections
from boxwright_workshop.graphs import Arrays, Session
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.parity.regions import in_pixels, made_up

FEWEST = 300
"""Proposals."""
FOR_EACH_DETECTION = 4
"""Proposals for each detection that the graph can give, so that there are more than it keeps."""
CANVAS_PX = 512
SIZES_PX = ((511, 509), (301, 411))
"""Height and width of two images; the second has a third of the proposals of the first."""
NEAR = 0.1
"""How far each edge of the second of two proposals is from the first, at most, in its sides."""

Conclude = Callable[[nn.Module, Tensor, Tensor, Tensor], Detections]


@dataclass
class Overheard:
    """The second graph, and the regions of which it made detections."""

    graph: Session
    telling: list[NDArray[np.float32]] = field(default_factory=list)
    """Each (F,)."""
    most_detections: int = 0
    """D, the rows of its answers."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return the outputs of those names."""
        outputs = self.graph.run(names, feeds)
        told = dict(zip(names, outputs, strict=True))
        self.most_detections = told["proposal"].shape[1]
        for regions, rows, found in zip(
            feeds["regions"], told["proposal"], told["count"], strict=True
        ):
            there = [row for row in np.unique(rows[:found]) if 0 <= row < len(regions)]
            self.telling += list(regions[there])
        return outputs


@dataclass(frozen=True)
class ConclusionSession:
    """The second graph, on the first of some regions for each image."""

    graph: Session
    regions: NDArray[np.float32]
    """(R, F)."""

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return the outputs of those names; P of `feeds` is at most R."""
        images, most, _ = feeds["proposals"].shape
        regions = np.broadcast_to(self.regions[:most], (images, most, self.regions.shape[1]))
        given = {name: value for name, value in feeds.items() if name != "image"}
        return self.graph.run(names, {"regions": np.ascontiguousarray(regions), **given})


class Given(nn.Module):
    """A network and the regions that it is said to have seen; near-ties are told by both."""

    def __init__(self, net: nn.Module, conclude: Conclude, regions: NDArray[np.float32]) -> None:
        super().__init__()
        self.net = net
        self.conclude = conclude
        self.regions = nn.Parameter(torch.from_numpy(regions), requires_grad=False)

    def forward(self, batch: Batch) -> list[Detections]:
        """Return the eager answer for each image, of the first of the regions."""
        return [
            self.conclude(self.net, self.regions[: len(boxes)], boxes, size)
            for boxes, size in zip(batch.proposals, batch.image_size, strict=True)
        ]


def with_many_regions(comparison: Comparison, conclude: Conclude, heard: Overheard) -> Comparison:
    """Return `comparison` continued by the second graph alone, on hundreds of regions.

    Args:
        comparison: Of both graphs; the second was `heard`.
        conclude: `Chunked.conclude`.
        heard: What it gave. Where that is nothing, there is nothing to compare.
    """
    if not heard.telling:
        return comparison
    rng = np.random.default_rng(2)
    number = max(FEWEST, FOR_EACH_DETECTION * heard.most_detections)
    telling = np.stack(heard.telling)[np.arange(number) % len(heard.telling)]
    regions = telling * rng.uniform(0, 1, telling.shape).astype(np.float32)
    alone = replace(
        comparison,
        net=Given(comparison.net, conclude, regions),
        detect=lambda given, batch: given(batch),
        session=ConclusionSession(heard.graph, regions),
    )
    alone.add(crowded(number, rng))
    return replace(alone, net=comparison.net, detect=comparison.detect, session=comparison.session)


def crowded(number: int, rng: np.random.Generator) -> Group:
    """Return two images with that many proposals and a third of them, half of them near others."""
    first = made_up(number - number // 2, rng)
    near = first[: number // 2] + rng.uniform(-NEAR, NEAR, (number // 2, 4)) * sides(
        first[: number // 2]
    )
    boxes = rng.permutation(np.concatenate([first, near])).astype(np.float32)
    return Group(
        np.zeros((2, CANVAS_PX, CANVAS_PX, 3), np.uint8),
        np.array(SIZES_PX, np.int32),
        (in_pixels(boxes, *SIZES_PX[0]), in_pixels(boxes[: number // 3], *SIZES_PX[1])),
    )


def sides(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return width and height of `boxes` (P, 4), twice: (P, 4)."""
    return np.tile(boxes[:, 2:] - boxes[:, :2], 2)
