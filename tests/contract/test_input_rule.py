"""The one resize rule: images of any shape fit a canvas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.input_rule import InputRule, place

RULE = InputRule(short_side_px=320, long_side_px=448, divisor=32)
SIDES = st.integers(1, 20_000)


@st.composite
def rules(draw: st.DrawFn) -> InputRule:
    """Draw a rule whose long side is at least its short side."""
    short = draw(st.integers(1, 2000))
    return InputRule(
        short_side_px=short,
        long_side_px=draw(st.integers(short, 4000)),
        divisor=draw(st.sampled_from([1, 8, 32, 64])),
    )


@given(rules(), SIDES, SIDES)
def test_no_side_is_longer_than_the_limit_or_shorter_than_a_pixel(
    rule: InputRule, height: int, width: int
) -> None:
    resized = rule.resized(height, width)
    assert min(resized) >= 1
    assert max(resized) <= rule.long_side_px


@given(rules(), SIDES, SIDES)
def test_one_side_reaches_its_aim(rule: InputRule, height: int, width: int) -> None:
    short, long = sorted(rule.resized(height, width))
    assert short == rule.short_side_px or long == rule.long_side_px


@given(rules(), SIDES, SIDES)
def test_turning_an_image_turns_its_size(rule: InputRule, height: int, width: int) -> None:
    assert rule.resized(width, height) == rule.resized(height, width)[::-1]


@given(rules(), SIDES, SIDES)
def test_the_canvas_is_the_smallest_multiple_that_holds_the_image(
    rule: InputRule, height: int, width: int
) -> None:
    for side, canvas in zip((height, width), rule.canvas(height, width), strict=True):
        assert canvas % rule.divisor == 0
        assert side <= canvas < side + rule.divisor


@pytest.mark.parametrize(
    ("size", "resized"),
    [
        ((1, 1), (320, 320)),
        ((1, 5000), (1, 448)),
        ((5000, 1), (448, 1)),
        ((480, 640), (320, 426)),
        ((320, 448), (320, 448)),
        ((100, 120), (320, 384)),
    ],
)
def test_images_get_the_size_that_the_rule_tells(
    size: tuple[int, int], resized: tuple[int, int]
) -> None:
    assert RULE.resized(*size) == resized
    pixels = RULE.resize(np.full((*size, 3), 7, np.uint8))
    assert pixels.shape == (*resized, 3)
    assert np.all(pixels == 7)


def test_an_image_of_the_right_size_is_not_copied() -> None:
    pixels = np.zeros((320, 448, 3), np.uint8)
    assert RULE.resize(pixels) is pixels


def test_reducing_averages_unless_the_rule_says_otherwise() -> None:
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.all(RULE.resize(stripes) == 100)
    sharp = InputRule(short_side_px=128, long_side_px=128, divisor=32, antialias=False)
    assert set(np.unique(sharp.resize(stripes))) == {0, 200}


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_enlarging_keeps_a_ramp_a_ramp(interpolation: str) -> None:
    rule = InputRule(
        short_side_px=64,
        long_side_px=64,
        divisor=32,
        interpolation="bicubic" if interpolation == "bicubic" else "bilinear",
    )
    ramp = np.repeat(np.arange(0, 256, 8).astype(np.uint8)[None, :, None], 32, axis=0).repeat(
        3, axis=2
    )
    enlarged = rule.resize(ramp)
    assert enlarged.shape == (64, 64, 3)
    assert np.all(np.diff(enlarged[0, :, 0].astype(int)) >= 0)


def test_an_image_is_placed_at_the_top_left_of_its_canvas() -> None:
    canvas = np.zeros((32, 64, 3), np.uint8)
    place(np.full((20, 40, 3), 9, np.uint8), canvas)
    assert np.all(canvas[:20, :40] == 9)
    assert canvas.sum() == 20 * 40 * 3 * 9
