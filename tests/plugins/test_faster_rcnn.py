"""Faster R-CNN: the details that get lost, each as torchvision has it."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn
from torchvision.ops import roi_align

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.faster_rcnn import build, detect, features, levels, losses
from boxwright_plugins.faster_rcnn_options import Options, backbone_levels
from boxwright_plugins.nets.faster_rcnn import FasterRcnn, region_pool

BACKBONES = Catalog.installed().backbones


@cache
def ours() -> FasterRcnn:
    net = build(BACKBONES["resnet50"].part, 90, Options())
    assert isinstance(net, FasterRcnn)
    return net.eval()


@cache
def theirs() -> FasterRCNN:
    return fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()


def settings(net: Any) -> dict[str, object]:
    """All numbers that decide what a Faster R-CNN proposes, samples and finds."""
    rpn, heads = net.rpn, net.roi_heads
    return {
        "candidates of a level": rpn._pre_nms_top_n,
        "proposals of an image": rpn._post_nms_top_n,
        "suppression of proposals": rpn.nms_thresh,
        "least objectness": rpn.score_thresh,
        "least side of a proposal, px": rpn.min_size,
        "matching of anchors": vars(rpn.proposal_matcher),
        "sampling of anchors": vars(rpn.fg_bg_sampler),
        "coding of anchors": (rpn.box_coder.weights, rpn.box_coder.bbox_xform_clip),
        "base anchors": [base.tolist() for base in rpn.anchor_generator.cell_anchors],
        "anchors of a cell": rpn.anchor_generator.num_anchors_per_location(),
        "matching of regions": vars(heads.proposal_matcher),
        "sampling of regions": vars(heads.fg_bg_sampler),
        "coding of regions": (heads.box_coder.weights, heads.box_coder.bbox_xform_clip),
        "least score": heads.score_thresh,
        "suppression of detections": heads.nms_thresh,
        "detections of an image": heads.detections_per_img,
        "cells of a region": heads.box_roi_pool.output_size,
        "samples of a cell": heads.box_roi_pool.sampling_ratio,
        "canonical region": (
            heads.box_roi_pool.canonical_scale,
            heads.box_roi_pool.canonical_level,
        ),
        "levels of regions": len(heads.box_roi_pool.featmap_names),
    }


def test_every_default_is_torchvisions() -> None:
    assert settings(ours()) == settings(theirs())


def test_the_numbers_are_those_that_torchvision_has_published() -> None:
    found = settings(ours())
    assert found["candidates of a level"] == {"training": 2000, "testing": 1000}
    assert found["proposals of an image"] == {"training": 2000, "testing": 1000}
    assert found["suppression of proposals"] == 0.7
    assert found["least objectness"] == 0
    assert found["least side of a proposal, px"] == 1e-3
    assert found["coding of anchors"] == ((1, 1, 1, 1), math.log(1000 / 16))
    assert found["coding of regions"] == ((10, 10, 5, 5), math.log(1000 / 16))
    assert (found["least score"], found["suppression of detections"]) == (0.05, 0.5)
    assert found["detections of an image"] == 100
    assert found["cells of a region"] == (7, 7)
    assert found["samples of a cell"] == 2


def test_parameters_have_torchvisions_names_and_shapes() -> None:
    shapes = [
        {key: value.shape for key, value in net.state_dict().items()} for net in (ours(), theirs())
    ]
    assert shapes[0] == shapes[1]


def test_base_anchors_are_whole_pixels_around_0() -> None:
    bases = ours().rpn.anchor_generator.cell_anchors
    for side, base in zip((32, 64, 128, 256, 512), bases, strict=True):
        assert base.equal(base.round())
        assert base[:, :2].equal(-base[:, 2:])
        width, height = (base[:, 2] - base[:, 0]), (base[:, 3] - base[:, 1])
        assert (height / width).tolist() == pytest.approx([0.5, 1, 2], rel=0.05)
        assert (width * height).sqrt().tolist() == pytest.approx([side] * 3, rel=0.03)


@pytest.mark.parametrize(
    ("side_px", "stride"),
    [(1, 4), (111, 4), (112, 8), (223, 8), (224, 16), (447, 16), (448, 32), (1300, 32)],
)
def test_a_region_is_pooled_from_the_level_of_its_size(side_px: int, stride: int) -> None:
    pool = ours().roi_heads.box_roi_pool
    level = pool.map_levels([torch.tensor([[0.0, 0, side_px, side_px]])]).item()
    assert 1 / pool.scales[level] == stride


def test_a_region_is_pooled_without_half_a_pixel_of_shift_and_never_from_the_extra_level() -> None:
    pool = ours().roi_heads.box_roi_pool
    sides = {"P2": 64, "P3": 32, "P4": 16, "P5": 8, "P6": 4}
    levels = {name: torch.rand(1, 3, side, side) for name, side in sides.items()}
    box = torch.tensor([[3.3, 5.1, 90.7, 61.2]])
    found = pool(levels, [box], [(256, 256)])
    assert found.equal(roi_align(levels["P2"], [box], 7, 1 / 4, 2, aligned=False))
    large = torch.tensor([[0.0, 0, 5000, 5000]])
    assert pool(levels, [large], [(256, 256)]).equal(
        roi_align(levels["P5"], [large], 7, 1 / 32, 2, aligned=False)
    )


def test_the_first_image_does_not_decide_how_the_next_are_pooled() -> None:
    levels = (Level("C4", 3, 16), Level("C5", 3, 32))
    features = {"P4": torch.rand(1, 3, 16, 16), "P5": torch.rand(1, 3, 8, 8)}
    box = [torch.tensor([[10.0, 10, 100, 100]])]
    used, fresh = (region_pool(levels, ("P4", "P5"), Options()) for _ in range(2))
    used(features, box, [(40, 30)])  # little of a canvas of 256 x 256 px
    assert used(features, box, [(256, 256)]).equal(fresh(features, box, [(256, 256)]))


class Body(nn.Module):
    """Two levels of noise-like features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 8, 8), nn.Conv2d(8, 8, 2, 2)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        fine = self.first(x).sin()
        return {"C3": fine, "C4": self.second(fine).sin()}


TINY = Backbone(
    name="tiny",
    levels=(Level("C3", 8, 8), Level("C4", 8, 16)),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)
FEW = Options(pyramid_channels=8, head_channels=16, min_score=0.3, most_detections=10)


def tiny(options: Options = FEW) -> nn.Module:
    torch.manual_seed(0)
    return build(TINY, 2, options).eval()


def noise(*sizes: tuple[int, int]) -> Batch:
    """Images of noise on canvases of 64 x 96 px."""
    torch.manual_seed(1)
    canvas = torch.zeros(len(sizes), 64, 96, 3, dtype=torch.uint8)
    for row, (height, width) in zip(canvas, sizes, strict=True):
        row[:height, :width] = torch.randint(0, 256, (height, width, 3))
    return Batch(canvas, torch.tensor(sizes, dtype=torch.int32))


def test_labels_count_from_0_and_scores_fall() -> None:
    [found] = detect(tiny(), noise((64, 96)))
    assert len(found.labels) == 10
    assert set(found.labels.tolist()) <= {0, 1}
    assert (found.scores.diff() <= 0).all()
    assert found.scores.min() > 0.3


def test_boxes_end_at_the_image_and_not_at_the_canvas() -> None:
    [found] = detect(tiny(), noise((40, 50)))
    assert len(found.boxes) > 0
    assert (found.boxes[:, 2:] <= torch.tensor([50, 40])).all()


def test_nothing_found_is_an_ordinary_answer() -> None:
    one = Options(pyramid_channels=8, head_channels=16, min_score=0.999)
    [found] = detect(tiny(one), noise((64, 96)))
    assert (found.boxes.shape, found.scores.shape, found.labels.shape) == ((0, 4), (0,), (0,))


def truth(*boxes: tuple[float, ...]) -> Truth:
    return Truth(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.zeros(len(boxes), dtype=torch.int64),
    )


@pytest.mark.parametrize("reduced", [False, True])
def test_losses_are_finite_float32_with_boxes_and_without(reduced: bool) -> None:
    net = tiny().train()
    truths = [truth((5, 5, 40, 45), (50, 10, 90, 60)), truth()]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
        found = losses(net, noise((64, 96), (40, 50)), truths)
    assert set(found) == {
        "loss_objectness",
        "loss_rpn_box_reg",
        "loss_classifier",
        "loss_box_reg",
    }
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in found.values())
    sum(found.values(), torch.zeros(())).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_left_to_itself_it_takes_the_deepest_level_of_each_stride() -> None:
    backbone = BACKBONES["mobilenet_v3_large"].part
    names = [level.name for level in backbone_levels(backbone, Options())]
    assert names == ["C2", "C3", "C4", "C5"]
    narrow = backbone_levels(backbone, Options(levels=("C5", "C5_narrow")))
    assert [level.name for level in narrow] == ["C5_narrow", "C5"]


def test_levels_of_regions_are_those_that_the_net_makes_and_that_its_anchors_stand_on() -> None:
    net = tiny()
    assert isinstance(net, FasterRcnn)
    declared = levels(TINY, FEW)
    with torch.no_grad():
        made = features(net)(torch.rand(1, 3, 64, 96))
    assert {name: tuple(level.shape[1:]) for name, level in made.items()} == {
        level.name: (level.channels, 64 // level.stride, 96 // level.stride) for level in declared
    }
    assert list(made) == [level.name for level in declared] == ["P3", "P4", "P5"]
    generator = net.rpn.anchor_generator
    anchors = [torch.tensor(level.anchors_px) for level in declared]
    assert all(a.equal(b) for a, b in zip(anchors, generator.cell_anchors, strict=True))


def test_levels_with_different_numbers_of_anchors_are_refused() -> None:
    with pytest.raises(BadSettings, match=r"has \[1, 2, 1\] sides for the levels"):
        tiny(Options(anchor_sides_px=((32,), (64, 96), (128,))))
