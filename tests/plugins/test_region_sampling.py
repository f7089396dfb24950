"""Regions to learn from: objects, and the background that is hard to tell from them."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import box_iou

from boxwright_contract.parts import Truth
from boxwright_plugins.nets.region_sampling import Sampled, Sampling, sample

PAPERS = Sampling(regions=64, positive_share=0.25, positive_iou=0.5, background_iou=(0.1, 0.5))
TRUTH = Truth(torch.tensor([[10.0, 10, 50, 50], [60, 20, 90, 80]]), torch.tensor([4, 0]))
NOTHING = Truth(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
NONE = torch.zeros(0, 4)


def moved(box: Tensor, by: float, count: int) -> Tensor:
    """Return `count` copies of a box, a fraction of its width further right."""
    width = box[2] - box[0]
    return (box + by * width * torch.tensor([1.0, 0, 1, 0])).repeat(count, 1)


def anywhere(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * 70
    return torch.cat((corner, corner + 5 + torch.rand(count, 2, generator=generator) * 50), dim=1)


def overlap(sampled: Sampled) -> Tensor:
    """Return the greatest IoU of each region with an object."""
    return box_iou(sampled.boxes, TRUTH.boxes).max(dim=1).values


def test_a_quarter_shows_objects_and_the_rest_is_background_that_is_hard_to_tell() -> None:
    proposals = torch.cat((moved(TRUTH.boxes[0], 0.1, 50), moved(TRUTH.boxes[1], 0.6, 500)))
    found = sample(proposals, TRUTH, PAPERS)
    objects = found.labels > 0
    assert (len(found.boxes), int(objects.sum())) == (64, 16)
    assert (overlap(found)[objects] >= 0.5).all()
    assert (overlap(found)[~objects] < 0.5).all()
    assert (overlap(found)[~objects] >= 0.1).all()


def test_where_objects_are_few_background_takes_their_place() -> None:
    found = sample(moved(TRUTH.boxes[0], 0.6, 500), TRUTH, PAPERS)
    assert (len(found.boxes), int((found.labels > 0).sum())) == (64, 2)


def test_easy_background_is_drawn_only_where_the_hard_runs_out() -> None:
    far, hard = moved(TRUTH.boxes[0], 20, 500), moved(TRUTH.boxes[0], 0.6, 30)
    found = sample(torch.cat((far, hard)), TRUTH, PAPERS)
    assert len(found.boxes) == 64
    assert int((overlap(found) == 0).sum()) == 64 - 2 - 30


def test_an_object_is_learnt_though_no_proposal_covers_it() -> None:
    found = sample(NONE, TRUTH, PAPERS)
    assert found.labels.sort().values.tolist() == [1, 5]
    assert torch.equal(found.boxes, found.targets)


def test_a_region_learns_the_class_and_the_box_of_the_object_that_it_overlaps_most() -> None:
    found = sample(anywhere(400), TRUTH, PAPERS)
    nearest = box_iou(found.boxes, TRUTH.boxes).argmax(dim=1)
    objects = found.labels > 0
    assert objects.sum() > 2
    assert torch.equal(found.targets, TRUTH.boxes[nearest])
    assert torch.equal(found.labels[objects], TRUTH.labels[nearest[objects]] + 1)


def test_an_image_without_objects_teaches_background() -> None:
    found = sample(anywhere(100), NOTHING, PAPERS)
    assert (len(found.boxes), int(found.labels.sum())) == (64, 0)
    assert torch.equal(found.boxes, found.targets)


def test_from_nothing_nothing_is_drawn() -> None:
    found = sample(NONE, NOTHING, PAPERS)
    assert (found.boxes.shape, found.labels.shape) == ((0, 4), (0,))
    assert found.labels.dtype == torch.int64


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_drawn_follows_the_seed(seed: int) -> None:
    torch.manual_seed(seed)
    first = sample(anywhere(400), TRUTH, PAPERS)
    again = sample(anywhere(400), TRUTH, PAPERS)
    torch.manual_seed(seed)
    repeated = sample(anywhere(400), TRUTH, PAPERS)
    assert torch.equal(first.boxes, repeated.boxes)
    assert not torch.equal(first.boxes, again.boxes)
