"""Every installed detector on every installed backbone: it learns, and its graph finds the same."""

from collections.abc import Callable
from math import lcm
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest
import torch
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Backbone, Batch, Detector, Truth
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.matching import Answer, distances
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.recipe import converted

CATALOG = Catalog.installed()
QUICK = ("resnet18", "squeezenet1_1")
"""The backbones of which the gate takes all detectors; `just test-slow` takes the others."""
SMALL: dict[str, dict[str, Any]] = {
    "faster_rcnn": {
        "neck_channels": 16,
        "candidates": 50,
        "candidates_train": 50,
        "proposals": 30,
        "proposals_train": 30,
        "canonical_side_px": 60,
        "head_channels": 32,
        "min_score": 0.25,
    }
}
"""Options that make a detector quick, where there are any."""

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
    detector: Detector,
    backbone: Backbone,
    enliven: Callable[..., nn.Module],
    pictures: Callable[..., Group],
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    options: Any = converted(SMALL.get(detector.name, {}), detector.options, "the small options")
    net = detector.build(backbone, 3, options)
    sample = pictures([(96, 128), (95, 121)], (96, 128))
    assert lacking_gradients(detector, net, sample) == []

    enliven(net, pictures([(96, 128)] * 4, (96, 128)))
    divisor = lcm(*(level.stride for level in backbone.levels))
    export_graph(detector.exportable(net), tmp_path / "model.onnx", divisor, "float32")
    session = ort.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    comparison = Comparison(net, detector.detect, session)
    found = 0
    for group in (sample, pictures([(33, 63)], (64, 64), seed=1)):
        for i, of_graph in enumerate(comparison.of_graph(group)):
            of_torch = comparison.of_torch(group.alone(i))
            assert unlike(of_torch, of_graph) == unlike(of_graph, of_torch) == []
            found += len(of_torch.scores)
    assert found > 3


def unlike(some: Answer, others: Answer) -> list[str]:
    """Return which detections of the first answer are not near any of the second, in words.

    Many random layers magnify rounding; what is trained is held to 0.001 px and 1e-5.
    """
    box_px, score = distances(some, others)
    near = (box_px < 0.1) & (score < 1e-3)
    return [some.described(i) for i in range(len(some.scores)) if not near[i].any()]


def lacking_gradients(detector: Detector, net: nn.Module, group: Group) -> list[str]:
    """Return which parameters of `net` learn nothing from a group of pictures with one object each.

    The losses must be finite too.
    """
    batch = Batch(torch.from_numpy(group.canvas), torch.from_numpy(group.image_size))
    truths = [Truth(torch.tensor([[8.0, 8, 72, 72]]), torch.tensor([2])) for _ in group.canvas]
    losses = torch.stack(list(detector.losses(net.train(), batch, truths).values()))
    assert losses.isfinite().all()
    torch.autograd.backward(losses.sum())
    return [name for name, value in net.named_parameters() if value.grad is None]
