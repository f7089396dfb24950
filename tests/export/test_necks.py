"""A small Faster R-CNN on every neck, exported with untrained parameters."""

from collections.abc import Callable
from pathlib import Path

import onnxruntime as ort
import pytest
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.odd_sizes import Group

[FASTER_RCNN] = faster_rcnn.boxwright_detectors()
FORM = first_form(FASTER_RCNN, 16)
NECKS = [
    pytest.param(name, marks=pytest.mark.slow if name == "fpn" else ())
    for name in Catalog.installed().necks
]
"""The pyramid is under the detector of the other tests anyway."""


@pytest.mark.parametrize("name", NECKS)
def test_the_graph_finds_what_torch_finds_on_every_neck(
    name: str,
    tiny: Callable[..., nn.Module],
    pictures: Callable[..., Group],
    tmp_path: Path,
) -> None:
    net = tiny(
        3,
        Options(
            neck=name,
            neck_channels=10,
            anchor_sides_px=((12, 30, 60),) if name == "none" else (),
            candidates=50,
            proposals=30,
            canonical_side_px=60,
            head_channels=32,
            min_score=0.25,
        ),
    )
    export_graph(faster_rcnn.exportable(net), tmp_path / "model.onnx", FORM, "float32")
    session = ort.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    comparison = Comparison(net, faster_rcnn.detect, session)
    comparison.add(pictures([(96, 128), (95, 121), (0, 0), (33, 63)], (96, 128)))
    comparison.add(pictures([(15, 31)], (16, 48), seed=1))
    assert comparison.differences == []
    assert comparison.detections > 3
