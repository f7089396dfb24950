"""Does a detector learn, and answer in the form that it must?"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from math import isfinite, lcm

import torch
from torch import Tensor, nn

from boxwright_contract.parts import Batch, Detections, Truth
from boxwright_workshop.conformance.detector_specimen import DetectorSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed
from boxwright_workshop.conformance.scenes import CLASSES
from boxwright_workshop.conformance.small_backbone import SmallBackbone
from boxwright_workshop.network import body_of
from boxwright_workshop.parity.provenance import stray_proposals
from boxwright_workshop.recipe import converted

LEARNT = 0.9
"""The last losses of a lesson, as a share of the first."""


def options_have_defaults(specimen: DetectorSpecimen) -> Outcome:
    """Look whether the options can be made from nothing, as a recipe without options does."""
    kind = specimen.part.options
    if not is_dataclass(kind):
        return failed(f"{kind.__name__} is no dataclass.", "Write @dataclass(frozen=True) over it.")
    converted({}, kind, f"the options of {specimen.part.name}")
    made = kind()
    if not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return failed(f"{kind.__name__} can be changed.", "Write @dataclass(frozen=True) over it.")
    return passed(f"{len(fields(made))} options")


def stands_on_the_backbone(specimen: DetectorSpecimen) -> Outcome:
    """Look for what `Backbone.build` returned, where training loads weights into it."""
    net = specimen.built()
    try:
        body: nn.Module | None = body_of(net)
    except AttributeError:
        body = None
    if not isinstance(body, SmallBackbone):
        return failed(
            f"backbone.body of the network is {type(body).__name__}, not what Backbone.build "
            "returned.",
            "Keep it under that name: net.backbone.body = backbone.build().",
        )
    return passed("backbone.body is what Backbone.build returned")


def makes_the_levels_it_declares(specimen: DetectorSpecimen) -> Outcome:
    """Compare names, order, channels and strides of the feature maps that regions come from."""
    declared = specimen.region_levels
    if not declared:
        return passed("no feature map lies over the whole image")
    side = 2 * lcm(*(level.stride for level in declared))
    with torch.no_grad():
        maps: Mapping[str, Tensor] = specimen.part.features(specimen.built().eval())(
            torch.zeros(1, 3, side, 2 * side)
        )
    built = {name: tuple(level.shape) for name, level in maps.items()}
    expected = {
        level.name: (1, level.channels, side // level.stride, 2 * side // level.stride)
        for level in declared
    }
    if list(built.items()) != list(expected.items()):
        return failed(
            f"on {2 * side} x {side} px, features makes {built}, and levels declares {expected}.",
            "Make both the same, finest first.",
        )
    return passed(
        ", ".join(f"{level.name} {level.channels} / {level.stride}" for level in declared)
    )


def losses_fall(specimen: DetectorSpecimen) -> Outcome:
    """Teach it one batch of two images, and look at the losses."""
    _, told = specimen.lesson
    sums = [sum(losses.values()) for losses in told]
    wild = [name for losses in told for name, loss in losses.items() if not isfinite(loss)]
    if wild:
        return failed(f"{wild[0]} is not finite.", "Look for a logarithm or a division by 0.")
    first, last = sum(sums[:3]) / 3, sum(sums[-3:]) / 3
    if last > LEARNT * first:
        return failed(
            f"after {len(sums)} steps on one batch the loss went from {first:.3f} to {last:.3f}.",
            "See that every loss depends on the parameters, and that it falls as they get better.",
        )
    return passed(f"{len(sums)} steps: {first:.2f} to {last:.2f}, {', '.join(told[0])}")


def learns_from_an_empty_image(specimen: DetectorSpecimen) -> Outcome:
    """Ask for the losses of an image with boxes and of one without, and without proposals."""
    batch, [truth, _] = specimen.scenes(2, 96, 128)
    empty = Truth(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    lessons = {"with one empty image": (batch, truth), "without any box": (batch, empty)}
    if specimen.part.needs_proposals:
        unproposed = replace(batch, proposals=(torch.zeros(0, 4), torch.zeros(0, 4)))
        lessons["without any proposal"] = (unproposed, truth)
        lessons["without any box and any proposal"] = (unproposed, empty)
    bad = [
        f"{name} {lesson}"
        for lesson, (shown, first) in lessons.items()
        for name, loss in specimen.part.losses(
            specimen.built().train(), shown, [first, empty]
        ).items()
        if loss.ndim or not loss.isfinite()
    ]
    if bad:
        return failed(
            f"{', '.join(bad)} is no finite scalar.",
            "Divide by at least 1 where boxes are counted.",
        )
    return passed(f"finite {', '.join(lessons)}")


def answers_are_well_formed(specimen: DetectorSpecimen) -> Outcome:
    """Look at types, order and ranges of what torch finds, in an image smaller than its canvas."""
    net, _ = specimen.lesson
    batch, _ = specimen.scenes(2, 96, 128)
    height, width = 80, 100
    canvas = batch.canvas.clone()
    canvas[1, height:], canvas[1, :, width:] = 0, 0
    sizes = torch.tensor([[96, 128], [height, width]], dtype=torch.int32)
    limits = torch.tensor([width, height] * 2)
    proposals = tuple(boxes.minimum(limits) for boxes in batch.proposals)
    found = specimen.part.detect(net, Batch(canvas, sizes, proposals))
    classes = 1 if specimen.part.class_agnostic else CLASSES
    for i, (answer, (rows, columns)) in enumerate(zip(found, sizes.tolist(), strict=True)):
        fault = _fault(answer, rows, columns, classes)
        if specimen.part.needs_proposals:
            fault = fault or _fault_of_proposals(answer, len(proposals[i]))
        if fault:
            return failed(
                f"detect: {fault}.", "Return what boxwright_contract.parts.Detections says."
            )
    return passed(f"{sum(len(answer.scores) for answer in found)} detections in 2 images")


def _fault(answer: Detections, height: int, width: int, classes: int) -> str:
    """Return what is wrong with the detections of an image."""
    kinds = (answer.boxes.dtype, answer.scores.dtype, answer.labels.dtype)
    if kinds != (torch.float32, torch.float32, torch.int64):
        return f"boxes, scores and labels are {kinds}, not float32, float32 and int64"
    shapes = (tuple(answer.boxes.shape), tuple(answer.scores.shape), tuple(answer.labels.shape))
    number = len(answer.scores)
    if shapes != ((number, 4), (number,), (number,)):
        return f"boxes, scores and labels have the shapes {shapes}, not (D, 4), (D,) and (D,)"
    if not number:
        return ""
    if (answer.scores.diff() > 0).any():
        return "the scores do not fall: best first"
    if answer.scores.min() < 0 or answer.scores.max() > 1:
        return f"scores are {answer.scores.min():.3f} to {answer.scores.max():.3f}, not 0 to 1"
    if answer.labels.min() < 0 or answer.labels.max() >= classes:
        return f"labels are {answer.labels.min()} to {answer.labels.max()}, of {classes} classes"
    limits = torch.tensor([width, height, width, height])
    if answer.boxes.min() < 0 or (answer.boxes > limits).any():
        return f"a box leaves its image of {width} x {height} px"
    return ""


def _fault_of_proposals(answer: Detections, number: int) -> str:
    """Return what is wrong with the proposals that detections come from."""
    named = answer.proposals
    if named is None or named.dtype != torch.int64 or named.shape != answer.scores.shape:
        told = None if named is None else f"{named.dtype} {tuple(named.shape)}"
        return f"proposals is {told}, not int64 {tuple(answer.scores.shape)}"
    return stray_proposals(named.numpy(), number)
