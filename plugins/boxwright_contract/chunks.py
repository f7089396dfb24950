"""A detector that looks at each proposal by itself: some at a time, then the conclusion.

Shape shorthand in this module:

    N: images in a batch      P: proposals of an image, filled up to the most of any
    F: numbers of a region    D: most detections of an image
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.batch import Detections

if TYPE_CHECKING:
    from torch import Tensor, nn

Feeds = Mapping[str, NDArray[Any]]
Graph = Callable[[Feeds], list[NDArray[Any]]]
"""Inputs by name -> outputs in their order."""


@dataclass(frozen=True, kw_only=True)
class Chunked:
    """How a detector that looks at each proposal by itself is exported: as two graphs.

    The first, `Detector.exportable`, maps what it is given to regions (N, P, F) float32: F numbers
    for each proposal, whatever the detector wants to know of it. It is run on some proposals at a
    time, so that memory is bounded. The second is run once, on the regions of all.
    """

    most: Callable[[Any], int]
    """(options) -> proposals that the first graph is given at a time."""
    conclusion: Callable[[nn.Module], nn.Module]
    """(what `build` returned) -> the second graph.

    It maps regions (N, P, F), proposals (N, P, 4) float32, proposal_count (N,) int32 and
    image_size (N, 2) int32 to what `Detector.exportable` else does.
    """
    conclude: Callable[[nn.Module, Tensor, Tensor, Tensor], Detections]
    """(what `build` returned, regions (P, F), proposals (P, 4), image_size (2,)) -> detections.

    The eager answer for one image, which the second graph must reproduce.
    """


def run_in_chunks(
    regions: Graph, conclusion: Graph, feeds: Feeds, most: int, before_each: Callable[[], None]
) -> list[NDArray[Any]]:
    """Return what the conclusion makes of the regions of all proposals.

    Args:
        regions: The graph of the regions; it gives one output, (N, P, F) float32.
        conclusion: The graph that is run once.
        feeds: image, image_size, proposals (N, P, 4) float32, proposal_count (N,) int32.
        most: Proposals of an image in one run of `regions`.
        before_each: Called before each run; what it raises ends the work.
    """
    proposals, count = feeds["proposals"], feeds["proposal_count"]
    if not proposals.shape[1]:
        proposals = np.zeros((len(proposals), 1, 4), np.float32)
    parts = []
    for start in range(0, proposals.shape[1], most):
        before_each()
        part = proposals[:, start : start + most]
        here = np.clip(count - start, 0, part.shape[1]).astype(np.int32)
        [found] = regions({**feeds, "proposals": part, "proposal_count": here})
        parts.append(found)
    before_each()
    return conclusion(
        {
            "regions": np.concatenate(parts, axis=1),
            "proposals": proposals,
            "proposal_count": count,
            "image_size": feeds["image_size"],
        }
    )
