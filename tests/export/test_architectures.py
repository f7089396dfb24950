"""Detectors of other shapes than the small one, exported with untrained parameters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from torch import nn

from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop import network
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.pretrained import RECIPES
from boxwright_workshop.recipe import changed

[FASTER_RCNN] = faster_rcnn.boxwright_detectors()
Pictures = Callable[..., Group]
SMALL: dict[str, Any] = {
    "candidates": 50,
    "proposals": 20,
    "canonical_side_px": 60,
    "min_score": 0.25,
}


def export(net: nn.Module, path: Path, divisor: int) -> Comparison:
    """Return torch beside the graph of `net`."""
    export_graph(faster_rcnn.exportable(net), path, first_form(FASTER_RCNN, divisor), "float32")
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return Comparison(net, faster_rcnn.detect, session)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classes", "options"),
    [
        pytest.param(1, Options(levels=("C3",), **SMALL, most_detections=15), id="one level"),
        pytest.param(1, Options(levels=("C2", "C3"), **SMALL), id="two levels"),
        pytest.param(20, Options(anchor_sides_px=((9, 17, 33),) * 4, **SMALL), id="three sides"),
    ],
)
def test_other_options_are_exported_exactly(
    classes: int,
    options: Options,
    tiny: Callable[..., nn.Module],
    pictures: Pictures,
    tmp_path: Path,
) -> None:
    comparison = export(tiny(classes, options), tmp_path / "model.onnx", 16)
    comparison.add(pictures([(96, 128), (95, 121), (0, 0), (33, 63)], (96, 128)))
    comparison.add(pictures([(15, 31)], (16, 48), seed=1))
    assert comparison.differences == []
    assert comparison.detections > 3


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_torchvisions_detectors_are_exported_exactly(
    name: str, enliven: Callable[..., nn.Module], pictures: Pictures, tmp_path: Path
) -> None:
    net = network.build(
        changed(RECIPES[name].recipe, options=["min_score=0.25"]), 90, trained=False
    )
    enliven(net, pictures([(239, 301), (201, 317)], (256, 320)))
    comparison = export(net, tmp_path / "model.onnx", 32)
    group = pictures([(239, 301), (201, 317), (0, 0)], (256, 320))
    found = comparison.of_graph(group)
    assert sum(len(answer.scores) for answer in found) > 3
    for i, answer in enumerate(found):
        # Many random layers magnify rounding; trained ones are held to 0.001 px and 1e-5.
        expected = comparison.of_torch(group.alone(i))
        np.testing.assert_array_equal(answer.labels, expected.labels)
        np.testing.assert_allclose(answer.scores, expected.scores, atol=1e-3)
        np.testing.assert_allclose(answer.boxes, expected.boxes, atol=0.1)
    operators = [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
    assert operators.count("NonMaxSuppression") == 2
