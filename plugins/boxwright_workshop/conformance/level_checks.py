"""Does a backbone build the levels that it declares?"""

from collections.abc import Mapping

import torch
from torch import Tensor

from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed

SIZES = ((1, 1), (1, 2), (3, 2), (5, 4))
"""Rows and columns of an image, in units of the divisor."""


def levels_are_built_as_declared(specimen: BackboneSpecimen) -> Outcome:
    """Compare names, order, channels and strides."""
    x = specimen.pictures(2, 3, 2)
    built = specimen.built().eval()
    with torch.no_grad():
        levels = built(x)
    if not isinstance(levels, Mapping):
        return failed(
            f"the network returns {type(levels).__name__}, not a dict of levels by name.",
            f'Return {{"{specimen.names[0]}": ..., ...}}.',
        )
    if list(levels) != specimen.names:
        return failed(
            f"the network returns the levels {', '.join(map(str, levels)) or 'none'}, but "
            f"{', '.join(specimen.names)} are declared.",
            "Make the declared levels and the returned dict the same, in the same order.",
        )
    faults = list(_faults(specimen, x, levels))
    if faults:
        return failed(
            f"on {x.shape[3]} x {x.shape[2]} px {'; '.join(faults)}.",
            "Declare what is built, or build what is declared.",
        )
    told = (f"{level.name} {level.channels} / {level.stride}" for level in specimen.part.levels)
    return passed(f"channels / stride: {', '.join(told)}")


def takes_any_size_of_the_divisor(specimen: BackboneSpecimen) -> Outcome:
    """Try small, wide and large images, none of them square but the smallest."""
    for rows, columns in SIZES:
        x = specimen.pictures(1, rows, columns)
        with torch.no_grad():
            levels = specimen.net(x)
        faults = list(_faults(specimen, x, levels))
        if faults:
            return failed(
                f"on {x.shape[3]} x {x.shape[2]} px {'; '.join(faults)}.",
                "Pad each layer with a stride so that it halves even sides exactly: kernel 3 with "
                "padding 1, or kernel 2 without.",
            )
    sizes = ", ".join(f"{c * specimen.divisor} x {r * specimen.divisor}" for r, c in SIZES)
    return passed(f"{sizes} px")


def _faults(specimen: BackboneSpecimen, x: Tensor, levels: Mapping[str, Tensor]) -> "list[str]":
    """Return what is wrong with `levels`, the answer to `x` (N, 3, H, W)."""
    number, _, height, width = x.shape
    faults = []
    for level in specimen.part.levels:
        stride = level.stride
        expected = (number, level.channels, height // stride, width // stride)
        found = tuple(levels[level.name].shape)
        if found != expected:
            faults.append(
                f"{level.name} is {_words(found)}, and {level.channels} channels at stride "
                f"{stride} are declared: {_words(expected)}"
            )
    return faults


def _words(shape: tuple[int, ...]) -> str:
    if len(shape) != 4:
        return f"of shape {shape}"
    return f"{shape[1]} channels on {shape[3]} x {shape[2]} cells"
