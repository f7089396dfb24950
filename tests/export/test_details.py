"""What gets lost when a detector is written again, each thing by a test that would notice."""

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops.poolers import LevelMapper

from boxwright_plugins.graph.proposals import shifted
from boxwright_plugins.graph.regions import least_area
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.matching import match
from boxwright_workshop.parity.odd_sizes import Group

Pictures = Callable[..., Group]
Changed = Callable[[Callable[[FasterRcnn], None]], Comparison]


@pytest.fixture(scope="module")
def four(pictures: Pictures) -> Group:
    """Four pictures on one canvas."""
    return pictures([(90, 121), (95, 127), (81, 99), (33, 63)], (96, 128), seed=3)


def altered(part: str, name: str, value: object) -> Callable[[FasterRcnn], None]:
    def change(net: FasterRcnn) -> None:
        inner = net.get_submodule(part)
        for step in name.split(".")[:-1]:
            inner = getattr(inner, step)
        assert hasattr(inner, name.split(".")[-1])
        setattr(inner, name.split(".")[-1], value)

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(altered("rpn", "_pre_nms_top_n", {"testing": 20}), id="candidates of a level"),
        pytest.param(
            altered("rpn", "_post_nms_top_n", {"testing": 15}), id="proposals of an image"
        ),
        pytest.param(altered("rpn", "nms_thresh", 0.6), id="IoU of proposals"),
        pytest.param(altered("rpn", "score_thresh", 0.999), id="least objectness"),
        pytest.param(altered("rpn", "min_size", 30.0), id="least side of proposals"),
        pytest.param(altered("rpn", "box_coder.weights", (2.0, 2.0, 1.0, 1.0)), id="RPN weights"),
        pytest.param(altered("roi_heads", "box_coder.weights", (10.0,) * 4), id="head weights"),
        pytest.param(altered("roi_heads", "score_thresh", 0.3), id="least score"),
        pytest.param(altered("roi_heads", "nms_thresh", 0.01), id="IoU of detections"),
        pytest.param(altered("roi_heads", "detections_per_img", 3), id="most detections"),
        pytest.param(altered("roi_heads.box_roi_pool", "sampling_ratio", 1), id="samples"),
        pytest.param(altered("roi_heads.box_roi_pool", "map_levels.s0", 25), id="canonical scale"),
        pytest.param(altered("roi_heads.box_roi_pool", "map_levels.lvl0", 3), id="canonical level"),
    ],
)
def test_every_setting_of_torchvision_is_in_the_graph(
    comparison: Comparison, four: Group, change: Callable[[FasterRcnn], None], net: FasterRcnn
) -> None:
    comparison.add(four)
    assert comparison.differences == []
    comparison.net = copy.deepcopy(net)
    change(comparison.net)
    graph = comparison.of_graph(four)
    matches = [match(comparison.of_torch(four.alone(i)), graph[i]) for i in range(4)]
    assert any(found.only_first or found.only_second for found in matches)


def test_images_in_a_batch_do_not_suppress_each_other(
    comparison: Comparison, pictures: Pictures
) -> None:
    one = pictures([(90, 121)], (96, 128))
    twice = Group(np.repeat(one.canvas, 3, axis=0), np.repeat(one.image_size, 3, axis=0))
    [alone] = comparison.of_graph(one)
    assert len(alone.scores) > 0
    for each in comparison.of_graph(twice):
        np.testing.assert_array_equal(each.labels, alone.labels)
        np.testing.assert_allclose(each.scores, alone.scores, atol=1e-6)
        np.testing.assert_allclose(each.boxes, alone.boxes, atol=1e-4)


def test_boxes_end_at_the_image_and_not_at_the_canvas(changed: Changed, pictures: Pictures) -> None:
    def widen(net: FasterRcnn) -> None:
        net.roi_heads.box_predictor.bbox_pred.bias.add_(10)

    comparison = changed(widen)
    group = pictures([(50, 70), (95, 127)], (96, 128))
    comparison.add(group)
    assert comparison.differences == []
    for answer, (height, width) in zip(
        comparison.of_graph(group), group.image_size.tolist(), strict=True
    ):
        assert answer.boxes[:, 2].max() == width
        assert answer.boxes[:, 3].max() == height


def test_what_lies_outside_the_image_changes_nothing(
    comparison: Comparison, pictures: Pictures
) -> None:
    clean = pictures([(50, 70)], (96, 128))
    rubbish = clean.canvas.copy()
    rubbish[:, 50:] = 255
    rubbish[:, :, 70:] = 255
    [expected] = comparison.of_graph(clean)
    [found] = comparison.of_graph(Group(rubbish, clean.image_size))
    assert len(expected.scores) > 0
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_padding_is_zero_after_normalisation(
    comparison: Comparison, net: FasterRcnn, pictures: Pictures
) -> None:
    group = pictures([(50, 70)], (96, 128))
    image = torch.from_numpy(group.canvas[:, :50, :70]).permute(0, 3, 1, 2) / 255
    mean, std = (
        torch.tensor(x)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    padded = torch.nn.functional.pad((image - mean) / std, (0, 58, 0, 46))
    with torch.inference_mode():
        levels = net.backbone(padded)
        listed = ImageList(padded, [(50, 70)])
        proposals, _ = net.rpn(listed, levels)
        [[expected], _] = net.roi_heads(levels, proposals, listed.image_sizes)
    [found] = comparison.of_graph(group)
    assert len(found.scores) == len(expected["scores"]) > 0
    np.testing.assert_allclose(found.scores, expected["scores"], atol=1e-5)
    np.testing.assert_allclose(found.boxes, expected["boxes"], atol=1e-3)


def test_growth_is_limited_to_1000_over_16_and_shrinking_is_not(
    changed: Changed, pictures: Pictures
) -> None:
    def grow(net: FasterRcnn) -> None:
        net.roi_heads.box_predictor.bbox_pred.weight.zero_()
        bias = net.roi_heads.box_predictor.bbox_pred.bias.zero_().view(-1, 4)
        bias[:, 0] = -310  # left by 31 widths, so that the right end of a box shows its width
        bias[:, 2] = 50

    def shrink(net: FasterRcnn) -> None:
        grow(net)
        bias = net.roi_heads.box_predictor.bbox_pred.bias.zero_().view(-1, 4)
        bias[:, 2:] = -100

    group = pictures([(90, 121)], (96, 128))
    grown, shrunk = changed(grow), changed(shrink)
    grown.add(group)
    assert grown.differences == []
    [answer] = grown.of_graph(group)
    assert len(answer.scores) > 0
    assert (answer.boxes[:, 2] < 121).any()  # unlimited, exp(10) widths would reach the edge
    shrunk.add(group)
    assert shrunk.differences == []
    assert shrunk.with_none == 1  # narrower than 0.01 px, where a limit would keep a 60th


def test_a_score_must_be_above_the_threshold_and_not_at_it(
    changed: Changed, pictures: Pictures
) -> None:
    def equal(net: FasterRcnn) -> None:
        net.roi_heads.box_predictor.cls_score.weight.zero_()
        net.roi_heads.box_predictor.cls_score.bias.zero_()

    def barely(net: FasterRcnn) -> None:
        equal(net)
        net.roi_heads.box_predictor.cls_score.bias[2] += 1e-3

    group = pictures([(90, 121)], (96, 128))
    [at_threshold] = changed(equal).of_graph(group)
    assert len(at_threshold.scores) == 0
    [above] = changed(barely).of_graph(group)
    assert len(above.scores) > 0
    assert set(above.labels.tolist()) == {1}  # labels do not count the background
    assert above.scores.min() > 0.25


def test_torch_does_not_guess_strides_from_the_first_image_it_sees(
    untrained: nn.Module, comparison: Comparison, pictures: Pictures
) -> None:
    comparison.net = copy.deepcopy(untrained)
    comparison.of_torch(pictures([(33, 33)], (96, 128)))  # a third of its canvas
    pool = comparison.net.get_submodule("roi_heads.box_roi_pool")
    assert pool.scales == [1 / 4, 1 / 8, 1 / 16]


@pytest.mark.parametrize("grid", [(1, 1), (3, 5), (6, 4), (5, 2), (7, 7)])
@pytest.mark.parametrize("sides", [(32,), (11, 20, 37)])
def test_anchors_are_torchvisions_also_where_the_grid_is_rounded_up(
    grid: tuple[int, int], sides: tuple[int, ...]
) -> None:
    generator = AnchorGenerator((sides,), ((0.5, 1.0, 2.0),))
    canvas = (32 * (2 * grid[0] - 1), 32 * (2 * grid[1] - 1))  # of the extra level over stride 32
    image = ImageList(torch.zeros(1, 3, *canvas), [canvas])
    [expected] = generator(image, [torch.zeros(1, 8, *grid)])
    base = generator.cell_anchors[0]
    assert torch.equal(base, base.round())
    assert torch.equal(shifted(base, grid, canvas), expected)


@pytest.mark.parametrize(
    ("finest", "coarsest", "canonical"), [(2, 5, 224), (3, 5, 192), (2, 4, 60)]
)
def test_regions_go_to_the_level_that_torchvision_sends_them_to(
    finest: int, coarsest: int, canonical: int
) -> None:
    mapper = LevelMapper(finest, coarsest, canonical)
    thresholds = [least_area(mapper, i) for i in range(1, coarsest - finest + 1)]
    sides = torch.rand(4000, generator=torch.Generator().manual_seed(0)) * 900
    exact = torch.tensor([canonical * 2.0**power for power in range(-4, 4)])
    near = [exact * (1 + ulp * 2.0**-23) for ulp in range(-12, 13)]
    sides = torch.cat([sides, *near])
    boxes = torch.stack([torch.zeros_like(sides)] * 2 + [sides] * 2, dim=1)
    area = sides * sides
    found = torch.stack([area >= threshold for threshold in thresholds]).sum(dim=0)
    assert torch.equal(found, mapper([boxes]))
    assert all(math.isfinite(threshold) for threshold in thresholds)
