"""Selective Search: regions that grow by merging the most alike, at every size.

OpenCV's own code, whose set of boxes is always the same and whose order is random: the boxes are
put in order here.

Source: Uijlings, van de Sande, Gevers & Smeulders 2013, "Selective Search for Object
Recognition", IJCV 104(2), doi 10.1007/s11263-013-0620-5.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import ProposalSource
from boxwright_plugins.proposal_order import best_first

SOURCE = "Uijlings, van de Sande, Gevers & Smeulders 2013, doi 10.1007/s11263-013-0620-5"
LEAST_SIDE = 0.02
"""Boxes with a side below this share of the image's longest are dropped."""

Strategy = Callable[[Any], None]
STRATEGIES: dict[str, Strategy] = {
    "selective_search_single": lambda search: search.switchToSingleStrategy(),
    "selective_search_fast": lambda search: search.switchToSelectiveSearchFast(),
    "selective_search_quality": lambda search: search.switchToSelectiveSearchQuality(),
}


def propose(strategy: Strategy, image: NDArray[np.uint8], limit: int) -> NDArray[np.float32]:
    """Return the boxes of the regions of an image (H, W, 3) RGB, the most promising first."""
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    strategy(search)
    boxes = np.unique(search.process(), axis=0)  # x, y, width, height
    least = min(LEAST_SIDE * max(image.shape[:2]), *image.shape[:2])
    boxes = boxes[(boxes[:, 2:] >= least).all(axis=1)]
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return best_first(corners, image, limit)


@hookimpl
def boxwright_proposals() -> list[ProposalSource]:
    """Offer the three sets of strategies of OpenCV, from the fastest to the most thorough."""
    return [
        ProposalSource(name=name, propose=partial(propose, strategy), source=SOURCE)
        for name, strategy in STRATEGIES.items()
    ]
