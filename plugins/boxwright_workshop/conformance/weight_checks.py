"""Are a backbone's named weights safe to open, whole, and for this network?"""

from boxwright_contract.errors import BadWeights
from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.weights import load_into

DIGITS = 64


def weights_are_sound(specimen: BackboneSpecimen) -> Outcome:
    """Check digest and licence, open each file without running anything in it, load it strictly."""
    offered = specimen.part.weights
    if not offered:
        return passed("none are offered; training starts from random ones")
    for weights in offered:
        if not weights.licence or not weights.origin:
            return failed(
                f"the weights '{weights.name}' tell no licence or no origin.",
                "Say who trained them on what, and what may be done with them.",
            )
    absent, short = [], []
    for weights in offered:
        try:
            weights.locate()
        except BadWeights as error:
            absent.append(f"'{weights.name}': {error}")
            continue
        load_into(specimen.built(), weights)
        if len(weights.sha256) < DIGITS:
            short.append(weights.name)
    if absent:
        return warned(f"not looked at, because they are not here: {' '.join(absent)}", "")
    if short:
        return warned(
            f"{', '.join(short)} have a SHA-256 of less than {DIGITS} digits.",
            "Give all digits: sha256sum FILE.",
        )
    names = ", ".join(weights.name for weights in offered)
    return passed(f"{names}: tensors only, digest and every key fit")
