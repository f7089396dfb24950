"""What proposal sources find, and how long they take: `just bench-proposals`.

Recall is the share of annotated boxes that some proposal overlaps with an IoU of at least 0.5, or
0.7. Each photo is searched once for each source and size; lower limits are the first proposals of
the same search, as the contract says. One thread.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from tests.bench.readme_parts import table, write

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule, propose
from boxwright_workshop.annotations import Photo, read
from boxwright_workshop.examples import read_pixels

SOURCES = (
    "sliding_window",
    "selective_search_single",
    "selective_search_fast",
    "selective_search_quality",
)
SIZES_PX = (200, 300, 500, 0)
"""Longest sides that sources look at; 0 is the photo's own."""
LIMITS = (100, 300, 1000, 2000)
IOUS = (0.5, 0.7)
ANY_SIZE_PX = 1 << 20


@dataclass(frozen=True)
class Measured:
    """What one source found in the photos of one dataset at one size."""

    dataset: str
    source: str
    side_px: int
    median_ms: float
    median_count: float
    recall: dict[tuple[int, float], float]
    """By limit and IoU."""


def main(
    datasets: Annotated[list[Path], typer.Argument(help="COCO annotations, one file a dataset.")],
    photos: Annotated[int, typer.Option(help="Of each dataset.")] = 50,
    sources: Annotated[list[str] | None, typer.Option("--source")] = None,
    sizes: Annotated[list[int] | None, typer.Option("--size")] = None,
) -> None:
    """Measure, print a table a dataset, and write them into the README."""
    cv2.setNumThreads(1)
    parts = []
    for file in datasets:
        rows = []
        chosen = _spread(read(file).photos, photos)
        for source in sources or SOURCES:
            offered = Catalog.installed().proposal_source(source)
            for side_px in _sizes_worth(sizes or SIZES_PX, source, chosen):
                found = measure(file.parent.name, offered, side_px, chosen)
                rows.append(_row(found))
                typer.echo(" | ".join(rows[-1]))
        heads = ["source", "longest side, px", "ms", "proposals", *map(str, LIMITS)]
        parts.append(f"`{file.parent.name}`, {len(chosen)} photos:\n\n{table(heads, rows)}")
    text = "\n\n".join(parts)
    typer.echo(text)
    if not write("proposals", text):
        typer.echo("the README has no markers for this; nothing was written")


def measure(
    dataset: str, source: ProposalSource, side_px: int, photos: Sequence[Photo]
) -> Measured:
    """Search every photo once."""
    rule = ProposalRule(
        source=source.name, limit=max(LIMITS), longest_side_px=side_px or ANY_SIZE_PX
    )
    times_ms, counts = [], []
    best: dict[int, list[NDArray[np.float32]]] = {limit: [] for limit in LIMITS}
    for photo in photos:
        pixels = read_pixels(photo)
        began = time.perf_counter()
        boxes = propose(source, pixels, rule)
        times_ms.append((time.perf_counter() - began) * 1e3)
        counts.append(len(boxes))
        overlaps = ious(photo.boxes, boxes)
        for limit in LIMITS:
            best[limit].append(overlaps[:, :limit].max(axis=1, initial=0))
    recall = {
        (limit, iou): float((np.concatenate(found) >= iou).mean())
        for limit, found in best.items()
        for iou in IOUS
    }
    middle_ms, middle = float(np.median(times_ms)), float(np.median(counts))
    return Measured(dataset, source.name, side_px, middle_ms, middle, recall)


def ious(true: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the IoU (G, P) of true boxes (G, 4) with proposals (P, 4)."""
    low = np.maximum(true[:, None, :2], boxes[None, :, :2])
    high = np.minimum(true[:, None, 2:], boxes[None, :, 2:])
    common = np.maximum(high - low, 0).prod(axis=2)
    sizes = [(one[:, 2:] - one[:, :2]).prod(axis=1) for one in (true, boxes)]
    both: NDArray[np.float32] = sizes[0][:, None] + sizes[1][None] - common
    overlaps: NDArray[np.float32] = common / np.maximum(both, 1e-9)
    return overlaps


def _spread(photos: Sequence[Photo], most: int) -> list[Photo]:
    """Return photos with objects, evenly spread over all."""
    shown = [photo for photo in photos if len(photo.boxes)]
    return shown[:: max(1, len(shown) // most)][:most]


def _sizes_worth(sizes: Sequence[int], source: str, photos: Sequence[Photo]) -> list[int]:
    """Return the sizes that make a difference: windows do not depend on what they lie over."""
    longest = max(max(read_pixels(photo).shape) for photo in photos)
    return [side for side in sizes if side < longest] if source != "sliding_window" else [0]


def _row(found: Measured) -> list[str]:
    recall: Iterable[str] = (
        " / ".join(f"{found.recall[limit, iou]:.2f}" for iou in IOUS) for limit in LIMITS
    )
    side = str(found.side_px or "its own")
    return [found.source, side, f"{found.median_ms:.0f}", f"{found.median_count:.0f}", *recall]


if __name__ == "__main__":
    typer.run(main)
