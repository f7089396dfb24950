"""What cells of a served model and of a backbone see, and which cells see a box."""

import random
from itertools import product

import pytest

from boxwright.v1.detection_pb2 import Box, ImageSize
from boxwright.v1.geometry_pb2 import (
    Cell,
    CellRange,
    DescribeBackboneRequest,
    DescribeModelRequest,
    MapCellsRequest,
    MapCellsResponse,
    MapRegionRequest,
)
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub
from boxwright_contract.catalog import Catalog

IMAGE = ImageSize(height_px=96, width_px=192)
"""It is resized to 48 x 96 on a canvas of 64 x 96, so that 2 of its pixels become 1."""


def mapped(geometry: GeometryServiceStub, level: str, *cells: tuple[int, int]) -> MapCellsResponse:
    sent = [Cell(y=y, x=x) for y, x in cells]
    return geometry.MapCells(MapCellsRequest(level=level, image_size=IMAGE, cells=sent))


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.x_min_px, box.y_min_px, box.x_max_px, box.y_max_px


def test_a_model_tells_its_levels_from_its_card(geometry: GeometryServiceStub) -> None:
    answer = geometry.DescribeModel(DescribeModelRequest())
    fine, by_phase, coarse, unknown = answer.levels
    assert (answer.model, answer.version) == ("seeing", "1")
    assert (fine.name, fine.channels, fine.stride_px, fine.cells_y) == ("P2", 8, 4, 0)
    assert [(axis.min_size_px, axis.first_centre_px) for axis in fine.field] == [(20, 1.5)] * 2
    assert fine.exact_at_border
    assert (fine.effective_field.box95_height_px, fine.effective_field.box95_width_px) == (8, 12)
    assert [edges(box) for box in fine.anchors] == [(-8, -8, 12, 12), (-4, -16, 8, 20)]
    down, across = by_phase.field
    assert (list(down.first_px), list(down.last_px), down.stride_px) == ([-3, -1], [4, 6], 4)
    assert across.whole
    assert list(coarse.whole_through) == ["/se/Mul", "/se/Mul_1"]
    assert not coarse.exact_at_border
    assert not coarse.HasField("effective_field")
    assert not unknown.field
    assert not answer.HasField("canvas_size")


def test_a_model_tells_its_grids_for_an_image(geometry: GeometryServiceStub) -> None:
    answer = geometry.DescribeModel(DescribeModelRequest(image_size=IMAGE))
    assert answer.resized == ImageSize(height_px=48, width_px=96)
    assert answer.canvas_size == ImageSize(height_px=64, width_px=96)
    grids = {level.name: (level.cells_y, level.cells_x) for level in answer.levels}
    assert grids == {"P2": (16, 24), "U2": (16, 24), "P6": (1, 2), "P7": (1, 2)}


def test_cells_are_seen_in_pixels_of_the_image_as_sent(geometry: GeometryServiceStub) -> None:
    answer = mapped(geometry, "P2", (0, 0), (11, 5), (15, 0))
    corner, inner, over_padding = answer.views
    assert (answer.cells_y, answer.cells_x) == (16, 24)
    assert edges(corner.region) == (0, 0, 24, 24)
    assert edges(inner.region) == (24, 72, 64, 96)
    assert edges(inner.effective_region) == (32, 84, 56, 100)
    assert [edges(box) for box in inner.anchors] == [(24, 72, 64, 112), (32, 56, 56, 128)]
    assert inner.cell == Cell(y=11, x=5)
    assert not over_padding.HasField("region")
    assert not corner.whole_besides


def test_gates_phases_and_whole_axes_are_told_of_cells(geometry: GeometryServiceStub) -> None:
    (gated,) = mapped(geometry, "P6", (0, 1)).views
    assert gated.whole_besides
    assert edges(gated.region) == (0, 0, 192, 96)
    assert edges(gated.anchors[0]) == (32, -64, 256, 160)
    even, odd = mapped(geometry, "U2", (4, 3), (5, 3)).views
    assert edges(even.region) == (0, 26, 192, 42)
    assert edges(odd.region) == (0, 30, 192, 46)


@pytest.mark.parametrize("level", ["P2", "U2", "P6"])
def test_the_cells_that_see_a_box_are_those_whose_region_meets_it(
    level: str, geometry: GeometryServiceStub
) -> None:
    rows, columns = {"P2": (16, 24), "U2": (16, 24), "P6": (1, 2)}[level]
    views = mapped(geometry, level, *product(range(rows), range(columns))).views
    dice = random.Random(0)
    for _ in range(40):
        x1, x2 = sorted(dice.sample(range(0, 193, 2), 2))
        y1, y2 = sorted(dice.sample(range(0, 97, 2), 2))
        box = Box(x_min_px=x1, y_min_px=y1, x_max_px=x2, y_max_px=y2)
        (found,) = geometry.MapRegion(
            MapRegionRequest(level=level, image_size=IMAGE, box=box)
        ).levels
        meeting, around = [], []
        for view in views:
            left, top, right, bottom = edges(view.region)
            if view.HasField("region") and left < x2 and x1 < right and top < y2 and y1 < bottom:
                meeting.append(view.cell)
            if left <= x1 and x2 <= right and top <= y1 and y2 <= bottom:
                around.append(view.cell)
        assert (found.seeing if found.HasField("seeing") else None) == hull(meeting)
        assert (found.holding if found.HasField("holding") else None) == hull(around)


def hull(cells: list[Cell]) -> CellRange | None:
    if not cells:
        return None
    rows, columns = [cell.y for cell in cells], [cell.x for cell in cells]
    return CellRange(first_y=min(rows), last_y=max(rows), first_x=min(columns), last_x=max(columns))


def test_a_backbone_tells_what_its_plugin_declares(geometry: GeometryServiceStub) -> None:
    for name, offer in Catalog.installed().backbones.items():
        step = max(level.stride for level in offer.part.levels)
        size = ImageSize(height_px=2 * step, width_px=3 * step)
        answer = geometry.DescribeBackbone(DescribeBackboneRequest(backbone=name, canvas_size=size))
        assert [level.stride_px for level in answer.levels] == [
            level.stride for level in offer.part.levels
        ]
        assert (answer.levels[-1].cells_y, answer.levels[-1].cells_x) == (2, 3)
        for told, declared in zip(answer.levels, offer.part.levels, strict=True):
            axes = declared.field.axes if declared.field else ()
            assert [axis.max_size_px for axis in told.field] == [
                axis.sizes_px[1] if axis else 0 for axis in axes
            ]


def test_ten_thousand_cells_are_told_at_once(geometry: GeometryServiceStub) -> None:
    assert len(mapped(geometry, "P2", *[(3, 4)] * 10_000).views) == 10_000


@pytest.mark.parametrize("sides", [(1, 2**32 - 1), (2**32 - 1, 1), (2**32 - 1, 2**32 - 1), (1, 1)])
def test_an_image_of_any_size_is_only_arithmetic(
    sides: tuple[int, int], geometry: GeometryServiceStub
) -> None:
    size = ImageSize(height_px=sides[0], width_px=sides[1])
    request = MapCellsRequest(level="P2", image_size=size, cells=[Cell()])
    (view,) = geometry.MapCells(request).views
    assert view.region.x_max_px <= sides[1]
    whole = Box(x_max_px=sides[1], y_max_px=sides[0])
    (found,) = geometry.MapRegion(MapRegionRequest(level="P2", image_size=size, box=whole)).levels
    assert (found.seeing.first_y, found.seeing.first_x) == (0, 0)
