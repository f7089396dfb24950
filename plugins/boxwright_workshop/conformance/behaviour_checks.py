"""Does a backbone behave as a network must that is trained and then served?"""

import torch
from torch import Tensor

from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed
from boxwright_workshop.conformance.parameter_checks import finite
from boxwright_workshop.conformance.pictures import extremes

TOLERANCE = 1e-4
"""Most that rounding may change, as a share of the largest value of a level."""


def is_finite_on_any_picture(specimen: BackboneSpecimen) -> Outcome:
    """Look for NaN and infinity on ordinary, black, white and empty pictures."""
    x = specimen.pictures(1, 2, 2)
    x = torch.cat([x, extremes(specimen.part.preprocessing, *x.shape[2:])])
    bad = [
        f"{name} on {picture}"
        for name, level in specimen.levels(x).items()
        for picture, values in zip(("noise", "black", "white", "padding"), level, strict=True)
        if not finite(values)
    ]
    if bad:
        return failed(
            f"NaN or infinity in {'; '.join(bad)}.",
            "Look for a division, a logarithm or a root of 0, or weights that grow without end.",
        )
    return passed("ordinary, black, white and empty pictures")


def answers_the_same_twice(specimen: BackboneSpecimen) -> Outcome:
    """Ask twice in eval mode."""
    x = specimen.pictures(2, 2, 3)
    worst, name = difference(specimen.levels(x), specimen.levels(x))
    if worst > 0:
        return failed(
            f"in eval mode, {name} differs from one run to the next by {worst:.2g} of its largest "
            "value.",
            "Switch random parts such as dropout off where self.training is False.",
        )
    return passed("two runs, the same to the last bit")


def answers_the_same_in_a_batch(specimen: BackboneSpecimen) -> Outcome:
    """Compare each picture of a batch with the same picture alone."""
    x = specimen.pictures(3, 2, 3)
    alone = [specimen.levels(x[i : i + 1]) for i in range(len(x))]
    joined = {name: torch.cat([levels[name] for levels in alone]) for name in specimen.names}
    worst, name = difference(specimen.levels(x), joined)
    if worst > TOLERANCE:
        return failed(
            f"in eval mode, {name} of a picture changes by {worst:.2g} of its largest value when "
            "others are in the batch.",
            "Compute nothing over the batch in eval mode; use a normalisation's stored statistics.",
        )
    return passed(f"within {worst:.1g} of the largest value")


def difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> tuple[float, str]:
    """Return how far levels are apart, as a share of their largest value, and the worst's name.

    Where one of them is not finite, it is infinity.
    """
    found = [
        (float((level - other[name]).abs().max() / level.abs().max().clamp(min=1e-12)), name)
        for name, level in one.items()
    ]
    return max((apart if apart == apart else float("inf"), name) for apart, name in found)
