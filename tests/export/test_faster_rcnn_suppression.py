"""Faster R-CNN exported with another suppression than the greedy one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest
from torch import nn

from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group

[FASTER_RCNN] = faster_rcnn.boxwright_detectors()


@pytest.mark.parametrize(
    "suppression",
    [
        "soft_gaussian",
        pytest.param("soft_linear", marks=pytest.mark.slow),
        pytest.param("weighted_fusion", marks=pytest.mark.slow),
    ],
)
def test_the_graph_answers_as_torch_does(
    suppression: Any,
    tiny: Callable[..., nn.Module],
    pictures: Callable[..., Group],
    tmp_path: Path,
) -> None:
    options = Options(
        levels=("C3",),
        candidates=50,
        proposals=20,
        canonical_side_px=60,
        min_score=0.25,
        suppression=suppression,
        fused_candidates=10,
        most_detections=8,
    )
    net, path = tiny(2, options), tmp_path / "model.onnx"
    export_graph(faster_rcnn.exportable(net), path, first_form(FASTER_RCNN, 16), "float32")
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    comparison = Comparison(net, faster_rcnn.detect, session)
    comparison.add(pictures([(96, 128), (95, 121), (0, 0), (33, 63)], (96, 128)))
    comparison.add(pictures([(15, 31)], (16, 48), seed=1))
    assert comparison.differences == []
    assert comparison.detections > 8
