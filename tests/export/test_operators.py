"""ONNX Runtime's operators are torchvision's, to the last bit."""

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor
from torchvision.ops import nms, roi_align, roi_pool

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def run(operator: str, inputs: list[Tensor], **attributes: Any) -> Tensor:
    """Run one ONNX operator."""
    names = [f"in{i}" for i in range(len(inputs))]
    values = [
        helper.make_tensor_value_info(name, INT if x.dtype == torch.int64 else FLOAT, x.shape)
        for name, x in zip(names, inputs, strict=True)
    ]
    result = INT if operator == "NonMaxSuppression" else FLOAT
    shape: list[str | int | None]
    shape = ["rows", 3] if operator == "NonMaxSuppression" else ["rows", "channels", "h", "w"]
    output = helper.make_tensor_value_info("out", result, shape)
    node = helper.make_node(operator, names, ["out"], **attributes)
    graph = helper.make_graph([node], "one", values, [output])
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.checker.check_model(model)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    [answer] = session.run(None, {k: v.numpy() for k, v in zip(names, inputs, strict=True)})
    return torch.from_numpy(np.asarray(answer))


def boxes_of(count: int, seed: int, extent: float = 60) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * extent
    return torch.cat([corner, corner + torch.rand(count, 2, generator=generator) * 40], dim=1)


def suppress(boxes: Tensor, scores: Tensor, max_iou: float) -> list[int]:
    limits = [torch.tensor([len(scores)]), torch.tensor([max_iou]), torch.tensor([-0.5])]
    selected = run("NonMaxSuppression", [boxes[None], scores[None, None], *limits])
    return [int(index) for index in selected[:, 2]]


@pytest.mark.parametrize("max_iou", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("steps", [5, 1000])
def test_suppression_keeps_the_same_boxes_in_the_same_order_ties_included(
    max_iou: float, steps: int
) -> None:
    boxes = boxes_of(300, seed=steps)
    scores = torch.randint(steps, (300,), generator=torch.Generator().manual_seed(1)) / steps
    expected = nms(boxes, scores, max_iou).tolist()
    assert 10 < len(expected) < 290
    assert suppress(boxes, scores, max_iou) == expected


def test_a_box_whose_iou_is_the_threshold_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 5.001]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    assert nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert suppress(boxes, scores, 0.5) == [0, 1]


def test_dropped_boxes_neither_survive_nor_suppress() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [20, 20, 30, 30]])
    assert suppress(boxes, torch.tensor([-1.0, 0.0, -1.0]), 0.5) == [1]
    assert suppress(boxes, torch.tensor([-1.0, -1.0, -1.0]), 0.5) == []


@pytest.mark.parametrize("stride", [4, 16])
@pytest.mark.parametrize("cells", [2, 7])
def test_regions_are_pooled_to_the_same_bits(stride: int, cells: int) -> None:
    features = torch.randn(2, 5, 24, 32, generator=torch.Generator().manual_seed(0))
    boxes = boxes_of(200, seed=7, extent=stride * 24)
    boxes[:9] = boxes[:9, [0, 1, 0, 1]]  # of no size
    image = torch.arange(200) % 2
    rois = torch.cat([image[:, None].float(), boxes], dim=1)
    expected = roi_align(features, rois, (cells, cells), 1 / stride, 2, aligned=False)
    found = run(
        "RoiAlign",
        [features, boxes, image],
        coordinate_transformation_mode="output_half_pixel",
        mode="avg",
        output_height=cells,
        output_width=cells,
        sampling_ratio=2,
        spatial_scale=1 / stride,
    )
    assert torch.equal(found, expected)


@pytest.mark.parametrize("stride", [4, 16])
@pytest.mark.parametrize("cells", [2, 7])
def test_the_greatest_of_each_cell_is_the_same_to_the_last_bit(stride: int, cells: int) -> None:
    features = torch.randn(2, 5, 24, 32, generator=torch.Generator().manual_seed(0))
    boxes = boxes_of(400, seed=8, extent=stride * 26)  # some outside of the map
    boxes[:9] = boxes[:9, [0, 1, 0, 1]]  # of no size
    boxes[9:99] = (boxes[9:99] / (stride / 2)).round() * (stride / 2)  # between two cells
    rois = torch.cat([(torch.arange(400) % 2)[:, None].float(), boxes], dim=1)
    expected = roi_pool(features, rois, (cells, cells), 1 / stride)
    found = run(
        "MaxRoiPool", [features, rois], pooled_shape=[cells, cells], spatial_scale=1 / stride
    )
    assert torch.equal(found, expected)


def test_no_regions_are_pooled_to_nothing() -> None:
    features = torch.randn(1, 3, 8, 8)
    nothing = [torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)]
    found = run("RoiAlign", [features, *nothing], output_height=7, output_width=7)
    assert found.shape == (0, 3, 7, 7)
    found = run("MaxRoiPool", [features, torch.zeros(0, 5)], pooled_shape=[7, 7])
    assert found.shape == (0, 3, 7, 7)
