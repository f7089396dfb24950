"""What one forward pass of a backbone costs."""

import statistics
import time
from dataclasses import dataclass
from itertools import count
from math import ceil

import torch
from torch.utils.flop_counter import FlopCounterMode

from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen

IMAGE_PX = (320, 448)
"""Height and width, or the next multiples of the divisor."""
PASSES, LONGEST_S = 5, 3.0
"""Passes that are timed, after one that is not; fewer if they take longer together."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one image, in torch, on this machine."""

    height_px: int
    width_px: int
    parameters: int
    multiply_accumulates: int
    """Of convolutions and matrix products; the rest is small beside them."""
    milliseconds: float
    """Median of a few passes, in eval mode on the CPU."""
    threads: int


def cost(specimen: BackboneSpecimen) -> Cost:
    """Count and time a forward pass of one image."""
    rows, columns = (ceil(side / specimen.divisor) for side in IMAGE_PX)
    x = specimen.pictures(1, rows, columns)
    with FlopCounterMode(display=False) as counter:
        specimen.levels(x)
    spent: list[float] = []
    for done in count():
        if done == PASSES or sum(spent) > LONGEST_S:
            break
        began = time.perf_counter()
        specimen.levels(x)
        spent.append(time.perf_counter() - began)
    return Cost(
        height_px=x.shape[2],
        width_px=x.shape[3],
        parameters=sum(parameter.numel() for parameter in specimen.net.parameters()),
        multiply_accumulates=counter.get_total_flops() // 2,
        milliseconds=round(statistics.median(spent) * 1000, 1),
        threads=torch.get_num_threads(),
    )
