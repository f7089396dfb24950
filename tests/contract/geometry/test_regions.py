"""Boxes and cells on both axes."""

from boxwright_contract.geometry import regions
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import RegionLevel

VGG16 = AxisField(16, (-90,), (105,))


def test_a_box_is_seen_by_the_rows_and_columns_that_see_its_sides() -> None:
    field = Field(axes=(AxisField(16, (-24,), (39,)), AxisField(16, (-8,), (23,))))
    used, grid = (80, 100), (6, 7)
    box = (40.0, 0.0, 56.0, 20.0)
    assert regions.cells_seeing_box(field, box, grid, used) == (range(3), range(2, 4))
    assert regions.cells_holding_box(field, box, grid, used) == (range(2), range(2, 4))
    assert regions.cells_holding_box(field, (0.0, 0.0, 90.0, 9.0), grid, used) is None
    assert regions.cells_seeing_box(field, (100.0, 0.0, 110.0, 9.0), grid, used) is None
    for row in range(6):
        for column in range(7):
            region = regions.region_of_cell(field, (row, column), used)
            assert region is not None
            x1, y1, x2, y2 = region
            touches = x1 < 56 and x2 > 40 and y1 < 20 and y2 > 0
            assert touches == (row in range(3) and column in range(2, 4))


def test_a_cell_over_padding_has_no_region() -> None:
    field = Field(axes=(VGG16, VGG16))
    assert regions.region_of_cell(field, (0, 13), (64, 118)) is None
    assert regions.region_of_cell(field, (0, 12), (64, 118)) == (102, 0, 118, 64)


def test_anchors_sit_at_the_corner_of_their_cell() -> None:
    level = RegionLevel(
        name="P5", channels=256, stride=32, anchors_px=((-16, -16, 16, 16), (-32, -8, 32, 8))
    )
    found = regions.anchors_at(level, (2, 3), grid=(10, 14), canvas_px=(320, 448))
    assert found == ((80, 48, 112, 80), (64, 56, 128, 72))
