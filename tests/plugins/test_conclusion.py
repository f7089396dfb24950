"""The eager conclusion: torchvision's answer where it has one, and what it refuses."""

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.ops import batched_nms

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_plugins.conclusion_options import ConclusionOptions
from boxwright_plugins.nets.conclusion import conclude
from boxwright_workshop.recipe import converted

SIZE = torch.tensor([200, 200])
OTHERS = ["soft_linear", "soft_gaussian", "weighted_fusion"]


def regions(count: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return scores (P, K) and boxes (P, K, 4) inside the image."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, classes, 2, generator=generator) * 120
    side = 20 + torch.rand(count, classes, 2, generator=generator) * 60
    scores = torch.rand(count, classes, generator=generator)
    return scores, torch.cat([corner, corner + side], dim=-1)


@pytest.mark.parametrize("seed", range(5))
def test_greedy_is_torchvisions_batched_suppression(seed: int) -> None:
    scores, boxes = regions(60, 4, seed)
    found, rows = conclude(scores, boxes, SIZE, ConclusionOptions(most_detections=30))
    labels = torch.arange(4).repeat(60)
    usable = torch.where(scores.flatten() > 0.05)[0]
    kept = batched_nms(boxes.reshape(-1, 4)[usable], scores.flatten()[usable], labels[usable], 0.5)
    expected = usable[kept][:30]
    assert len(expected) == 30
    assert torch.equal(rows * 4 + found.labels, expected)
    assert torch.equal(found.scores, scores.flatten()[expected])
    assert torch.equal(found.boxes, boxes.reshape(-1, 4)[expected])


@pytest.mark.parametrize("suppression", ["greedy", *OTHERS])
def test_no_region_at_all_is_an_ordinary_answer(suppression: Any) -> None:
    options = ConclusionOptions(suppression=suppression)
    found, rows = conclude(torch.zeros(0, 3), torch.zeros(0, 3, 4), SIZE, options)
    assert (found.boxes.shape, found.scores.shape, found.labels.shape) == ((0, 4), (0,), (0,))
    assert (rows.shape, rows.dtype, found.labels.dtype) == ((0,), torch.int64, torch.int64)


@pytest.mark.parametrize("suppression", ["greedy", *OTHERS])
def test_boxes_that_do_not_overlap_are_all_kept_as_they_are(suppression: Any) -> None:
    boxes = torch.tensor([[0.0, 0, 40, 40], [50, 0, 90, 40], [0, 50, 40, 90]])[:, None]
    scores = torch.tensor([[0.3], [0.9], [0.6]])
    found, rows = conclude(scores, boxes, SIZE, ConclusionOptions(suppression=suppression))
    assert rows.tolist() == [1, 2, 0]
    torch.testing.assert_close(found.boxes, boxes[[1, 2, 0], 0])
    assert torch.equal(found.scores, scores[[1, 2, 0], 0])


@pytest.mark.parametrize("detector", ["faster_rcnn", "fast_rcnn", "rcnn"])
def test_every_detector_takes_the_options_with_the_same_defaults(detector: str) -> None:
    options = Catalog.installed().detectors[detector].part.options()
    for field in fields(ConclusionOptions):
        assert getattr(options, field.name) == field.default


@pytest.mark.parametrize(
    ("table", "cure"),
    [
        ({"suppression": "hard"}, "Invalid enum value 'hard'"),
        ({"soft_sigma": 0.0}, "Expected `float` > 0.0 .*soft_sigma`, where 0.0 stands"),
        ({"min_score": -0.1}, "Expected `float` >= 0.0 .*min_score`, where -0.1 stands"),
        ({"suppression_iou": 1.5}, "Expected `float` <= 1.0 .*suppression_iou`, where 1.5 st"),
        ({"most_detections": 0}, "Expected `int` >= 1 .*most_detections`, where 0 stands"),
        ({"fused_candidates": 0}, "Expected `int` >= 1 .*fused_candidates`, where 0 stands"),
    ],
)
def test_options_that_cannot_work_are_refused_with_the_cure(
    table: dict[str, Any], cure: str
) -> None:
    with pytest.raises(BadSettings, match=cure):
        converted(table, ConclusionOptions, "the options")
