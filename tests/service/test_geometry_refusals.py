"""Questions about models and backbones that have no answer: the status, the numbers, the cure."""

import grpc
import pytest

from boxwright.v1.detection_pb2 import Box, ImageSize
from boxwright.v1.geometry_pb2 import (
    Cell,
    DescribeBackboneRequest,
    DescribeModelRequest,
    MapCellsRequest,
    MapRegionRequest,
)
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub

IMAGE = ImageSize(height_px=96, width_px=192)
INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND


def box(x1: float, y1: float, x2: float, y2: float) -> Box:
    return Box(x_min_px=x1, y_min_px=y1, x_max_px=x2, y_max_px=y2)


NAN, INFINITE = float("nan"), float("inf")
REFUSED = {
    "unknown model": (
        "DescribeModel",
        DescribeModelRequest(model="seing"),
        NOT_FOUND,
        "Did you mean 'seeing'?",
    ),
    "unknown version": ("DescribeModel", DescribeModelRequest(version="7"), NOT_FOUND, "Known: 1"),
    "image of no size": (
        "DescribeModel",
        DescribeModelRequest(image_size=ImageSize()),
        INVALID,
        "the image size is 0 x 0 px",
    ),
    "unknown backbone": (
        "DescribeBackbone",
        DescribeBackboneRequest(backbone="resnet5"),
        NOT_FOUND,
        "Did you mean 'resnet50'?",
    ),
    "canvas that is no multiple": (
        "DescribeBackbone",
        DescribeBackboneRequest(
            backbone="resnet50", canvas_size=ImageSize(height_px=64, width_px=100)
        ),
        INVALID,
        "the canvas is 100 x 64 px, and resnet50 takes sides that are multiples of 32",
    ),
    "canvas of no size": (
        "DescribeBackbone",
        DescribeBackboneRequest(backbone="resnet50", canvas_size=ImageSize()),
        INVALID,
        "the canvas is 0 x 0 px",
    ),
    "unknown level": (
        "MapCells",
        MapCellsRequest(level="P22", image_size=IMAGE),
        NOT_FOUND,
        "no level named 'P22'. Did you mean 'P2'?",
    ),
    "no image size": ("MapCells", MapCellsRequest(level="P2"), INVALID, "has no image_size"),
    "row outside": (
        "MapCells",
        MapCellsRequest(level="P2", image_size=IMAGE, cells=[Cell(y=16)]),
        INVALID,
        "P2 has no cell (16, 0): of an image of 192 x 96 px it has rows 0 to 15 and columns 0 to "
        "23. Send a cell of these.",
    ),
    "column outside": (
        "MapCells",
        MapCellsRequest(level="P2", image_size=IMAGE, cells=[Cell(), Cell(x=2**32 - 1)]),
        INVALID,
        "P2 has no cell (0, 4294967295)",
    ),
    "too many cells": (
        "MapCells",
        MapCellsRequest(level="P2", image_size=IMAGE, cells=[Cell()] * 10_001),
        INVALID,
        "has 10001 cells, over 10000",
    ),
    "a field that is not known": (
        "MapCells",
        MapCellsRequest(level="P7", image_size=IMAGE, cells=[Cell()]),
        INVALID,
        "what the cells of P7 see is not known: it is odd",
    ),
    "box inverted": (
        "MapRegion",
        MapRegionRequest(level="P2", image_size=IMAGE, box=box(50, 10, 40, 20)),
        INVALID,
        "the box (50, 10, 40, 20) px is none",
    ),
    "box of no height": (
        "MapRegion",
        MapRegionRequest(level="P2", image_size=IMAGE, box=box(10, 10, 40, 10)),
        INVALID,
        "is none",
    ),
    "no box": ("MapRegion", MapRegionRequest(level="P2", image_size=IMAGE), INVALID, "is none"),
    "box of NaN": (
        "MapRegion",
        MapRegionRequest(level="P2", image_size=IMAGE, box=box(NAN, 0, 9, 9)),
        INVALID,
        "(nan, 0, 9, 9) px is none",
    ),
    "box without end": (
        "MapRegion",
        MapRegionRequest(level="P2", image_size=IMAGE, box=box(0, 0, INFINITE, 9)),
        INVALID,
        "(0, 0, inf, 9) px is none",
    ),
    "box outside": (
        "MapRegion",
        MapRegionRequest(level="P2", image_size=IMAGE, box=box(192, 0, 300, 9)),
        INVALID,
        "(192, 0, 300, 9) px lies outside the image of 192 x 96 px",
    ),
    "unknown level of a region": (
        "MapRegion",
        MapRegionRequest(level="p2", image_size=IMAGE, box=box(0, 0, 9, 9)),
        NOT_FOUND,
        "no level named 'p2'",
    ),
}


@pytest.mark.parametrize(("call", "request_", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_the_numbers(
    call: str,
    request_: object,
    code: grpc.StatusCode,
    message: str,
    geometry: GeometryServiceStub,
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        getattr(geometry, call)(request_)
    assert caught.value.code() is code
    assert message in str(caught.value.details())
