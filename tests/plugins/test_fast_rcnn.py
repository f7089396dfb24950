"""Fast R-CNN on a small backbone: which level it pools from, what it learns and finds."""

from collections import OrderedDict
from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import box_iou

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.fast_rcnn import build, detect, features, losses
from boxwright_plugins.fast_rcnn_levels import feature_maps, region_levels
from boxwright_plugins.fast_rcnn_options import Options

BACKBONES = Catalog.installed().backbones
NONE = torch.zeros(0, 4)


class Body(nn.Module):
    """Two levels of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 8, 8), nn.Conv2d(8, 8, 2, 2)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        fine = self.first(x).relu()
        return OrderedDict(C3=fine, C4=self.second(fine).sin())


TINY = Backbone(
    name="tiny",
    levels=(Level("C3", 8, 8), Level("C4", 8, 16)),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)
FEW = Options(neck_channels=8, head_channels=16, min_score=0.3, most_detections=10)
ALL = replace(FEW, min_score=0.0, suppression_iou=1.0, most_detections=1000)
"""Every box of every class is an answer."""


def tiny(options: Options = FEW) -> nn.Module:
    torch.manual_seed(0)
    return build(TINY, 2, options).eval()


def anywhere(count: int, height: int, width: int) -> Tensor:
    """Return boxes at random in an image."""
    corner = torch.rand(count, 2) * torch.tensor([width - 10.0, height - 10.0])
    far = corner + 8 + torch.rand(count, 2) * 50
    return torch.cat((corner, torch.minimum(far, torch.tensor([width, height]))), dim=1)


def scenes(count: int, seed: int) -> tuple[Batch, list[Truth]]:
    """Return images of 64 x 96 px with a red square and a blue bar, among other proposals."""
    torch.manual_seed(seed)
    canvas = torch.randint(0, 60, (count, 64, 96, 3), dtype=torch.uint8)
    truths, proposals = [], []
    for image in canvas:
        x, y = torch.randint(0, 16, (2,)).tolist()
        boxes = torch.tensor([[x, y, x + 28, y + 28], [x + 40, y + 4, x + 76, y + 24]])
        for (x1, y1, x2, y2), colour in zip(boxes.tolist(), (0, 2), strict=True):
            image[y1:y2, x1:x2, colour] = 230
        near = (boxes.float().repeat(6, 1) + torch.randn(12, 4) * 3).clamp(0, 96)
        truths.append(Truth(boxes.float(), torch.tensor([0, 1])))
        proposals.append(torch.cat((anywhere(40, 64, 96), near)))
    sizes = torch.tensor([[64, 96]] * count, dtype=torch.int32)
    return Batch(canvas, sizes, tuple(proposals)), truths


def test_labels_count_from_0_and_scores_fall_and_boxes_end_at_the_image() -> None:
    batch, _ = scenes(1, seed=0)
    small = Batch(batch.canvas, torch.tensor([[40, 50]], dtype=torch.int32), batch.proposals)
    [found] = detect(tiny(), small)
    assert len(found.labels) == 10
    assert set(found.labels.tolist()) <= {0, 1}
    assert (found.scores.diff() <= 0).all()
    assert found.scores.min() > 0.3
    assert (found.boxes[:, 2:] <= torch.tensor([50, 40])).all()


@pytest.mark.parametrize("pooling", ["max", "align"])
def test_without_proposals_there_is_nothing_and_that_is_ordinary(
    pooling: Literal["max", "align"],
) -> None:
    batch, _ = scenes(2, seed=0)
    net = tiny(replace(FEW, pooling=pooling))
    [nothing, something] = detect(
        net, Batch(batch.canvas, batch.image_size, (NONE, batch.proposals[1]))
    )
    assert (nothing.boxes.shape, nothing.scores.shape, nothing.labels.shape) == (
        (0, 4),
        (0,),
        (0,),
    )
    assert len(something.scores) > 0
    [nothing, _] = detect(net, Batch(batch.canvas, batch.image_size, (NONE, NONE)))
    assert len(nothing.scores) == 0


def test_an_image_is_answered_alike_alone_and_among_others() -> None:
    batch, _ = scenes(3, seed=1)
    proposals = (batch.proposals[0][:7], NONE, batch.proposals[2])
    net = tiny()
    together = detect(net, replace(batch, proposals=proposals))
    for i, found in enumerate(together):
        alone = Batch(batch.canvas[i : i + 1], batch.image_size[i : i + 1], proposals[i : i + 1])
        [expected] = detect(net, alone)
        torch.testing.assert_close(found.boxes, expected.boxes)
        assert torch.equal(found.labels, expected.labels)


def test_with_the_objects_as_proposals_every_object_is_covered() -> None:
    batch, truths = scenes(4, seed=2)
    found = detect(tiny(ALL), replace(batch, proposals=tuple(t.boxes for t in truths)))
    for answer, truth in zip(found, truths, strict=True):
        assert (box_iou(truth.boxes, answer.boxes).max(dim=1).values > 0.5).all()


def trained(steps: int) -> tuple[nn.Module, list[float]]:
    """Return a small net that has learnt from some scenes, and its losses."""
    net = tiny(replace(FEW, levels=("C3",), min_score=0.5, head_channels=32)).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)
    told = []
    for step in range(steps):
        total = sum(losses(net, *scenes(4, seed=step)).values(), torch.zeros(()))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        told.append(total.item())
    return net.eval(), told


def test_it_learns_to_find_and_to_name_objects_that_it_has_not_seen() -> None:
    net, told = trained(60)
    assert sum(told[-5:]) < 0.4 * sum(told[:5])
    batch, truths = scenes(6, seed=1000)
    for answer, truth in zip(detect(net, batch), truths, strict=True):
        overlap = box_iou(truth.boxes, answer.boxes)
        assert overlap.shape[1] > 1
        best = overlap.max(dim=1)
        assert (best.values > 0.5).all()
        assert torch.equal(answer.labels[best.indices], truth.labels)


@pytest.mark.parametrize("reduced", [False, True])
def test_losses_are_finite_float32_with_objects_and_proposals_and_without(reduced: bool) -> None:
    net = tiny().train()
    batch, [truth, _, _] = scenes(3, seed=3)
    empty = Truth(NONE, torch.zeros(0, dtype=torch.int64))
    proposals = (batch.proposals[0], batch.proposals[1], NONE)
    for proposed, truths in (
        (proposals, [truth, empty, truth]),
        (proposals, [empty] * 3),
        ((NONE,) * 3, [empty] * 3),
    ):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
            found = losses(net, replace(batch, proposals=proposed), truths)
        assert set(found) == {"loss_classifier", "loss_box_reg"}
        assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in found.values())
        net.zero_grad()
        torch.autograd.backward(list(found.values()))
        assert all(parameter.grad is not None for parameter in net.parameters())


def test_left_to_itself_it_pools_from_the_deepest_level_of_stride_16() -> None:
    papers = {
        name: [level.name for level in region_levels(BACKBONES[name].part, Options())]
        for name in ("vgg16", "resnet50", "mobilenet_v3_large", "squeezenet1_1")
    }
    strides = {
        name: [level.stride for level in region_levels(BACKBONES[name].part, Options())]
        for name in papers
    }
    assert papers["vgg16"] == ["C4"]
    assert all(of_one == [16] for of_one in strides.values())


def test_without_a_level_of_stride_16_it_pools_from_the_coarsest() -> None:
    shallow = replace(TINY, levels=TINY.levels[:1])
    assert [level.name for level in region_levels(shallow, FEW)] == ["C3"]


@pytest.mark.parametrize("neck", ["none", "fpn", "unet"])
def test_it_makes_the_levels_that_it_declares(neck: str) -> None:
    options = replace(FEW, neck=neck)
    with torch.no_grad():
        made = features(tiny(options))(torch.rand(1, 3, 64, 96))
    declared = region_levels(TINY, options)
    assert {name: tuple(level.shape[1:]) for name, level in made.items()} == {
        level.name: (level.channels, 64 // level.stride, 96 // level.stride) for level in declared
    }
    assert all(level.anchors_px == () for level in declared)


def test_levels_that_are_not_there_are_refused_with_their_names() -> None:
    with pytest.raises(UnknownName, match=r"no level of tiny named 'C5'\. Known: C3, C4\."):
        feature_maps(TINY, Options(levels=("C5",)))


def test_with_every_singular_value_it_answers_as_the_whole_head() -> None:
    batch, _ = scenes(2, seed=4)
    whole, full = tiny(ALL), tiny(replace(ALL, singular_values=(16, 16)))
    full.load_state_dict(whole.state_dict())
    for one, other in zip(detect(whole, batch), detect(full, batch), strict=True):
        torch.testing.assert_close(other.scores, one.scores, rtol=0, atol=1e-5)


def test_with_few_singular_values_the_same_checkpoint_answers_a_little_differently() -> None:
    batch, _ = scenes(2, seed=4)
    net, _ = trained(3)
    low = tiny(replace(FEW, levels=("C3",), head_channels=32, singular_values=(8, 8)))
    low.load_state_dict(net.state_dict())
    x = torch.randn(5, 8 * 7 * 7)
    head, lower = net.get_submodule("head"), low.get_submodule("head")
    assert 0.001 < (head(x) - lower(x)).abs().max() < 1
    assert len(detect(low, batch)) == 2


@pytest.mark.parametrize("kept", [(17, 4), (4,), (4, 4, 4)])
def test_singular_values_that_are_not_there_are_refused_with_their_numbers(
    kept: tuple[int, ...],
) -> None:
    with pytest.raises(BadSettings, match="the two fully connected layers have 16 and 16"):
        tiny(replace(FEW, singular_values=kept))
