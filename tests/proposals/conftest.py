"""Genuine detectors that need proposals, whose answers are known exactly, on a live server.

Each finds the proposals whose mean red, green or blue is at least 128: the box is the proposal,
the score that mean over 255. One does it in one graph, one in chunks of `MOST` proposals.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from boxwright.client import Client
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract import card
from boxwright_contract.card import ChunkRecord
from boxwright_contract.proposal_rule import ProposalRule

ROWS = 5
MOST = 3
"""Proposals in a chunk."""
RULE = ProposalRule(source="quarters", limit=4, longest_side_px=1000)

MakeBundle = Callable[..., Path]
Steps = tuple[tuple[str, str, str, dict[str, Any]], ...]

CONSTANTS: dict[str, Any] = {
    "zero": np.int64(0),
    "one": np.int64(1),
    "axis1": np.array([1]),
    "axis2": np.array([2]),
    "last": np.array([-1]),
    "in_rows": np.array([0, 0, -1]),
    "in_cells": np.array([0, 0, -1, 3]),
    "least_area": np.float32(1),
    "full": np.float32(255),
    "half": np.float32(128 / 255),
    "nothing": np.float32(0),
    "rows": np.array([ROWS]),
    "pad_rows": np.array([0, 0, 0, ROWS]),
    "pad_boxes": np.array([0, 0, 0, 0, ROWS, 0]),
    "four": np.array([1, 1, 4]),
}

REGIONS: Steps = (
    ("Cast", "image", "pixels", {"to": TensorProto.FLOAT}),
    ("Shape", "image", "height", {"start": 1, "end": 2}),
    ("Shape", "image", "width", {"start": 2, "end": 3}),
    ("Squeeze", "height", "height_", {}),
    ("Squeeze", "width", "width_", {}),
    ("Range", "zero height_ one", "y", {}),
    ("Range", "zero width_ one", "x", {}),
    ("Cast", "y", "y_", {"to": TensorProto.FLOAT}),
    ("Cast", "x", "x_", {"to": TensorProto.FLOAT}),
    ("Split", "proposals", "left top right bottom", {"axis": -1, "num_outputs": 4}),
    ("GreaterOrEqual", "x_ left", "after_left", {}),
    ("Less", "x_ right", "before_right", {}),
    ("And", "after_left before_right", "across", {}),
    ("Cast", "across", "across_", {"to": TensorProto.FLOAT}),
    ("GreaterOrEqual", "y_ top", "after_top", {}),
    ("Less", "y_ bottom", "before_bottom", {}),
    ("And", "after_top before_bottom", "down", {}),
    ("Cast", "down", "down_", {"to": TensorProto.FLOAT}),
    ("Reshape", "pixels in_rows", "lines", {}),
    ("MatMul", "down_ lines", "columns", {}),
    ("Reshape", "columns in_cells", "cells", {}),
    ("Unsqueeze", "across_ last", "across__", {}),
    ("Mul", "cells across__", "inside", {}),
    ("ReduceSum", "inside axis2", "sum", {"keepdims": 0}),
    ("ReduceSum", "across_ last", "wide", {}),
    ("ReduceSum", "down_ last", "high", {}),
    ("Mul", "wide high", "cut_area", {}),
    ("Max", "cut_area least_area", "area", {}),
    ("Div", "sum area", "mean", {}),
    ("Div", "mean full", "regions", {}),
)

CONCLUSION: Steps = (
    ("Shape", "proposals", "how_many", {"start": 1, "end": 2}),
    ("Squeeze", "how_many", "how_many_", {}),
    ("Range", "zero how_many_ one", "position", {}),
    ("Cast", "position", "position_", {"to": TensorProto.INT32}),
    ("Unsqueeze", "proposal_count axis1", "proposal_count_", {}),
    ("Less", "position_ proposal_count_", "is_real", {}),
    ("ReduceMax", "regions last", "best", {"keepdims": 0}),
    ("ArgMax", "regions", "channel", {"axis": -1, "keepdims": 0}),
    ("GreaterOrEqual", "best half", "is_bright", {}),
    ("And", "is_bright is_real", "is_found", {}),
    ("Cast", "is_found", "found", {"to": TensorProto.FLOAT}),
    ("Mul", "best found", "each_score", {}),
    ("Pad", "each_score pad_rows nothing", "padded_scores", {}),
    ("TopK", "padded_scores rows", "scores order", {"axis": 1}),
    ("Greater", "scores nothing", "is_row", {}),
    ("Cast", "is_row", "row", {"to": TensorProto.INT32}),
    ("ReduceSum", "row axis1", "count", {"keepdims": 0}),
    ("Cast", "order", "order_32", {"to": TensorProto.INT32}),
    ("Mul", "order_32 row", "proposal", {}),
    ("Pad", "channel pad_rows zero", "padded_labels", {}),
    ("GatherElements", "padded_labels order", "row_labels", {"axis": 1}),
    ("Cast", "row_labels", "row_labels_", {"to": TensorProto.INT32}),
    ("Mul", "row_labels_ row", "labels", {}),
    ("Pad", "proposals pad_boxes nothing", "padded_boxes", {}),
    ("Unsqueeze", "order last", "order_", {}),
    ("Expand", "order_ four", "order_4", {}),
    ("GatherElements", "padded_boxes order_4", "row_boxes", {"axis": 1}),
    ("Cast", "row", "row_", {"to": TensorProto.FLOAT}),
    ("Unsqueeze", "row_ last", "row__", {}),
    ("Mul", "row_boxes row__", "boxes", {}),
)

TENSORS: dict[str, tuple[int, list[int | str]]] = {
    "image": (TensorProto.UINT8, ["N", "H", "W", 3]),
    "image_size": (TensorProto.INT32, ["N", 2]),
    "proposals": (TensorProto.FLOAT, ["N", "P", 4]),
    "proposal_count": (TensorProto.INT32, ["N"]),
    "regions": (TensorProto.FLOAT, ["N", "P", 3]),
    "boxes": (TensorProto.FLOAT, ["N", ROWS, 4]),
    "scores": (TensorProto.FLOAT, ["N", ROWS]),
    "labels": (TensorProto.INT32, ["N", ROWS]),
    "count": (TensorProto.INT32, ["N"]),
    "proposal": (TensorProto.INT32, ["N", ROWS]),
}


def graph(steps: Steps, inputs: str, outputs: str) -> onnx.ModelProto:
    """Return the graph of `steps`."""
    nodes = [
        helper.make_node(op, takes.split(), gives.split(), **attributes)
        for op, takes, gives, attributes in steps
    ]
    used = {name for node in nodes for name in node.input}
    constants = [
        numpy_helper.from_array(np.asarray(array), name)
        for name, array in CONSTANTS.items()
        if name in used
    ]
    return helper.make_model(
        helper.make_graph(nodes, "bright_proposals", values(inputs), values(outputs), constants),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )


def values(names: str) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, *TENSORS[name]) for name in names.split()]


INPUTS = "image image_size proposals proposal_count"
OUTPUTS = "boxes scores labels count proposal"


@pytest.fixture(scope="session")
def make_proposing(make_bundle: MakeBundle) -> MakeBundle:
    """Write a bundle that needs proposals, `chunked` or not; other arguments change its card."""

    def make(folder: Path, *, chunked: bool = False, **changes: Any) -> Path:
        needs: dict[str, Any] = {"needs_proposals": True, "proposals": RULE, "levels": ()}
        if not chunked:
            whole = graph(REGIONS + CONCLUSION, INPUTS, OUTPUTS)
            return make_bundle(folder, graph=whole, **needs | changes)
        takes = "regions proposals proposal_count image_size"
        conclusion = graph(CONCLUSION, takes, OUTPUTS).SerializeToString()
        sha256 = hashlib.sha256(conclusion).hexdigest()
        needs["chunk"] = ChunkRecord(most=MOST, numbers=3, conclusion_sha256=sha256)
        make_bundle(folder, graph=graph(REGIONS, INPUTS, "regions"), **needs | changes)
        (folder / card.CONCLUSION_FILE).write_bytes(conclusion)
        return folder

    return make


@pytest.fixture(scope="session")
def proposing_models(
    make_proposing: MakeBundle, make_bundle: MakeBundle, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a model that needs proposals, one in chunks, and one that needs none."""
    folder = tmp_path_factory.mktemp("proposing")
    make_proposing(folder / "whole" / "1")
    make_proposing(folder / "chunked" / "1", chunked=True)
    make_bundle(folder / "bright" / "1")
    return folder


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, is a distribution with two proposal sources."""
    site = tmp_path_factory.mktemp("site")
    copy(Path(__file__).parent / "quarters.py", site)
    info = site / "quarters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: quarters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[boxwright]\nsources = quarters\n")
    return site


@pytest.fixture(scope="session")
def address(proposing_models: Path, sources: Path) -> Iterator[Address]:
    """Where a live server of `proposing_models` listens."""
    settings = Settings(
        models=proposing_models, port=0, device="cpu", threads=2, warm_up_s=0, max_proposals=50
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sources))  # plugins are looked for only when a server starts
        serving = serve_in_background(settings)
        address = serving.__enter__()
    try:
        yield address
    finally:
        serving.__exit__(None, None, None)
        del sys.modules["quarters"]


@pytest.fixture(scope="session")
def client(address: Address) -> Iterator[Client]:
    with Client(str(address)) as client:
        yield client
