"""The graph of the proposal network finds what torchvision's code proposes."""

from collections.abc import Callable
from pathlib import Path

import onnxruntime as ort
import torch
from torch import nn

from boxwright_contract.parts import Batch
from boxwright_plugins.detectors.rpn import boxwright_detectors
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_workshop.graph_file import export_graph
from boxwright_workshop.graph_form import first_form
from boxwright_workshop.parity.odd_sizes import Group

[RPN] = boxwright_detectors()
OPTIONS = Options(
    neck_channels=16,
    anchor_sides_px=((12, 20), (24, 40), (48, 60), (80, 90)),
    candidates=60,
    proposals=200,
    min_objectness=0.6,
    canonical_side_px=60,
    head_channels=32,
)


def test_it_proposes_the_same_best_first_with_the_same_scores(
    tiny: Callable[..., nn.Module], pictures: Callable[..., Group], tmp_path: Path
) -> None:
    net = tiny(3, OPTIONS)
    graph = tmp_path / "model.onnx"
    export_graph(RPN.exportable(net), graph, first_form(RPN, 16), "float32")
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    sample = pictures([(96, 128), (61, 77), (0, 0)], (96, 128))
    boxes, scores, labels, count, origin = session.run(
        ("boxes", "scores", "labels", "count", "origin"),
        {"image": sample.canvas, "image_size": sample.image_size},
    )
    assert boxes.shape == (3, 200, 4)
    assert not labels.any()
    batch = Batch(torch.from_numpy(sample.canvas), torch.from_numpy(sample.image_size))
    for i, found in enumerate(RPN.detect(net, batch)):
        got = int(count[i])
        assert got == len(found.scores)
        torch.testing.assert_close(
            torch.from_numpy(boxes[i, :got].copy()), found.boxes, rtol=0, atol=1e-3
        )
        torch.testing.assert_close(
            torch.from_numpy(scores[i, :got].copy()), found.scores, rtol=0, atol=1e-5
        )
        assert not boxes[i, got:].any()
        assert not scores[i, got:].any()
        assert not origin[i, got:].any()
    assert 10 < min(count[:2]) < 200
    assert count[2] == 0
    assert set(origin[0, :, 0].tolist()) <= {0, 1, 2, 3}
