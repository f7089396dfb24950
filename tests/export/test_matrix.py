"""Every installed detector on every installed backbone: it learns, and its graph finds the same."""

from collections.abc import Callable
from dataclasses import fields, replace
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Backbone, Batch, Detector, Truth
from boxwright_workshop.graphs import export_graphs
from boxwright_workshop.network import body_of
from boxwright_workshop.parity.comparison import Comparison, as_batch
from boxwright_workshop.parity.matching import Answer, distances
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.parity.regions import in_pixels, made_up
from boxwright_workshop.recipe import converted

CATALOG = Catalog.installed()
QUICK = ("resnet18", "squeezenet1_1")
"""The backbones of which the gate takes all detectors; `just test-slow` takes the others."""
CLASSES = 3
MIN_SCORE = 0.25
SMALL: dict[str, Any] = {
    "neck_channels": 16,
    "candidates": 50,
    "candidates_train": 50,
    "proposals": 30,
    "proposals_train": 30,
    "regions_train": 16,
    "region_px": 64,
    "canonical_side_px": 60,
    "head_channels": 32,
    "min_score": MIN_SCORE,
}
"""What makes a detector quick, where it has such an option."""
SPREADS = {"cls_logits": 2.0, "bbox_pred": 0.5, "cls_score": 2.0}
"""What each output of these layers deviates by, from place to place, in a detector that tells
places apart."""

PAIRS = [
    pytest.param(
        detector.part,
        backbone.part,
        id=f"{of}+{on}",
        marks=() if on in QUICK else (pytest.mark.slow, pytest.mark.timeout(900)),
    )
    for of, detector in CATALOG.detectors.items()
    for on, backbone in CATALOG.backbones.items()
]


@pytest.mark.parametrize(("detector", "backbone"), PAIRS)
def test_a_detector_learns_and_is_exported_on_every_backbone(
    detector: Detector, backbone: Backbone, pictures: Callable[..., Group], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    options = small_options(detector)
    net = detector.build(backbone, CLASSES, options)
    sample = proposed(detector, pictures([(96, 128), (95, 121)], (96, 128)))
    assert lacking_gradients(detector, net, sample) == []

    enliven(detector, net, proposed(detector, pictures([(96, 128)] * 4, (96, 128))))
    divisor = lcm(*(level.stride for level in backbone.levels))
    graphs = export_graphs(detector, net, options, tmp_path, divisor)
    comparison = Comparison(net, detector.detect, graphs.few_at_a_time().opened())
    found = 0
    small = pictures([(33, 63)], (64, 64), seed=1)
    more = pictures([(96, 117), (81, 128), (95, 127)], (96, 128), seed=2)
    for group in (sample, *(proposed(detector, each) for each in (small, more))):
        for i, of_graph in enumerate(comparison.of_graph(group)):
            of_torch = comparison.of_torch(group.alone(i))
            assert unlike(of_torch, of_graph) == unlike(of_graph, of_torch) == []
            found += len(of_torch.scores)
    assert found > 3


def small_options(detector: Detector) -> Any:
    """Return the options of a detector, as small as may be."""
    known = {option.name for option in fields(detector.options)}
    small = {name: value for name, value in SMALL.items() if name in known}
    return converted(small, detector.options, "the small options")


def proposed(detector: Detector, group: Group) -> Group:
    """Return pictures with the proposals that a detector needs, of each another number."""
    if not detector.needs_proposals:
        return group
    rng = np.random.default_rng(0)
    sizes = group.image_size.tolist()
    boxes = [in_pixels(made_up(14 + 5 * i, rng), *size) for i, size in enumerate(sizes)]
    return replace(group, proposals=tuple(boxes))


def lacking_gradients(detector: Detector, net: nn.Module, group: Group) -> list[str]:
    """Return which parameters learn nothing from a group of pictures with one object each.

    The losses must be finite too. Left out are the backbone's layers that no feature map of the
    detector depends on, and the heads of one that is class-agnostic, which has those of another.
    """
    batch = as_batch(group)
    label = 0 if detector.class_agnostic else 2
    truths = [Truth(torch.tensor([[8.0, 8, 72, 72]]), torch.tensor([label])) for _ in group.canvas]
    maps = detector.features(net.train())(torch.rand(2, 3, 64, 64))
    unused = unreached(body_of(net), torch.stack([level.sum() for level in maps.values()]))
    losses = torch.stack(list(detector.losses(net, batch, truths).values()))
    assert losses.isfinite().all()
    excused = {f"backbone.body.{name}" for name in unused}
    lacking = [name for name in unreached(net, losses) if name not in excused]
    return [name for name in lacking if name.startswith("backbone.") or not detector.class_agnostic]


def unreached(net: nn.Module, results: Tensor) -> list[str]:
    """Return the names of the parameters that `results` do not depend on."""
    net.zero_grad(set_to_none=True)
    torch.autograd.backward(results.sum())
    return [name for name, value in net.named_parameters() if value.grad is None]


@torch.no_grad()
def enliven(detector: Detector, net: nn.Module, group: Group) -> None:
    """Scale the heads of an untrained net until it takes a fifth of its regions for something.

    An output is scaled by how it differs between places: without normalisation, as in VGG-16,
    outputs differ from each other by far more, and no region would look unlike the rest.
    """
    batch = as_batch(group)
    for module in net.eval().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train().momentum = 1.0  # take the statistics of the pictures
            module.bias.fill_(1.0)  # most values pass the ReLU: deep nets magnify rounding less
    detector.detect(net, batch)
    net.eval()
    for name, layer in net.named_modules():
        kind = name.rpartition(".")[2]
        outputs = outputs_of(layer, detector, net, batch) if kind in SPREADS else []
        if not outputs:
            continue
        places = torch.cat([output.movedim(1, -1).flatten(0, -2) for output in outputs])
        layer.get_parameter("weight").mul_(SPREADS[kind] / places.std(dim=0).mean())
        if kind == "cls_score":
            logits = torch.cat(outputs_of(layer, detector, net, batch))  # background comes first
            bias = layer.get_parameter("bias")
            bias -= logits.mean(dim=0)
            logits -= logits.mean(dim=0)
            margin = logits[:, 1:].max(dim=1).values - logits[:, 0]
            bias[0] += margin.quantile(0.8) - torch.tensor(MIN_SCORE).logit()


def outputs_of(layer: nn.Module, detector: Detector, net: nn.Module, batch: Batch) -> list[Tensor]:
    """Return what a layer gives each time that it runs on a batch."""
    outputs: list[Tensor] = []
    hook = layer.register_forward_hook(lambda *call: outputs.append(call[2]))
    detector.detect(net, batch)
    hook.remove()
    return outputs


def unlike(some: Answer, others: Answer) -> list[str]:
    """Return which detections of the first answer are not near any of the second, in words.

    Random layers magnify rounding; what is trained is held to 0.001 px and 1e-5.
    """
    box_px, score = distances(some, others)
    near = (box_px < 0.01) & (score < 1e-4)
    return [some.described(i) for i in range(len(some.scores)) if not near[i].any()]
