"""Faster R-CNN: the details that get lost, each as torchvision has it."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn
from torchvision.ops import roi_align

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import Level
from boxwright_plugins.detectors.faster_rcnn import build
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.nets.faster_rcnn import FasterRcnn, region_pool
from boxwright_workshop.pretrained import with_our_names


@cache
def ours() -> FasterRcnn:
    net = build(Catalog.installed().backbone("resnet50"), 90, Options())
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


def test_parameters_have_torchvisions_shapes_and_all_but_the_necks_its_names() -> None:
    expected = {key: value.shape for key, value in with_our_names(theirs().state_dict()).items()}
    assert {key: value.shape for key, value in ours().state_dict().items()} == expected


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
    levels = (Level("P4", 3, 16), Level("P5", 3, 32))
    features = {"P4": torch.rand(1, 3, 16, 16), "P5": torch.rand(1, 3, 8, 8)}
    box = [torch.tensor([[10.0, 10, 100, 100]])]
    used, fresh = (region_pool(levels, Options()) for _ in range(2))
    used(features, box, [(40, 30)])  # little of a canvas of 256 x 256 px
    assert used(features, box, [(256, 256)]).equal(fresh(features, box, [(256, 256)]))
