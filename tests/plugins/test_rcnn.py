"""R-CNN on a small backbone: what it sees, what it learns and finds."""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import box_iou

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.rcnn import build, detect, features, levels, losses
from boxwright_plugins.nets.rcnn import Rcnn, decoded
from boxwright_plugins.nets.warp import floored
from boxwright_plugins.rcnn_options import Options

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
    preprocessing=Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)),
    build=Body,
    source="made for tests",
)
FEW = Options(region_px=64, context_px=8, head_channels=16, min_score=0.3, most_detections=10)
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


def test_without_proposals_there_is_nothing_and_that_is_ordinary() -> None:
    batch, _ = scenes(2, seed=0)
    [nothing, something] = detect(tiny(), replace(batch, proposals=(NONE, batch.proposals[1])))
    assert [tuple(part.shape) for part in (nothing.boxes, nothing.scores, nothing.labels)] == [
        (0, 4),
        (0,),
        (0,),
    ]
    assert len(something.scores) > 0


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_the_number_of_regions_at_once_changes_nothing(at_once: int) -> None:
    batch, _ = scenes(2, seed=1)
    for found, expected in zip(
        detect(tiny(replace(FEW, regions_at_once=at_once)), batch),
        detect(tiny(), batch),
        strict=True,
    ):
        torch.testing.assert_close(found.boxes, expected.boxes)
        torch.testing.assert_close(found.scores, expected.scores)
        assert torch.equal(found.labels, expected.labels)


def test_with_the_objects_as_proposals_every_object_is_covered() -> None:
    batch, truths = scenes(4, seed=2)
    found = detect(tiny(ALL), replace(batch, proposals=tuple(t.boxes for t in truths)))
    for answer, truth in zip(found, truths, strict=True):
        assert (box_iou(truth.boxes, answer.boxes).max(dim=1).values > 0.5).all()


def test_what_lies_outside_the_image_is_0_for_the_backbone() -> None:
    net = tiny()
    assert isinstance(net, Rcnn)
    white = torch.full((1, 48, 48, 3), 255, dtype=torch.uint8)
    whole = torch.tensor([[[0.0, 0.0, 48.0, 48.0]]])
    [crop] = net.crops(white, torch.tensor([[48, 48]]), whole, floored)
    around = torch.ones(64, 64, dtype=torch.bool)
    around[8:56, 8:56] = False
    assert (crop[:, around] == 0).all()
    expected = (1 - torch.tensor([0.5, 0.4, 0.3])) / torch.tensor([0.2, 0.25, 0.3])
    torch.testing.assert_close(crop[:, 30, 30], expected)
    assert (crop[:, ~around] == crop[:, 30:31, 30]).all()


def test_boxes_are_decoded_as_the_paper_tells() -> None:
    rng = np.random.default_rng(0)
    proposals = np.abs(rng.normal(0, 40, (50, 4))).cumsum(axis=1)[:, [0, 1, 2, 3]]
    deltas = rng.normal(0, 3, (50, 2, 4))
    deltas[:5] *= 20  # widths beyond what is let through
    regions = np.concatenate([rng.random((50, 2)), deltas.reshape(50, 8)], axis=1)
    scores, boxes = decoded(torch.from_numpy(regions), torch.from_numpy(proposals))
    side = proposals[:, 2:] - proposals[:, :2]
    centre = (proposals[:, :2] + side / 2)[:, None] + side[:, None] * deltas[..., :2] / 10
    half = side[:, None] * np.exp(np.minimum(deltas[..., 2:] / 5, np.log(1000 / 16))) / 2
    expected = np.concatenate([centre - half, centre + half], axis=2)
    np.testing.assert_allclose(boxes.numpy(), expected, rtol=1e-6)
    np.testing.assert_array_equal(scores.numpy(), regions[:, :2])


def trained(steps: int) -> tuple[nn.Module, list[float]]:
    """Return a small net that has learnt from some scenes, and its losses."""
    net = tiny(replace(FEW, min_score=0.5, head_channels=32)).train()
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


def test_frozen_layers_get_no_gradient_and_the_others_do() -> None:
    net = tiny().train()
    first = [p for name, p in net.named_parameters() if name.startswith("backbone.body.first")]
    for parameter in first:
        parameter.requires_grad_(False)
    torch.autograd.backward(list(losses(net, *scenes(2, seed=4)).values()))
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    assert len(first) == 2
    assert all(parameter.grad is None for parameter in first)
    assert all(parameter.grad is not None for parameter in learning)


def test_it_sees_a_region_through_the_deepest_of_the_coarsest_levels() -> None:
    twice = replace(TINY, levels=(Level("C3", 8, 8), Level("C4", 8, 16), Level("C4b", 8, 16)))
    net = build(twice, 2, FEW)
    assert isinstance(net, Rcnn)
    assert net.level == "C4b"
    assert list(features(tiny())(torch.zeros(1, 3, 64, 64))) == ["C4"]
    assert levels(TINY, FEW) == ()


@pytest.mark.parametrize("name", BACKBONES)
def test_its_own_region_suits_every_backbone(name: str) -> None:
    assert Options().region_px % max(level.stride for level in BACKBONES[name].part.levels) == 0


@pytest.mark.parametrize(("side", "context"), [(40, 4), (32, 16)])
def test_regions_that_do_not_suit_the_backbone_are_refused_with_the_numbers(
    side: int, context: int
) -> None:
    with pytest.raises(BadSettings, match=rf"region_px = {side} .* multiple of 16, the stride of"):
        build(TINY, 2, replace(FEW, region_px=side, context_px=context))
