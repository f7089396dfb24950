"""Each suppression in its graph equals a reference in numpy, written from the papers alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright_workshop.graph_file import FORBIDDEN

CLASSES = 3
Cases = Callable[..., Any]


def assert_same(found: Any, expected: Any) -> None:
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-3)


@pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
@pytest.mark.parametrize("rows", [1, 2, 9, 40, 120])
def test_the_graph_is_the_paper(graph: Any, random_case: Cases, rows: int, ties: bool) -> None:
    for seed in range(8):
        scored = random_case(seed, rows, ties=ties)
        for i, found in enumerate(graph.run(scored)):
            assert_same(found, graph.in_numpy(scored.alone(i)))


@pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
def test_the_graph_is_what_torch_answers(graph: Any, random_case: Cases, ties: bool) -> None:
    for seed in range(20):
        scored = random_case(seed, 1 + 7 * seed, ties=ties)
        for i, found in enumerate(graph.run(scored)):
            assert_same(found, graph.in_torch(scored.alone(i)))


def test_a_batch_gives_what_its_images_give_alone(graph: Any, random_case: Cases) -> None:
    for seed in range(5):
        scored = random_case(seed, 50, ties=bool(seed % 2))
        for i, found in enumerate(graph.run(scored)):
            [alone] = graph.run(scored.alone(i))
            for in_batch, by_itself in zip(found, alone, strict=True):
                np.testing.assert_array_equal(in_batch, by_itself)


def test_no_box_is_suppressed_by_another_class_or_image(graph: Any, scored_of: Cases) -> None:
    box = np.array([20, 30, 80, 90], np.float32)
    scores = np.full((2, 1, CLASSES), 0.9, np.float32)
    boxes = np.broadcast_to(box, (2, 1, CLASSES, 4)).copy()
    for found in graph.run(scored_of(scores, boxes, np.ones((2, 1), bool))):
        np.testing.assert_array_equal(found.labels, range(CLASSES))
        np.testing.assert_array_equal(found.scores, np.float32(0.9))
        np.testing.assert_allclose(found.boxes, [box] * CLASSES, atol=1e-5)


def test_none_and_one_are_ordinary_answers(graph: Any, random_case: Cases) -> None:
    scored = random_case(0, 30, ties=False)
    filling = scored._replace(real=np.zeros((2, 30), bool))
    assert [len(found.rows) for found in graph.run(filling)] == [0, 0]
    low = scored._replace(scores=np.full_like(scored.scores, 0.05))
    assert [len(found.rows) for found in graph.run(low)] == [0, 0]
    low.scores[1, 7, 2] = 0.051
    assert [found.rows.tolist() for found in graph.run(low)] == [[], [7]]


def test_boxes_without_an_area_spoil_nothing(graph: Any, random_case: Cases) -> None:
    scored = random_case(3, 40, ties=False)
    scored.boxes[:, ::2, :, 2:] = scored.boxes[:, ::2, :, :2]
    for i, found in enumerate(graph.run(scored)):
        assert len(found.rows) > 3
        assert_same(found, graph.in_numpy(scored.alone(i)))


def test_the_graph_holds_no_control_flow(graph: Any) -> None:
    assert not [name for name in graph.operators if name.startswith(FORBIDDEN)]


NEAR = {  # what is found of two objects that overlap: boxes with their scores, best first
    "soft": [((20, 20, 80, 80), 0.95), ((39, 20, 99, 80), 0.9)],
    # the best box of the first lies towards the second; all three together do not
    "weighted_fusion": [
        ((26, 20, 86, 80), 0.95),
        ((18, 20, 78, 80), 0.94),
        ((16, 20, 76, 80), 0.93),
        ((42, 20, 102, 80), 0.9),
    ],
}


TRUE = np.array([[20, 20, 80, 80], [41, 20, 101, 80]], np.float32)


def iou(one: NDArray[Any], other: NDArray[Any]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.maximum(high - low, 0))
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return float(shared / (sum(areas) - shared))


def kept(graph: Any, scene: str, scored_of: Cases) -> int:
    """Return how many of the two objects of a scene are found."""
    listed = NEAR[scene]
    scores = np.zeros((1, len(listed), CLASSES), np.float32)
    boxes = np.zeros((1, len(listed), CLASSES, 4), np.float32)
    scores[0, :, 1] = [score for _, score in listed]
    boxes[0, :, 1] = [box for box, _ in listed]
    real, size = np.ones((1, len(listed)), bool), np.array([[210, 190]], np.int32)
    [found] = graph.run(scored_of(scores, boxes, real, size))
    return sum(any(iou(box, one) > 0.8 for one in found.boxes) for box in TRUE)


def test_of_two_objects_that_overlap_greedy_loses_one_and_the_others_keep_both(
    graph: Any, scored_of: Cases
) -> None:
    if graph.options.suppression == "greedy":
        assert [kept(graph, scene, scored_of) for scene in NEAR] == [1, 1]
    else:
        [scene] = [name for name in NEAR if graph.options.suppression.startswith(name)]
        assert kept(graph, scene, scored_of) == 2
