"""What rounding does to an answer is told from what a mistake does."""

from collections.abc import Callable

import numpy as np
import torch

from boxwright_plugins.nets.faster_rcnn import FasterRcnn
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.matching import STRICT, Answer, Tolerance, match
from boxwright_workshop.parity.near_ties import LEEWAY, MOST, rounding
from boxwright_workshop.parity.odd_sizes import Group


def answer(x: float, score: float) -> Answer:
    boxes = np.array([[x, 0, x + 10, 10]], np.float32)
    return Answer(boxes, np.array([score], np.float32), np.zeros(1, np.int64))


def test_a_steady_network_is_held_to_the_strict_tolerance() -> None:
    assert rounding(answer(5, 0.5), [answer(5, 0.5)] * 3) == STRICT


def test_the_tolerance_grows_with_what_rounding_moves() -> None:
    found = rounding(answer(5, 0.5), [answer(5.001, 0.50001), answer(5, 0.5)])
    np.testing.assert_allclose(found.box_px, LEEWAY * 0.001, rtol=1e-3)
    np.testing.assert_allclose(found.score, LEEWAY * 1e-5, rtol=1e-2)
    assert match(answer(5, 0.5), answer(5.003, 0.50002), found).pairs == ((0, 0),)


def test_no_rounding_explains_what_anyone_would_see() -> None:
    assert rounding(answer(5, 0.5), [answer(5.09, 0.6)]) == MOST


def test_another_object_says_nothing_about_rounding() -> None:
    nothing = Answer(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert rounding(answer(5, 0.5), [answer(80, 0.9), nothing]) == Tolerance()


def test_proposals_that_hardly_are_any_come_in_the_order_of_torch(
    changed: Callable[[Callable[[FasterRcnn], None]], Comparison],
    pictures: Callable[..., Group],
) -> None:
    """ONNX Runtime's sigmoid is the same for every logit under about -18."""

    def bury(net: FasterRcnn) -> None:
        head: torch.nn.Module = net.get_submodule("rpn.head.cls_logits")
        head.get_parameter("bias").sub_(30)

    comparison = changed(bury)
    comparison.add(pictures([(96, 128), (95, 121), (63, 70), (33, 127)], (96, 128), seed=3))
    assert comparison.detections > 10
    assert comparison.differences == []
