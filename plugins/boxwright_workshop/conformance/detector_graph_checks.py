"""Does the graph of a detector find what torch finds, and say where it comes from?"""

import numpy as np
from numpy.typing import NDArray

from boxwright_workshop.conformance.detector_specimen import RULE, DetectorSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.conformance.scenes import scenes
from boxwright_workshop.parity.gate import MOST_NEAR_TIES

OUTPUTS = ("boxes", "scores", "labels", "count", "origin")
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
    """Look which cells the graph says that detections come from."""
    batch, _ = scenes(3, *RULE.canvas(96, 128), seed=2)
    feeds = {"image": batch.canvas.numpy(), "image_size": batch.image_size.numpy()}
    answers: list[NDArray[np.generic]] = specimen.session.run(OUTPUTS, feeds)
    _, _, _, count, origin = answers
    _, height, width, _ = batch.canvas.shape
    grids = np.array(
        [(-(-height // lev.stride), -(-width // lev.stride)) for lev in specimen.region_levels]
    )
    for cells, found in zip(origin.astype(np.int64), count.astype(np.int64).tolist(), strict=True):
        level, place = cells[:found, 0], cells[:found, 1:]
        if (level < 0).any() or (level >= len(grids)).any():
            return failed(
                f"a detection comes from level {level.max()}, of {len(grids)}.",
                "Number the levels from 0, in the order of Detector.levels.",
            )
        if (place < 0).any() or (place >= grids[level]).any():
            worst = int((place - grids[level]).max(axis=1).argmax())
            return failed(
                f"a detection comes from cell {place[worst].tolist()} of "
                f"{specimen.region_levels[level[worst]].name}, which has "
                f"{grids[level[worst]].tolist()} cells.",
                "The origin is level, y, x, in cells of that level.",
            )
        if cells[found:].any():
            return failed("rows of origin after count are not 0.", "Multiply them by the mask.")
    return passed(f"{int(count.sum())} detections")
