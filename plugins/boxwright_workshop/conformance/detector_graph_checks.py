"""Does the graph of a detector find what torch finds, and say where it comes from?"""

import numpy as np

from boxwright_workshop.conformance.detector_specimen import RULE, DetectorSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.parity.gate import MOST_NEAR_TIES
from boxwright_workshop.parity.provenance import stray_cells, stray_proposals

FEW = (9, 0, 1)
"""Proposals of an image."""
FOUND_NOTHING = (
    "after its lesson torch finds nothing in any image, so there was nothing to compare.",
    "Lower the default score under which detections are left out.",
)


def graph_finds_what_torch_finds(specimen: DetectorSpecimen) -> Outcome:
    """Compare them on images of many sizes, alone and in batches."""
    seen = specimen.comparison
    if seen.differences:
        return failed(
            f"they disagree after {seen.images} images. {'. '.join(seen.differences[:3])}.",
            "Make the exportable form compute what the eager one does.",
        )
    if seen.near_ties > max(2, MOST_NEAR_TIES * seen.detections):
        return failed(
            f"{seen.near_ties} of {seen.detections} detections depend on the last digit.",
            "Break ties by position, as a sort that is stable does.",
        )
    if not seen.detections:
        return warned(*FOUND_NOTHING)
    return passed(
        f"{seen.detections} detections in {seen.images} images of {len(seen.sizes)} sizes; within "
        f"{seen.worst_box_px:.2g} px and {seen.worst_score:.2g}"
    )


def none_and_one_are_ordinary(specimen: DetectorSpecimen) -> Outcome:
    """See that images with no detection and with exactly one were among those."""
    seen = specimen.comparison
    if not seen.detections:
        return warned(*FOUND_NOTHING)
    if not seen.with_none or not seen.with_one:
        return warned(
            f"{seen.with_none} images had no detection and {seen.with_one} had one, of "
            f"{seen.images}.",
            "Both are ordinary answers; export looks for them in your photos.",
        )
    return passed(f"{seen.with_none} images with none, {seen.with_one} with one")


def origins_lie_on_the_grid(specimen: DetectorSpecimen) -> Outcome:
    """Look which cells the graph says that detections come from, if it says so."""
    if specimen.part.needs_proposals:
        return passed("its detections come from proposals, not from cells")
    batch, _ = specimen.scenes(3, *RULE.canvas(96, 128), seed=2)
    feeds = {"image": batch.canvas.numpy(), "image_size": batch.image_size.numpy()}
    count, origin = specimen.session.run(("count", "origin"), feeds)
    _, height, width, _ = batch.canvas.shape
    for cells, found in zip(origin.astype(np.int64), count.tolist(), strict=True):
        stray = stray_cells(cells[:found], (height, width), specimen.region_levels)
        if stray:
            return failed(
                f"{stray}.",
                "The origin is level, y, x: levels in the order of Detector.levels, from 0.",
            )
        if cells[found:].any():
            return failed("rows of origin after count are not 0.", "Multiply them by the mask.")
    return passed(f"{int(count.sum())} detections")


def proposals_are_named(specimen: DetectorSpecimen) -> Outcome:
    """Look which proposals the graph says that detections come from, if it takes any."""
    if not specimen.part.needs_proposals:
        return passed("its detections come from cells, not from proposals")
    batch, _ = specimen.scenes(len(FEW), *RULE.canvas(96, 128), seed=2)
    given = np.zeros((len(FEW), max(FEW), 4), np.float32)
    for row, (some, number) in enumerate(zip(batch.proposals, FEW, strict=True)):
        given[row, :number] = some[:number].numpy()
    feeds = {
        "image": batch.canvas.numpy(),
        "image_size": batch.image_size.numpy(),
        "proposals": given,
        "proposal_count": np.array(FEW, np.int32),
    }
    count, named = specimen.session.run(("count", "proposal"), feeds)
    for positions, found, number in zip(named, count.tolist(), FEW, strict=True):
        stray = stray_proposals(positions[:found], number)
        if stray:
            return failed(f"{stray}.", "Give the position of a proposal among those of its image.")
        if positions[found:].any():
            return failed("rows of proposal after count are not 0.", "Multiply them by the mask.")
    return passed(f"{int(count.sum())} detections from {sum(FEW)} proposals")
