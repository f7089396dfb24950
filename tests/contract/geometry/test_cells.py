"""Which cells see what along one axis, against every cell asked by itself."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.cells import (
    cell_interval,
    cells_holding,
    cells_seeing,
    pixels_between,
)
from boxwright_contract.geometry.field import AxisField

VGG16 = AxisField(16, (-90,), (105,))


@st.composite
def fields(draw: st.DrawFn) -> AxisField:
    """Draw a field of some phases in any order; a phase may see nothing."""
    phases = draw(st.integers(1, 4))
    firsts = draw(st.lists(st.integers(-30, 30), min_size=phases, max_size=phases))
    sizes = draw(st.lists(st.integers(0, 20), min_size=phases, max_size=phases))
    lasts = [first + size - 1 for first, size in zip(firsts, sizes, strict=True)]
    return AxisField(draw(st.integers(1, 12)), tuple(firsts), tuple(lasts))


def hull(cells: int, wanted: Callable[[set[int]], bool], field: AxisField, length: int) -> range:
    found = []
    for cell in range(cells):
        seen = cell_interval(field, cell, length)
        if seen is not None and wanted(set(range(seen[0], seen[1] + 1))):
            found.append(cell)
    return range(found[0], found[-1] + 1) if found else range(0)


LOWS = st.integers(-20, 60)
SPANS = st.integers(1, 30)


@given(fields(), LOWS, SPANS, st.integers(1, 40), st.integers(1, 50))
def test_the_cells_that_see_an_interval_are_those_that_share_a_pixel_with_it(
    field: AxisField, low: int, span: int, cells: int, length: int
) -> None:
    asked = set(range(max(low, 0), min(low + span, length)))
    found = cells_seeing(field, low, low + span - 1, cells, length)
    assert found == hull(cells, lambda seen: bool(seen & asked), field, length)


@given(fields(), LOWS, SPANS, st.integers(1, 40), st.integers(1, 50))
def test_the_cells_that_hold_an_interval_are_those_that_miss_no_pixel_of_it(
    field: AxisField, low: int, span: int, cells: int, length: int
) -> None:
    asked = set(range(max(low, 0), min(low + span, length)))
    found = cells_holding(field, low, low + span - 1, cells, length)
    assert found == hull(cells, lambda seen: bool(asked) and asked <= seen, field, length)


def test_a_cell_that_sees_everything_sees_and_holds_whatever_is_there() -> None:
    assert cell_interval(None, 3, 100) == (0, 99)
    assert cells_seeing(None, 90, 200, 5, 100) == range(5)
    assert cells_holding(None, 90, 200, 5, 100) == range(5)
    assert not cells_seeing(None, 100, 200, 5, 100)


def test_the_largest_map_is_answered_by_arithmetic() -> None:
    far = 2**62
    assert 16 * cells_seeing(VGG16, far, far, 2**63, 2**63)[0] == far - 96
    assert len(cells_holding(VGG16, far, far, 2**63, 2**63)) == 12


@given(st.integers(0, 5000), st.integers(1, 500), st.integers(1, 2000), st.integers(1, 2000))
def test_the_edges_of_pixels_are_found_again_after_scaling(
    first: int, span: int, image: int, canvas: int
) -> None:
    ratio = image / canvas
    low, high = first * ratio, (first + span) * ratio
    assert pixels_between(low / ratio, high / ratio, 6000) == (first, first + span - 1)


def test_an_edge_touches_the_pixels_that_it_reaches_into() -> None:
    assert pixels_between(2.0, 4.0, 10) == (2, 3)
    assert pixels_between(1.9, 4.1, 10) == (1, 4)
    assert pixels_between(3.5, 3.5, 10) == (3, 3)
    assert pixels_between(3, 3, 10) == (3, 3)
    assert pixels_between(-9, 99, 10) == (0, 9)
    assert pixels_between(-9, 0, 10) is None
    assert pixels_between(10, 12, 10) is None


@pytest.mark.parametrize(("low", "high"), [(3.0, 2.0), (float("nan"), 2.0), (0.0, float("inf"))])
def test_edges_that_are_no_box_are_refused(low: float, high: float) -> None:
    with pytest.raises(BadInput, match="Send finite edges, the lower one first"):
        pixels_between(low, high, 10)
