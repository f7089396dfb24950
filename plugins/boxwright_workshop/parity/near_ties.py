"""What torch itself would have answered, had it rounded or chosen among equals differently.

Suppression and thresholds turn a difference in the last digit into a detection more or less. To
tell such a near-tie from a mistake, torch is asked again with every parameter changed by a few
units in the last place, and with the choices made otherwise that torchvision leaves open:

- classes are suppressed one by one. Torchvision moves the classes apart instead where boxes are
  few, which rounds coordinates to 0.004 px where classes are 90.
- among candidates with the same score the first are taken, as ONNX says. Torch takes any of them;
  there are many where an image is flat or its canvas unused.
- of boxes with the same score, which cells that see the same give, any may suppress the other.
  Torch gives them the same score to the last digit; other runtimes do not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.ops import boxes

from boxwright_workshop.parity.matching import (
    DRIFT_PX,
    STRICT,
    Answer,
    Match,
    Tolerance,
    distances,
    match,
)

NUDGE = 2.0**-22  # relative; float32 rounds to within 2 ** -24
NUDGED = 8
LEEWAY = 4
"""Times what a nudge moves: it rounds the parameters only, a runtime every sum of products."""
MOST = Tolerance(box_px=0.02, score=2e-4)
"""What no rounding explains."""


def variants(net: nn.Module, answer: Callable[[], Answer]) -> Iterator[Answer]:
    """Yield what `answer`, which runs `net`, gives under other roundings and choices."""
    with choosing_otherwise():
        yield answer()
    for seed in range(NUDGED):
        with nudged(net, seed), choosing_otherwise() if seed % 2 else by_chance(seed):
            yield answer()


@contextmanager
def choosing_otherwise() -> Iterator[None]:
    """Make torchvision suppress class by class, and torch take the first among equals."""
    moved_apart, any_of_equals = boxes._batched_nms_coordinate_trick, torch.Tensor.topk
    boxes._batched_nms_coordinate_trick = boxes._batched_nms_vanilla
    torch.Tensor.topk = first_of_equals  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        boxes._batched_nms_coordinate_trick = moved_apart
        torch.Tensor.topk = any_of_equals  # type: ignore[method-assign]


@contextmanager
def by_chance(seed: int) -> Iterator[None]:
    """Make torchvision suppress boxes whose scores are equal in an order that chance decides."""
    generator, in_order = torch.Generator().manual_seed(seed), boxes.batched_nms

    def shuffled(where: Tensor, scores: Tensor, groups: Tensor, most_iou: float) -> Tensor:
        noise = torch.rand(scores.shape, generator=generator) * 2 - 1
        return in_order(where, scores * (1 + NUDGE * noise), groups, most_iou)

    boxes.batched_nms = shuffled
    try:
        yield
    finally:
        boxes.batched_nms = in_order


def first_of_equals(x: Tensor, k: int, dim: int = -1) -> tuple[Tensor, Tensor]:
    """Return the greatest `k` of `x` and where they are, of equal ones the first."""
    values, positions = x.sort(dim=dim, descending=True, stable=True)
    return values.narrow(dim, 0, k), positions.narrow(dim, 0, k)


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


def rounding(reference: Answer, others: list[Answer]) -> Tolerance:
    """Return how far a graph may be off where rounding moves torch's own answer.

    A deep network whose weights are large makes more of the last digit than one that has learnt
    little, and no fixed tolerance suits both.
    """
    moved_px, moved_score = 0.0, 0.0
    for other in others:
        box_px, score = distances(reference, other)
        if not box_px.size:
            continue
        nearest = box_px.argmin(axis=1)[:, None]
        apart_px = np.take_along_axis(box_px, nearest, axis=1)
        same = apart_px <= DRIFT_PX
        moved_px = max(moved_px, float(apart_px[same].max(initial=0)))
        moved = np.take_along_axis(score, nearest, axis=1)[same]
        moved_score = max(moved_score, float(moved.max(initial=0)))
    return Tolerance(
        box_px=min(MOST.box_px, max(STRICT.box_px, LEEWAY * moved_px)),
        score=min(MOST.score, max(STRICT.score, LEEWAY * moved_score)),
    )


def unexplained(
    torch_answer: Answer,
    graph_answer: Answer,
    found: Match,
    others: list[Answer],
    tolerance: Tolerance = STRICT,
) -> tuple[list[int], list[int]]:
    """Return the unmatched detections of torch and of the graph that rounding does not explain.

    It explains one of torch's if some other rounding lacks it, and one of the graph's if some
    other rounding has it; never one that both have, with other numbers.
    """
    box_px, _ = distances(torch_answer, graph_answer)
    drifted = box_px <= DRIFT_PX
    lacking = {i for other in others for i in match(torch_answer, other, tolerance).only_first}
    lacking_graph = [set(match(graph_answer, other, tolerance).only_first) for other in others]
    nowhere = set.intersection(*lacking_graph)
    return (
        [i for i in found.only_first if i not in lacking or drifted[i].any()],
        [j for j in found.only_second if j in nowhere or drifted[:, j].any()],
    )
