"""Faster R-CNN on a small backbone: which levels it stands on, what it learns and finds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.faster_rcnn import build, detect, features, levels, losses
from boxwright_plugins.faster_rcnn_levels import feature_maps
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.nets.conclusion import conclude
from boxwright_plugins.nets.faster_rcnn import FasterRcnn, scored
from boxwright_plugins.pooled_levels import backbone_levels

BACKBONES = Catalog.installed().backbones
NECKS = Catalog.installed().necks


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
FEW = Options(neck_channels=8, head_channels=16, min_score=0.3, most_detections=10)


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
    one = Options(neck_channels=8, head_channels=16, min_score=0.999)
    [found] = detect(tiny(one), noise((64, 96)))
    assert (found.boxes.shape, found.scores.shape, found.labels.shape) == ((0, 4), (0,), (0,))


@torch.inference_mode()
def test_torchvisions_own_answer_is_the_greedy_conclusion_from_its_regions() -> None:
    net, batch = tiny(), noise((64, 96), (40, 50))
    assert isinstance(net, FasterRcnn)
    images, maps = net.features(batch)
    proposals, _ = net.rpn(images, maps)
    regions = scored(net, images, maps, proposals)
    for found, (scores, boxes), size in zip(
        detect(net, batch), regions, batch.image_size, strict=True
    ):
        concluded, _ = conclude(scores, boxes, size, FEW)
        assert len(found.labels) > 3
        assert torch.equal(concluded.labels, found.labels)
        torch.testing.assert_close(concluded.scores, found.scores)
        torch.testing.assert_close(concluded.boxes, found.boxes)


@pytest.mark.parametrize("suppression", ["soft_linear", "soft_gaussian", "weighted_fusion"])
def test_another_suppression_gives_another_answer_from_the_same_parameters(
    suppression: Any,
) -> None:
    net, other = tiny(), tiny(replace(FEW, suppression=suppression, suppression_iou=0.2))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    [one], [two] = detect(net, noise((64, 96))), detect(other, noise((64, 96)))
    assert len(two.labels) > 3
    assert (two.scores.diff() <= 0).all()
    assert one.scores.tolist() != two.scores.tolist() or not torch.equal(one.boxes, two.boxes)


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


@pytest.mark.parametrize("neck", NECKS)
def test_levels_of_regions_are_those_that_the_net_makes_and_that_its_anchors_stand_on(
    neck: str,
) -> None:
    options = replace(FEW, neck=neck)
    net = tiny(options)
    assert isinstance(net, FasterRcnn)
    declared = levels(TINY, options)
    with torch.no_grad():
        made = features(net)(torch.rand(1, 3, 64, 96))
    assert {name: tuple(level.shape[1:]) for name, level in made.items()} == {
        level.name: (level.channels, 64 // level.stride, 96 // level.stride) for level in declared
    }
    assert list(made) == [level.name for level in declared]
    generator = net.rpn.anchor_generator
    anchors = [torch.tensor(level.anchors_px) for level in declared]
    assert all(a.equal(b) for a, b in zip(anchors, generator.cell_anchors, strict=True))


def test_several_levels_have_an_extra_one_for_proposals_and_one_anchor_side_each() -> None:
    maps = feature_maps(TINY, FEW)
    assert [level.name for level in maps.pooled] == ["P3", "P4"]
    assert [(level.name, level.stride) for level in maps.extra] == [("P5", 32)]
    assert maps.anchor_sides_px == ((64,), (128,), (256,))


@pytest.mark.parametrize("options", [Options(neck="none"), Options(levels=("C4",))])
def test_a_single_level_has_none_and_three_anchor_sides(options: Options) -> None:
    maps = feature_maps(TINY, options)
    assert [level.stride for level in maps.proposing] == [16]
    assert maps.anchor_sides_px == ((64, 128, 256),)


def test_a_level_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no level of resnet50 named 'C6'"):
        backbone_levels(BACKBONES["resnet50"].part, Options(levels=("C5", "C6")))


def test_levels_with_a_gap_are_refused() -> None:
    gap = Options(levels=("C3", "C5"))
    with pytest.raises(BadSettings, match=r"C3, C5 of resnet50, the neck fpn .* strides \[8, 32\]"):
        feature_maps(BACKBONES["resnet50"].part, gap)
    alone = feature_maps(BACKBONES["resnet50"].part, replace(gap, neck="none"))
    assert [level.name for level in alone.pooled] == ["C5"]


def test_a_neck_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no neck named 'fnp'\. Did you mean 'fpn'"):
        tiny(Options(neck="fnp"))


UNEVEN = """
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Neck

@hookimpl
def boxwright_necks():
    return [Neck(name="uneven", levels=lambda below, channels: below, build=print, source="")]
"""


def test_a_neck_whose_levels_differ_in_channels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "uneven-1.dist-info"
    info.mkdir()
    (tmp_path / "uneven.py").write_text(UNEVEN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: uneven\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[boxwright]\nuneven = uneven\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadSettings, match=r"the neck uneven makes levels with \[512, 1024\] chan"):
        levels(BACKBONES["resnet50"].part, Options(neck="uneven", levels=("C3", "C4")))


def test_levels_with_different_numbers_of_anchors_are_refused() -> None:
    with pytest.raises(BadSettings, match=r"has \[1, 2, 1\] sides for the levels"):
        tiny(Options(anchor_sides_px=((32,), (64, 96), (128,))))
