"""A model that fails in its first runs costs the others nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from boxwright.client import Client
from boxwright.device.cgroup import Groups
from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.device.warm_up import warmed_up
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.shelf.bundle import read
from boxwright_contract.card import GRAPH_FILE

MakeBundle = Callable[..., Path]
Picky = Callable[..., onnx.ModelProto]


@pytest.fixture
def picky(make_bundle: MakeBundle, tmp_path: Path) -> Picky:
    """Return a graph that fails unless its image can be reshaped: `picky(-1, 64, 64, 3)`."""
    plain = onnx.load(make_bundle(tmp_path / "plain" / "1") / GRAPH_FILE)
    return lambda *shape: reshaped(plain, shape)


def reshaped(graph: onnx.ModelProto, shape: tuple[int, ...]) -> onnx.ModelProto:
    inner = graph.graph
    for node in inner.node:
        node.input[:] = ["shaped" if name == "image" else name for name in node.input]
    inner.node.insert(0, helper.make_node("Reshape", ["image", "wanted"], ["small"]))
    inner.node.insert(1, helper.make_node("Shape", ["image"], ["size"]))
    inner.node.insert(2, helper.make_node("Reshape", ["small", "size"], ["shaped"]))
    inner.initializer.append(numpy_helper.from_array(np.array(shape), "wanted"))
    return graph


def served(settings: Settings) -> dict[str, str]:
    """Return the models of a server that starts, and why each is not served."""
    with serve_in_background(settings) as address, Client(str(address)) as client:
        return {model.model: model.problem for model in client.models()}


def test_a_model_that_fails_on_a_usual_shape_is_listed_and_the_others_are_served(
    make_bundle: MakeBundle, picky: Picky, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    make_bundle(folder / "good" / "1")
    make_bundle(folder / "square" / "1", graph=picky(-1, 64, 64, 3))
    found = served(replace(settings, models=folder))
    assert found["good"] == ""
    assert "the graph of square/1 fails on 1 black images of 96 x 64 px" in found["square"]
    assert "Export it again" in found["square"]


def test_a_model_that_fails_in_larger_batches_is_served_in_those_that_work(
    make_bundle: MakeBundle, picky: Picky, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    make_bundle(folder / "alone" / "1", graph=picky(1, 0, 0, 3))
    assert served(replace(settings, models=folder)) == {"alone": ""}


@pytest.mark.parametrize(("lanes", "sizes"), [(1, [1, 2, 4, 8, 16]), (2, [1])])
def test_a_batch_is_tried_only_where_all_lanes_can_run_it_in_the_time_that_is_left(
    lanes: int,
    sizes: list[int],
    make_bundle: MakeBundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []

    def pace_s(model: Model, size: int, canvas: tuple[int, int]) -> float:
        tried.append(size)
        return 1 / size  # s an image

    monkeypatch.setattr("boxwright.device.warm_up._seconds_an_image", pace_s)
    runtime = Runtime.open("cpu", threads=1, lanes=lanes)
    model = runtime.load(read(make_bundle(tmp_path / "bright" / "1")))
    warmed_up(model, Settings(), within_s=10)
    assert tried == sizes


def test_no_larger_batch_is_tried_where_half_of_the_memory_is_used(
    make_bundle: MakeBundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    groups = Groups(tmp_path, tmp_path / "membership")
    groups.membership.write_text("0::/\n")
    (tmp_path / "memory.max").write_text(f"{64 << 20}\n")
    model = Runtime.open("cpu").load(read(make_bundle(tmp_path / "small" / "1")))
    assert warmed_up(model, Settings(), 10, groups=groups).tuning.sizes == (1,)
    assert "small/1 runs up to 1 at once: half of the memory is used" in caplog.text
