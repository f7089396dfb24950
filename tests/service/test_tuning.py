"""How many images run together, and on which canvases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright.device.tuning import Tuning
from boxwright_contract.input_rule import InputRule

RULE = InputRule(short_side_px=320, long_side_px=448, divisor=32)
ALONE = Tuning()
TOGETHER = Tuning.up_to(8)
SIDES = st.integers(1, 6000)


@pytest.mark.parametrize(("waiting", "size"), [(1, 1), (3, 2), (7, 4), (8, 8), (100, 8)])
def test_a_run_has_as_many_images_as_wait_of_a_size_that_ran_before(
    waiting: int, size: int
) -> None:
    assert TOGETHER.size_for(waiting) == size


@given(SIDES, SIDES)
def test_an_image_alone_gets_the_smallest_canvas(height: int, width: int) -> None:
    resized = RULE.resized(height, width)
    assert ALONE.canvas(RULE, *resized) == RULE.canvas(*resized)


@given(SIDES, SIDES, st.integers(1, 40), st.integers(1, 40), st.sampled_from([8, 32, 64]))
def test_a_shared_canvas_holds_the_image_and_its_sides_are_multiples(
    height: int, width: int, short: int, long: int, divisor: int
) -> None:
    rule = InputRule(short_side_px=20 * short, long_side_px=20 * (short + long), divisor=divisor)
    resized = rule.resized(height, width)
    sides = TOGETHER.canvas(rule, *resized)
    assert all(side >= image for side, image in zip(sides, resized, strict=True))
    assert all(side % divisor == 0 for side in sides)


@given(st.integers(300, 6000), st.floats(1, 1.78))
def test_photos_share_few_canvases_of_which_no_third_is_filling(short: int, ratio: float) -> None:
    height, width = RULE.resized(short, round(short * ratio))
    canvas = TOGETHER.canvas(RULE, height, width)
    assert canvas in {(320, 320), (320, 384), (320, 448), (288, 448), (256, 448)}
    assert height * width > 0.67 * canvas[0] * canvas[1]
