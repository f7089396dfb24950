"""Where a model's proposals come from: the one rule that training, export and serving share."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadPlugin
from boxwright_contract.parts import ProposalSource


@dataclass(frozen=True, kw_only=True)
class ProposalRule:
    """Which source proposes regions, how many, and how large the image is that it looks at.

    The defaults are what `tests/bench/proposals.py` found best for its time: the thorough search of
    a small image fits objects more tightly than the fast one of a larger image, as quickly.
    """

    source: str = "selective_search_quality"
    """Name of a proposal source."""
    limit: int = 2000
    """The most proposals of an image."""
    longest_side_px: int = 300
    """A larger image is reduced to this before the source looks at it."""


def propose(
    source: ProposalSource, image: NDArray[np.uint8], rule: ProposalRule
) -> NDArray[np.float32]:
    """Return what `source` proposes for `image`, as `rule` says.

    Args:
        source: The source that the rule names.
        image: (H, W, 3) RGB, upright.
        rule: How many, and at which size of the image.

    Returns:
        (P, 4): x1, y1, x2, y2 in pixels of `image`, best first; P is at most the rule's limit.

    Raises:
        BadPlugin: The source failed, or gave something else.
    """
    height, width = image.shape[:2]
    looked_at = reduced(image, rule)
    rows, columns = looked_at.shape[:2]
    boxes = proposals_of(source, looked_at, rule.limit)
    scale = np.array([width / columns, height / rows] * 2, np.float32)
    edge = np.array([width, height] * 2, np.float32)
    clipped: NDArray[np.float32] = np.clip(boxes * scale, 0, edge)
    return clipped


def reduced(image: NDArray[np.uint8], rule: ProposalRule) -> NDArray[np.uint8]:
    """Return `image` (H, W, 3) at the size at which `rule` lets a source look at it."""
    height, width = image.shape[:2]
    longest = max(height, width)
    if longest <= rule.longest_side_px:
        return image
    rows, columns = (max(1, side * rule.longest_side_px // longest) for side in (height, width))
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def proposals_of(
    source: ProposalSource, image: NDArray[np.uint8], limit: int
) -> NDArray[np.float32]:
    """Return what `source` proposes for `image`, if it keeps its contract.

    Args:
        source: It cannot write to the image.
        image: (H, W, 3) RGB, upright, reduced as the rule says.
        limit: The most proposals.

    Returns:
        (P, 4): x1, y1, x2, y2 in pixels of `image`, cut off at its borders, best first.

    Raises:
        BadPlugin: The source failed, or gave something else.
    """
    view = image.view()
    view.flags.writeable = False
    cure = f"Run `boxwright plugins check {source.name}`."
    try:
        given: object = source.propose(view, limit)
    except Exception as error:
        kind = type(error).__name__
        raise BadPlugin(
            f"the proposal source '{source.name}' failed: {kind}: {error}. {cure}"
        ) from error
    if not isinstance(given, np.ndarray) or given.dtype != np.float32:
        kind = str(getattr(given, "dtype", type(given).__name__))
        raise BadPlugin(
            f"the proposal source '{source.name}' gave {kind}, not an array of float32. {cure}"
        )
    if given.ndim != 2 or given.shape[1] != 4 or len(given) > limit:
        raise BadPlugin(
            f"the proposal source '{source.name}' gave {given.shape}, not (P, 4) with P at most "
            f"{limit}. {cure}"
        )
    height, width = image.shape[:2]
    boxes: NDArray[np.float32] = np.clip(given, 0, np.array([width, height] * 2, np.float32))
    bad = ~np.isfinite(given).all(axis=1) | ~(boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    if bad.any():
        first = int(bad.argmax())
        edges = ", ".join(f"{edge:g}" for edge in given[first])
        raise BadPlugin(
            f"the proposal source '{source.name}' gave ({edges}) px as box {first}, which has no "
            f"area in the image of {width} x {height} px. {cure}"
        )
    return boxes
