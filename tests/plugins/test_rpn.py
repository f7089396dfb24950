"""The proposal network alone, beside the Faster R-CNN that it is part of."""

import pytest
import torch
from torch import nn
from torchvision.ops import box_iou

from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors import faster_rcnn
from boxwright_plugins.detectors.rpn import boxwright_detectors
from boxwright_plugins.faster_rcnn_options import Options
from boxwright_plugins.nets.faster_rcnn import FasterRcnn

[RPN] = boxwright_detectors()


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
OPTIONS = Options(
    neck_channels=8,
    head_channels=16,
    anchor_sides_px=((16, 24), (32, 48), (64, 80)),
    candidates=50,
    proposals=40,
)


def net() -> FasterRcnn:
    torch.manual_seed(0)
    built = RPN.build(TINY, 2, OPTIONS)
    assert isinstance(built, FasterRcnn)
    return built.eval()


def noise() -> Batch:
    """Two images of noise, one smaller than its canvas."""
    torch.manual_seed(1)
    canvas = torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8)
    canvas[1, 40:], canvas[1, :, 50:] = 0, 0
    return Batch(canvas, torch.tensor([[64, 96], [40, 50]], dtype=torch.int32))


def test_a_checkpoint_of_faster_rcnn_is_one_of_the_proposal_network() -> None:
    whole = faster_rcnn.build(TINY, 2, OPTIONS)
    net().load_state_dict(whole.state_dict(), strict=True)


def test_it_finds_the_proposals_of_faster_rcnn_best_first_and_without_a_class() -> None:
    whole, batch = net(), noise()
    images, levels = whole.features(batch)
    proposals, _ = whole.rpn(images, levels)
    for found, expected, (height, width) in zip(
        RPN.detect(whole, batch), proposals, batch.image_size.tolist(), strict=True
    ):
        assert torch.equal(found.boxes, expected)
        assert 5 < len(found.scores) <= 40
        assert (found.scores.diff() <= 0).all()
        assert found.scores.min() >= 0
        assert found.labels.tolist() == [0] * len(found.scores)
        assert (found.boxes[:, 2:] <= torch.tensor([width, height])).all()


@pytest.mark.parametrize("empty", [False, True])
def test_it_learns_where_objects_are_whatever_they_are(empty: bool) -> None:
    learning = net().train()
    boxes = torch.tensor([[8.0, 8, 40, 40]])[: 0 if empty else 1]
    truths = [Truth(boxes, torch.full((len(boxes),), label)) for label in (0, 1)]
    found = RPN.losses(learning, noise(), truths)
    assert set(found) == {"loss_objectness", "loss_rpn_box_reg"}
    assert all(loss.isfinite() for loss in found.values())
    torch.autograd.backward(list(found.values()))
    assert {name.split(".")[0] for name, p in learning.named_parameters() if p.grad is None} == {
        "roi_heads"
    }


def test_taught_one_scene_its_best_proposal_is_the_object() -> None:
    learning, batch = net().train(), noise()
    batch.canvas[:, 10:34, 12:44] = torch.tensor([230, 20, 20], dtype=torch.uint8)
    truths = [Truth(torch.tensor([[12.0, 10, 44, 34]]), torch.tensor([1]))] * 2
    optimizer = torch.optim.AdamW(learning.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        torch.autograd.backward(list(RPN.losses(learning, batch, truths).values()))
        optimizer.step()
    for found in RPN.detect(learning.eval(), batch):
        assert box_iou(truths[0].boxes, found.boxes[:1]).item() > 0.6
