"""Does a proposal source give boxes that a detector can use, on any image?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.catalog import Offer
from boxwright_contract.parts import ProposalSource
from boxwright_workshop.conformance.finding import Outcome, failed, passed
from boxwright_workshop.conformance.specimen import Specimen
from boxwright_workshop.parity.odd_sizes import Pixels, structured

LIMITS = (1, 10, 2000)


@dataclass(frozen=True)
class ProposalSpecimen(Specimen):
    """A proposal source."""

    offer: Offer[ProposalSource]

    @property
    def part(self) -> ProposalSource:
        """The source."""
        return self.offer.part


def images() -> dict[str, Pixels]:
    """Return images (H, W, 3), ordinary and odd ones, by name."""
    picture = structured(np.random.default_rng(0))
    grey = np.repeat(picture[:90, :120, :1], 3, axis=2)
    return {
        "a picture of 320 x 240 px": picture,
        "one without colours": grey,
        "one of a single colour": np.full((64, 48, 3), 200, np.uint8),
        "one of 1 x 1 px": picture[:1, :1].copy(),
        "one of 200 x 1 px": picture[:1, :200].copy(),
        "one of 3 x 150 px": picture[:150, :3].copy(),
    }


def boxes_are_well_formed(specimen: ProposalSpecimen) -> Outcome:
    """Look at type, number and corners of the boxes, on ordinary and odd images."""
    told = []
    for name, image in images().items():
        for limit in LIMITS:
            before = image.copy()
            boxes = specimen.part.propose(image, limit)
            fault = _fault(boxes, image, limit)
            if fault:
                return failed(
                    f"for {name} and a limit of {limit}, {fault}.",
                    "Return (P, 4) float32: x1, y1, x2, y2 in pixels of the image, best first.",
                )
            if not np.array_equal(before, image):
                return failed(f"it changes {name} in place.", "Work on a copy.")
        told.append(str(len(boxes)))
    return passed(f"{', '.join(told)} boxes for images of all kinds")


def a_lower_limit_gives_the_first_ones(specimen: ProposalSpecimen) -> Outcome:
    """Compare the boxes under a limit with the first of more."""
    image = images()["a picture of 320 x 240 px"]
    many, few = (specimen.part.propose(image, limit) for limit in (200, 20))
    if not np.array_equal(many[: len(few)], few):
        return failed(
            "the boxes for a limit of 20 are not the first ones of those for 200.",
            "Sort the boxes best first, and cut them off at the limit last.",
        )
    return passed(f"{len(few)} of {len(many)}")


def proposes_the_same_twice(specimen: ProposalSpecimen) -> Outcome:
    """Ask twice, with other images between."""
    asked = images()
    first = {name: specimen.part.propose(image, LIMITS[-1]) for name, image in asked.items()}
    for name, image in asked.items():
        again = specimen.part.propose(image, LIMITS[-1])
        if not np.array_equal(first[name], again):
            return failed(
                f"for {name} it proposes other boxes when it is asked again.",
                "Seed every random choice anew in each call, and keep nothing between calls.",
            )
    return passed(f"{len(asked)} images, the same boxes in the same order")


def _fault(boxes: NDArray[np.float32], image: Pixels, limit: int) -> str:
    """Return what is wrong with proposals."""
    kind = getattr(boxes, "dtype", type(boxes).__name__)
    if kind != np.float32:
        return f"it returns {kind}, not an array of float32"
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        return f"the boxes have the shape {boxes.shape}, not (P, 4)"
    if len(boxes) > limit:
        return f"it returns {len(boxes)} boxes"
    height, width = image.shape[:2]
    x1, y1, x2, y2 = boxes.T
    if not ((x1 >= 0) & (y1 >= 0) & (x2 <= width) & (y2 <= height)).all():
        return f"a box leaves the image of {width} x {height} px"
    if not ((x2 > x1) & (y2 > y1)).all():
        return "a box has no area"
    return ""
