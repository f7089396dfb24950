"""The gate's own judgement: what it lets pass as rounding and what it never does."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.ops import boxes

from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import Batch, Detections
from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.matching import Answer, match
from boxwright_workshop.parity.near_ties import by_chance, choosing_otherwise, nudged, unexplained
from boxwright_workshop.parity.odd_sizes import Group, groups
from boxwright_workshop.parity.one_detection import with_one_detection
from boxwright_workshop.parity.wording import worded

RULE = InputRule(short_side_px=320, long_side_px=448, divisor=32)


def answer(*rows: tuple[float, float, int]) -> Answer:
    """Return detections from (left edge, score, label), each a box of 10 px."""
    boxes = [(x, 0, x + 10, 10) for x, _, _ in rows]
    return Answer(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([label for _, _, label in rows], np.int64),
    )


TWO = answer((0, 0.9, 0), (50, 0.6, 1))


def test_equal_answers_match_and_tell_how_far_apart_they_are() -> None:
    found = match(TWO, answer((0.0005, 0.9, 0), (50, 0.600004, 1)))
    assert found.pairs == ((0, 0), (1, 1))
    assert found.only_first == found.only_second == ()
    assert found.worst_box_px == pytest.approx(5e-4, rel=1e-3)
    assert found.worst_score == pytest.approx(4e-6, rel=0.05)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(answer((0.002, 0.9, 0), (50, 0.6, 1)), id="box"),
        pytest.param(answer((0, 0.90002, 0), (50, 0.6, 1)), id="score"),
        pytest.param(answer((0, 0.9, 1), (50, 0.6, 1)), id="label"),
    ],
)
def test_what_exceeds_a_tolerance_does_not_match(other: Answer) -> None:
    found = match(TWO, other)
    assert (found.only_first, found.only_second) == ((0,), (0,))


def test_a_detection_matches_once() -> None:
    found = match(answer((0, 0.9, 0), (0, 0.9, 0)), answer((0, 0.9, 0)))
    assert found.only_first == (1,)


@pytest.mark.parametrize("none", [answer()])
def test_nothing_matches_nothing(none: Answer) -> None:
    assert match(none, none).pairs == ()
    assert match(TWO, none).only_first == (0, 1)
    assert match(none, TWO).only_second == (0, 1)


def test_a_score_within_the_tolerance_of_0_needs_no_counterpart() -> None:
    faint = answer((0, 0.9, 0), (50, 0.6, 1), (80, 9e-6, 0))
    assert match(faint, TWO).only_first == ()
    assert match(TWO, faint).only_second == ()
    assert match(answer((80, 2e-5, 0)), TWO).only_first == (0,)


def test_of_boxes_with_equal_scores_any_may_suppress_the_others_and_only_for_the_time_being() -> (
    None
):
    where = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 10]])
    scores, groups = torch.tensor([0.5, 0.5, 0.25]), torch.zeros(3, dtype=torch.int64)
    in_order = boxes.batched_nms
    kept = set()
    for seed in range(8):
        with by_chance(seed):
            kept.add(tuple(boxes.batched_nms(where, scores, groups, 0.7).tolist()))
    assert kept == {(0, 2), (1, 2)}
    assert boxes.batched_nms is in_order


def test_neighbours_in_another_order_are_counted() -> None:
    tied = answer((0, 0.9, 0), (50, 0.6, 1), (80, 0.6, 1))
    swapped = answer((0, 0.9, 0), (80, 0.6, 1), (50, 0.6, 1))
    assert match(tied, tied).swapped == 0
    assert match(tied, swapped).swapped == 1
    assert match(tied, swapped).only_first == ()


def test_a_detection_that_torch_loses_under_another_rounding_is_explained() -> None:
    graph = answer((0, 0.9, 0))
    found = match(TWO, graph)
    assert unexplained(TWO, graph, found, [TWO, TWO]) == ([1], [])
    assert unexplained(TWO, graph, found, [TWO, graph]) == ([], [])


def test_a_detection_that_torch_gains_under_another_rounding_is_explained() -> None:
    graph = answer((0, 0.9, 0), (50, 0.6, 1), (80, 0.5, 1))
    found = match(TWO, graph)
    assert unexplained(TWO, graph, found, [TWO, TWO]) == ([], [2])
    assert unexplained(TWO, graph, found, [TWO, graph]) == ([], [])


def test_a_detection_that_both_have_with_other_numbers_is_never_explained() -> None:
    graph = answer((0, 0.9, 0), (50.02, 0.6, 1))
    found = match(TWO, graph)
    assert unexplained(TWO, graph, found, [TWO, graph]) == ([1], [1])


def test_a_nudge_is_about_the_last_digit_and_is_undone(net: FasterRcnn) -> None:
    before = copy.deepcopy(net.state_dict())
    with nudged(net, seed=0):
        weight = net.roi_heads.box_head.fc6.weight.detach()
        change = (weight / before["roi_heads.box_head.fc6.weight"] - 1).abs()
        assert 0 < change.nan_to_num().max() < 4e-7
    after = net.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_of_equal_candidates_the_first_are_taken_and_only_for_the_time_being() -> None:
    scores = torch.tensor([[1.0, 3, 2, 3, 2, 2, 3]])
    with choosing_otherwise():
        values, positions = scores.topk(4, dim=1)
    assert values.tolist() == [[3, 3, 3, 2]]
    assert positions.tolist() == [[1, 3, 6, 2]]
    assert scores.topk(4, dim=1).values.tolist() == [[3, 3, 3, 2]]
    assert "topk" in type(scores.topk(4, dim=1)).__name__


def test_images_are_compared_at_more_than_150_odd_sizes() -> None:
    sizes = [tuple(size) for group in groups(RULE, ()) for size in group.image_size.tolist()]
    images = [size for size in sizes if size != (0, 0)]
    assert len(set(images)) == len(images) >= 150
    assert all(height % 2 == width % 2 == 1 for height, width in images)
    assert (0, 0) in sizes


def test_every_canvas_is_a_multiple_of_the_divisor_and_holds_several_sizes() -> None:
    for group in groups(RULE, ()):
        _, height, width, _ = group.canvas.shape
        assert height % 32 == width % 32 == 0
        assert len(group.image_size) >= 4
        assert (group.image_size <= [height, width]).all()
        for canvas, (rows, columns) in zip(group.canvas, group.image_size, strict=True):
            assert canvas[:rows, :columns].size == 0 or canvas[:rows, :columns].any()
            assert not canvas[rows:].any()
            assert not canvas[:, columns:].any()


def test_photos_are_used_where_they_are_given() -> None:
    red = np.zeros((60, 90, 3), np.uint8)
    red[..., 0] = 200
    group = next(groups(RULE, [red]))
    height, width = group.image_size[0]
    assert (group.canvas[0, :height, :width] == [200, 0, 0]).all()


class Scripted(nn.Module):
    """A detector that finds as many things as an image has hundreds of pixels."""

    def forward(self, batch: Batch) -> list[Detections]:
        height, width = batch.image_size[0].tolist()
        found = answer(*((20.0 * i, 0.9 - i / 100, 0) for i in range(height * width // 100)))
        tensors = (torch.from_numpy(x) for x in (found.boxes, found.scores, found.labels))
        return [Detections(*tensors)]


def scripted(net: nn.Module, batch: Batch) -> list[Detections]:
    found: list[Detections] = net(batch)
    return found


def test_an_image_with_exactly_one_detection_is_found(comparison: Comparison) -> None:
    by_size = Comparison(Scripted(), scripted, comparison.session)
    group = with_one_detection(by_size.of_torch, RULE, ())
    assert group is not None
    assert len(by_size.of_torch(group).scores) == 1


def test_made_up_pictures_show_one_thing_where_photos_do_not() -> None:
    def crowded(group: Group) -> Answer:
        in_photo = not group.canvas.any()
        return TWO if in_photo else answer((0, 0.9, 0))

    black = np.zeros((60, 90, 3), np.uint8)
    group = with_one_detection(crowded, RULE, [black])
    assert group is not None
    assert group.canvas.any()


def test_a_detector_that_never_finds_one_thing_has_no_such_image() -> None:
    def none_or_two(group: Group) -> Answer:
        return TWO if group.image_size.min() > 40 else answer()

    assert with_one_detection(none_or_two, RULE, ()) is None


def test_a_score_just_over_the_tolerance_is_told_as_that() -> None:
    graph = answer((0, 0.9, 0), (50, 0.600012, 1))
    assert worded(TWO, graph, [1], [1]) == (
        "1 of torch's 2 detections matched in place, but the score differs by 1.2e-05, over the "
        "tolerance of 1e-05; torch has label 1, score 0.600000, box (50.0000, 0.0000, 60.0000, "
        "10.0000); the graph has label 1, score 0.600012, box (50.0000, 0.0000, 60.0000, 10.0000)"
    )


def test_a_detection_elsewhere_is_told_as_one_without_a_counterpart() -> None:
    told = worded(TWO, answer((0, 0.9, 0), (80, 0.6, 1)), [1], [1])
    assert told.startswith("1 of torch's 2 detections and 1 of the graph's 2 have no counterpart; ")


def test_torch_and_the_graph_are_held_against_each_other_alone_and_in_a_batch(
    comparison: Comparison, pictures: Callable[..., Group]
) -> None:
    class LeakyBatches(Comparison):
        def of_graph(self, group: Group) -> list[Answer]:
            answers = super().of_graph(group)
            return answers if len(answers) == 1 else [answers[0]] * len(answers)

    leaky = LeakyBatches(comparison.net, comparison.detect, comparison.session)
    leaky.add(pictures([(90, 120), (70, 99)], (96, 128)))
    assert leaky.differences
    assert all("in a batch" in difference for difference in leaky.differences)


def test_a_graph_that_does_not_sort_is_refused(
    comparison: Comparison, pictures: Callable[..., Group]
) -> None:
    class Reversed(Comparison):
        def of_graph(self, group: Group) -> list[Answer]:
            return [
                Answer(each.boxes[::-1], each.scores[::-1], each.labels[::-1])
                for each in super().of_graph(group)
            ]

    backwards = Reversed(comparison.net, comparison.detect, comparison.session)
    backwards.add(pictures([(90, 120), (95, 127)], (96, 128)))
    assert any("not best first" in difference for difference in backwards.differences)
