"""A live server with a genuine detector whose answers are known exactly.

The detector finds, for red, green and blue, the box around every pixel of at least 128 in that
channel; its score is the brightest such value over 255, and its origin the first such pixel. No
training, no rounding, any N, H and W.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract import card
from boxwright_contract.card import Card, LevelRecord, ParityRecord, PluginRecord, WeightsRecord
from boxwright_contract.geometry.field import IDENTITY, Field
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import RegionLevel

CLASSES = ("red", "green", "blue")
ROWS = 5  # D: more than there are classes, so that the answers are padded

PIXELS = LevelRecord(
    level=RegionLevel(name="C0", channels=3, stride=1), field=Field(axes=(IDENTITY, IDENTITY))
)  # the canvas itself

MakeBundle = Callable[..., Path]

CONSTANTS: dict[str, Any] = {
    "threshold": np.float32(128),
    "full": np.float32(255),
    "zero": np.float32(0),
    "one": np.int64(1),
    "last": np.array([-1]),
    "axis1": np.array([1]),
    "axis2": np.array([2]),
    "sides": np.array([1, 2]),
    "xyxy": np.array([1, 0, 1, 0]),
    "rows": np.array([ROWS]),
    "three": np.array([1, 1, 3]),
    "four": np.array([1, 1, 4]),
    "flat": np.array([0, -1, 3]),
    "pad_scores": np.array([0, 0, 0, ROWS - len(CLASSES)]),
    "pad_boxes": np.array([0, 0, 0, 0, ROWS - len(CLASSES), 0]),
    "square": np.array([1000, 1000]),
}

STEPS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Cast", "image", "pixels", {"to": TensorProto.FLOAT}),
    ("ReduceMax", "pixels sides", "peak", {"keepdims": 0}),
    ("GreaterOrEqual", "pixels threshold", "is_bright", {}),
    ("Cast", "is_bright", "bright", {"to": TensorProto.FLOAT}),
    ("ReduceMax", "bright axis1", "columns", {"keepdims": 0}),
    ("ReduceMax", "bright axis2", "lines", {"keepdims": 0}),
    ("ArgMax", "columns", "left", {"axis": 1, "keepdims": 0}),
    ("ArgMax", "lines", "top", {"axis": 1, "keepdims": 0}),
    ("ArgMax", "columns", "last_x", {"axis": 1, "keepdims": 0, "select_last_index": 1}),
    ("ArgMax", "lines", "last_y", {"axis": 1, "keepdims": 0, "select_last_index": 1}),
    ("Add", "last_x one", "right", {}),
    ("Add", "last_y one", "bottom", {}),
    *(("Unsqueeze", f"{edge} last", f"{edge}_", {}) for edge in ("left", "top", "right", "bottom")),
    ("Concat", "left_ top_ right_ bottom_", "edges", {"axis": -1}),
    ("Cast", "edges", "all_boxes", {"to": TensorProto.FLOAT}),
    ("Gather", "image_size xyxy", "bounds", {"axis": 1}),
    ("Cast", "bounds", "bounds_", {"to": TensorProto.FLOAT}),
    ("Unsqueeze", "bounds_ axis1", "bounds__", {}),
    ("Min", "all_boxes bounds__", "clipped", {}),
    ("GreaterOrEqual", "peak threshold", "is_there", {}),
    ("Cast", "is_there", "there", {"to": TensorProto.FLOAT}),
    ("Add", "full idled", "divisor", {}),
    ("Div", "peak divisor", "brightness", {}),
    ("Mul", "brightness there", "found_scores", {}),
    ("Unsqueeze", "there last", "there_", {}),
    ("Mul", "clipped there_", "found_boxes", {}),
    ("Pad", "found_scores pad_scores zero", "row_scores", {}),
    ("Pad", "found_boxes pad_boxes zero", "row_boxes", {}),
    ("TopK", "row_scores rows", "scores order", {"axis": 1}),
    ("Unsqueeze", "order last", "order_", {}),
    ("Expand", "order_ four", "order__", {}),
    ("GatherElements", "row_boxes order__", "boxes", {"axis": 1}),
    ("Greater", "scores zero", "is_row", {}),
    ("Cast", "is_row", "row", {"to": TensorProto.INT32}),
    ("Cast", "order", "row_labels", {"to": TensorProto.INT32}),
    ("Mul", "row_labels row", "labels", {}),
    ("ReduceSum", "row axis1", "count", {"keepdims": 0}),
    ("Reshape", "pixels flat", "in_a_row", {}),
    ("ArgMax", "in_a_row", "peak_place", {"axis": 1, "keepdims": 0}),
    ("Shape", "image", "shape", {}),
    ("Gather", "shape axis2", "width", {}),
    ("Div", "peak_place width", "peak_y", {}),
    ("Mod", "peak_place width", "peak_x", {}),
    ("Sub", "peak_x peak_x", "peak_level", {}),
    *(("Unsqueeze", f"peak_{part} last", f"peak_{part}_", {}) for part in ("level", "y", "x")),
    ("Concat", "peak_level_ peak_y_ peak_x_", "peak_cells", {"axis": -1}),
    ("Cast", "peak_cells", "peak_cells_", {"to": TensorProto.FLOAT}),
    ("Mul", "peak_cells_ there_", "found_cells", {}),
    ("Pad", "found_cells pad_boxes zero", "row_cells", {}),
    ("Expand", "order_ three", "order_3", {}),
    ("GatherElements", "row_cells order_3", "cells", {"axis": 1}),
    ("Cast", "cells", "origin", {"to": TensorProto.INT32}),
)


def idle(multiplications: int) -> list[onnx.NodeProto]:
    """Return nodes that compute 0 from the image, by multiplying 1000 x 1000 matrices of zeros."""
    names = [f"square_{step}" for step in range(multiplications + 1)]
    return [
        helper.make_node("Mul", ["peak", "zero"], ["nothing"]),
        helper.make_node("ReduceMax", ["nothing"], ["none"], keepdims=0),
        helper.make_node("Expand", ["none", "square"], [names[0]]),
        *(
            helper.make_node("MatMul", [before, before], [after])
            for before, after in pairwise(names)
        ),
        helper.make_node("ReduceMax", [names[-1]], ["idled"], keepdims=0),
    ]


def detector_graph(batch: int | str = "N", multiplications: int = 0) -> onnx.ModelProto:
    """Return the detector; each multiplication makes it slower by some 20 ms."""
    steps = [
        helper.make_node(op, inputs.split(), outputs.split(), **attributes)
        for op, inputs, outputs, attributes in STEPS
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        steps[:2] + idle(multiplications) + steps[2:],
        "bright_areas",
        [
            value("image", TensorProto.UINT8, [batch, "H", "W", 3]),
            value("image_size", TensorProto.INT32, [batch, 2]),
        ],
        [
            value("boxes", TensorProto.FLOAT, [batch, ROWS, 4]),
            value("scores", TensorProto.FLOAT, [batch, ROWS]),
            value("labels", TensorProto.INT32, [batch, ROWS]),
            value("count", TensorProto.INT32, [batch]),
            value("origin", TensorProto.INT32, [batch, ROWS, 3]),
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in CONSTANTS.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def write_bundle(folder: Path, graph: onnx.ModelProto, **changes: Any) -> Path:
    """Write a graph and its card into `folder`, which ends in <name>/<version>; return it."""
    folder.mkdir(parents=True)
    data = graph.SerializeToString()
    (folder / card.GRAPH_FILE).write_bytes(data)
    plugin = PluginRecord(name="bright_areas", distribution="tests", version="0")
    honest = Card(
        detector=plugin,
        backbone=PluginRecord(name="nothing", distribution="tests", version="0"),
        classes=CLASSES,
        input=InputRule(short_side_px=64, long_side_px=96, divisor=32),
        most_detections=ROWS,
        min_score=0.75,
        levels=(PIXELS,),
        weights=WeightsRecord(origin="none: nothing was trained", licence="Apache-2.0"),
        parity=ParityRecord(
            reference="none: the graph is the definition",
            image_sizes=0,
            images=0,
            detections=0,
            worst_box_px=0,
            worst_score=0,
        ),
        made_with={"onnx": onnx.__version__},
        graph_sha256=hashlib.sha256(data).hexdigest(),
    )
    (folder / card.CARD_FILE).write_bytes(card.encode(replace(honest, **changes)))
    return folder


@pytest.fixture(scope="session")
def make_bundle() -> MakeBundle:
    """Write a bundle: `make_bundle(folder / "bright" / "1", multiplications=0, **card_changes)`."""

    def make(
        folder: Path,
        batch: int | str = "N",
        multiplications: int = 0,
        graph: onnx.ModelProto | None = None,
        **changes: Any,
    ) -> Path:
        return write_bundle(folder, graph or detector_graph(batch, multiplications), **changes)

    return make


@pytest.fixture(scope="session")
def models(make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one good model in two versions, and one whose graph was altered."""
    folder = tmp_path_factory.mktemp("models")
    make_bundle(folder / "bright" / "9")
    make_bundle(folder / "bright" / "10")
    altered = make_bundle(folder / "altered" / "1")
    (altered / card.GRAPH_FILE).write_bytes(b"altered")
    return folder


@pytest.fixture(scope="session")
def settings(models: Path) -> Settings:
    """Settings of the live server: small limits, so that tests reach them."""
    return Settings(
        models=models,
        port=0,
        device="cpu",
        threads=2,
        warm_up_s=0.5,
        max_pixels=4_000_000,
        max_message_bytes=1 << 20,
        drain_delay_s=0,
    )


@pytest.fixture(scope="session")
def address(settings: Settings) -> Iterator[Address]:
    """Where the live server listens."""
    with serve_in_background(settings) as address:
        yield address


@pytest.fixture(scope="session")
def channel(address: Address) -> Iterator[grpc.Channel]:
    """A real channel to the live server."""
    with grpc.insecure_channel(str(address)) as channel:
        yield channel


@pytest.fixture(scope="session")
def detection(channel: grpc.Channel) -> DetectionServiceStub:
    return DetectionServiceStub(channel)


@pytest.fixture(scope="session")
def catalog(channel: grpc.Channel) -> CatalogServiceStub:
    return CatalogServiceStub(channel)
