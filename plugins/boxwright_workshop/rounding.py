"""What torch itself would have answered, had it rounded differently.

Suppression and thresholds turn a difference in the last digit into a detection more or less. To
tell such a near-tie from a mistake, torch is asked again with every parameter changed by about
one unit in the last place, and with torchvision's other way to suppress within classes: by class
instead of with the classes moved apart, which rounds coordinates to 0.004 px where there are 90.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn
from torchvision.ops import boxes

from boxwright_workshop.matching import DRIFT_PX, Answer, Match, distances, match

NUDGE = 2.0**-22  # relative; float32 rounds to within 2 ** -24
NUDGED = 8


def variants(net: nn.Module, answer: Callable[[], Answer]) -> Iterator[Answer]:
    """Yield what `answer`, which runs `net`, gives under other roundings."""
    with suppressed_by_class():
        yield answer()
    for seed in range(NUDGED):
        with nudged(net, seed), suppressed_by_class() if seed % 2 else nullcontext():
            yield answer()


@contextmanager
def suppressed_by_class() -> Iterator[None]:
    """Make torchvision suppress class by class, as it does when there are many boxes."""
    moved_apart = boxes._batched_nms_coordinate_trick
    boxes._batched_nms_coordinate_trick = boxes._batched_nms_vanilla
    try:
        yield
    finally:
        boxes._batched_nms_coordinate_trick = moved_apart


@contextmanager
@torch.no_grad()
def nudged(net: nn.Module, seed: int) -> Iterator[None]:
    """Change every parameter in its last digits, and change it back afterwards."""
    generator = torch.Generator().manual_seed(seed)
    before = [parameter.clone() for parameter in net.parameters()]
    for parameter in net.parameters():
        noise = torch.rand(parameter.shape, generator=generator) * 2 - 1
        parameter.mul_(1 + NUDGE * noise)
    try:
        yield
    finally:
        for parameter, value in zip(net.parameters(), before, strict=True):
            parameter.copy_(value)


def unexplained(
    torch_answer: Answer, graph_answer: Answer, found: Match, others: list[Answer]
) -> tuple[list[int], list[int]]:
    """Return the unmatched detections of torch and of the graph that rounding does not explain.

    It explains one of torch's if some other rounding lacks it, and one of the graph's if some
    other rounding has it; never one that both have, with other numbers.
    """
    box_px, _ = distances(torch_answer, graph_answer)
    drifted = box_px <= DRIFT_PX
    lacking = {i for other in others for i in match(torch_answer, other).only_first}
    lacking_graph = [set(match(graph_answer, other).only_first) for other in others]
    nowhere = set.intersection(*lacking_graph)
    return (
        [i for i in found.only_first if i not in lacking or drifted[i].any()],
        [j for j in found.only_second if j in nowhere or drifted[:, j].any()],
    )
