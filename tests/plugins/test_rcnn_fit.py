"""The support vector machines and the ridge regression that R-CNN can fit to its features."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.ops import box_iou

from boxwright_contract.parts import Backbone, Batch, Level, Preprocessing, Truth
from boxwright_plugins.detectors.rcnn import after_training, build, detect, losses
from boxwright_plugins.nets.hard_negatives import EASY, Miner, margins
from boxwright_plugins.nets.ridge import LAMBDA, WHITENING, Ridge, Sums
from boxwright_plugins.nets.svm import BIAS_FEATURE, NEVER, POSITIVE_WEIGHT, C, fit
from boxwright_plugins.rcnn_options import Options

NONE = torch.zeros(0, 4)


class Body(nn.Module):
    """One level of random features."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 16, 16)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        return OrderedDict(C4=self.conv(x).relu())


TINY = Backbone(
    name="tiny",
    levels=(Level("C4", 16, 16),),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    build=Body,
    source="made for tests",
)
FITTED = Options(
    region_px=64,
    context_px=8,
    head_channels=32,
    classifier="svm",
    regression="ridge",
    min_score=0.5,
)


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
        corner = torch.rand(30, 2) * torch.tensor([80.0, 48.0])
        far = torch.minimum(corner + 8 + torch.rand(30, 2) * 50, torch.tensor([96.0, 64.0]))
        truths.append(Truth(boxes.float(), torch.tensor([0, 1])))
        proposals.append(torch.cat((torch.cat((corner, far), dim=1), near)))
    sizes = torch.tensor([[64, 96]] * count, dtype=torch.int32)
    return Batch(canvas, sizes, tuple(proposals)), truths


def examples() -> Iterable[tuple[Batch, list[Truth]]]:
    return [scenes(2, seed=seed) for seed in range(15)]


def learnt(options: Options) -> nn.Module:
    """Return a net that has learnt a little, by gradients alone."""
    torch.manual_seed(0)
    net = build(TINY, 2, options).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)
    for step in range(25):
        optimizer.zero_grad()
        torch.autograd.backward(list(losses(net, *scenes(2, seed=step)).values()))
        optimizer.step()
    return net.eval()


def assert_finds_all(net: nn.Module, iou: float) -> None:
    batch, truths = scenes(6, seed=1000)
    for answer, truth in zip(detect(net, batch), truths, strict=True):
        best = box_iou(truth.boxes, answer.boxes).max(dim=1)
        assert (best.values > iou).all()
        assert torch.equal(answer.labels[best.indices], truth.labels)


def test_machines_and_regression_find_objects_that_they_have_not_seen() -> None:
    net = learnt(FITTED)
    before = detect(net, scenes(1, seed=1000)[0])
    after_training(net, examples)
    after = detect(net, scenes(1, seed=1000)[0])
    assert not torch.equal(before[0].boxes[:2], after[0].boxes[:2])
    assert_finds_all(net, 0.6)


def test_what_was_fitted_is_part_of_the_checkpoint() -> None:
    net = learnt(FITTED)
    after_training(net, examples)
    other = build(TINY, 2, FITTED).eval()
    other.load_state_dict(net.state_dict())
    batch, _ = scenes(2, seed=1000)
    for one, same in zip(detect(net, batch), detect(other, batch), strict=True):
        assert torch.equal(one.boxes, same.boxes)
        assert torch.equal(one.scores, same.scores)


def test_until_they_are_fitted_the_network_answers_by_itself() -> None:
    plain = learnt(replace(FITTED, classifier="softmax", regression="network"))
    net = build(TINY, 2, FITTED).eval()
    net.load_state_dict(plain.state_dict(), strict=False)
    batch, _ = scenes(1, seed=1000)
    assert torch.equal(detect(net, batch)[0].boxes, detect(plain, batch)[0].boxes)


def test_without_either_nothing_is_fitted_and_no_image_is_looked_at() -> None:
    net = build(TINY, 2, replace(FITTED, classifier="softmax", regression="network"))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    after_training(net, lambda: pytest.fail("an image was looked at"))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize("change", ["no proposals", "no objects", "nothing"])
def test_images_without_objects_or_proposals_can_be_fitted_to(change: str) -> None:
    def poor() -> Iterable[tuple[Batch, list[Truth]]]:
        batch, truths = scenes(2, seed=0)
        if change != "no objects":
            batch = replace(batch, proposals=(NONE, NONE))
        if change != "no proposals":
            truths = [Truth(NONE, torch.zeros(0, dtype=torch.int64))] * 2
        return [(batch, truths)]

    torch.manual_seed(0)
    net = build(TINY, 2, FITTED).eval()
    after_training(net, poor)
    [found] = detect(net, scenes(1, seed=1)[0])
    assert all(value.isfinite().all() for value in net.state_dict().values())
    if change == "no objects":
        assert len(found.scores) == 0


def clouds(rng: np.random.Generator, count: int, at: float) -> NDArray[np.float32]:
    return (rng.normal(0, 2, (count, 10)) + at).astype(np.float32)


def objective(
    weight: NDArray[np.float64],
    bias: float,
    positive: NDArray[np.float32],
    negative: NDArray[np.float32],
) -> float:
    """What a machine minimises, as LIBLINEAR's paper tells it."""
    held = (weight @ weight + (bias / BIAS_FEATURE) ** 2) / 2
    missed = np.maximum(0, 1 - (positive @ weight + bias)).sum() * POSITIVE_WEIGHT
    return float(held + C * (missed + np.maximum(0, 1 + negative @ weight + bias).sum()))


def test_a_machine_is_the_best_there_is() -> None:
    rng = np.random.default_rng(0)
    positive, negative = clouds(rng, 80, 2), clouds(rng, 400, 0)
    machine = fit(positive, negative)
    best = objective(machine.weight, machine.bias, positive, negative)
    for _ in range(200):
        step = rng.normal(0, 0.01, 11)
        other = objective(machine.weight + step[:10], machine.bias + step[10], positive, negative)
        assert other > best - 1e-6


def test_mining_finds_nearly_the_machine_of_all_examples_and_keeps_few() -> None:
    rng = np.random.default_rng(0)
    positive, negative = clouds(rng, 100, 3), clouds(rng, 12_000, -3)
    negative[::40] += 4  # the hard ones
    miner = Miner(positive)
    most = 0
    for some in np.split(negative, 60):
        miner.see(some)
        most = max(most, len(miner.negative))
    mined, of_all = miner.finish(), fit(positive, negative)
    assert most < 2500
    assert (margins(mined, miner.negative) >= EASY).all()
    unseen = clouds(rng, 5000, 0)
    assert ((margins(mined, unseen) > 0) == (margins(of_all, unseen) > 0)).mean() > 0.97


def test_a_class_that_was_never_shown_is_never_found() -> None:
    miner = Miner(np.zeros((0, 10), np.float32))
    miner.see(clouds(np.random.default_rng(0), 50, 0))
    assert (margins(miner.finish(), miner.positive[:0]) == NEVER).all()
    assert miner.finish().bias == NEVER


def reference(features: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (4, F + 1): rcnn_train_bbox_regressor.m step by step, over all examples at once."""
    known = np.column_stack([features, np.ones(len(features))])
    mean = targets.mean(axis=0)
    centred = targets - mean
    values, axes = np.linalg.eig(centred.T @ centred / len(targets))
    whitening = axes @ np.diag(1 / np.sqrt(values + WHITENING)) @ axes.T
    white = centred @ whitening
    beta = np.linalg.solve(known.T @ known + LAMBDA * np.eye(known.shape[1]), known.T @ white)
    linear = beta @ np.linalg.inv(whitening)
    linear[-1] += mean
    return linear.T


def test_the_regression_is_that_of_the_papers_code() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 5, (300, 12)).astype(np.float32)
    targets = (features[:, :4] * 0.02 + rng.normal(0, 0.1, (300, 4)) + 0.05).astype(np.float32)
    sums = Sums(12)
    for rows in np.split(np.arange(300), 10):
        sums.add(torch.from_numpy(features[rows]), torch.from_numpy(targets[rows]))
    expected = reference(features.astype(np.float64), targets.astype(np.float64))
    np.testing.assert_allclose(sums.solved().numpy(), expected, rtol=1e-6, atol=1e-9)


def test_a_class_without_examples_does_not_move_its_boxes() -> None:
    assert (Sums(5).solved() == 0).all()


@pytest.mark.parametrize(
    ("channels", "cells", "features"),
    [(320, 7, 1280), (512, 7, 2048), (2048, 7, 2048), (4096, 7, 4096), (8, 4, 128)],
)
def test_features_are_pooled_so_that_there_are_not_too_many(
    channels: int, cells: int, features: int
) -> None:
    regression = Ridge(2, channels, cells)
    level = torch.rand(1, channels, cells, cells)
    pooled = regression.pooled(level)
    assert pooled.shape == (1, features)
    side = round((features / channels) ** 0.5)
    expected = nn.functional.adaptive_avg_pool2d(level, side).flatten(1)
    torch.testing.assert_close(pooled, expected)
