"""Other precisions than float32: graphs in int8, what they cost, and the card that tells it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.shelf import bundle
from boxwright_contract.errors import BadSettings
from boxwright_contract.precision_record import PrecisionRecord
from boxwright_workshop.accuracy import Found
from boxwright_workshop.precision_records import merged, worst_score, write_records
from boxwright_workshop.quantisation import Feeds, fold_casts, quantise, quantised_nodes

MakeBundle = Callable[..., Path]

RECORD = PrecisionRecord(
    precision="int8",
    device="cpu",
    graph_sha256="1" * 64,
    dataset="people/val.json",
    images=293,
    ap=0.5,
    ap_float32=0.5,
    worst_score=0.1,
    speedup=2,
)


def small_graph(folder: Path) -> Path:
    """Write a graph of a convolution with half-precision weights, a Relu and the mean."""
    weights = np.random.default_rng(0).normal(0, 0.1, (8, 3, 3, 3)).astype(np.float16)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["half"], ["weights"], to=TensorProto.FLOAT, name="cast"),
            helper.make_node("Conv", ["x", "weights"], ["seen"], name="conv"),
            helper.make_node("Relu", ["seen"], ["felt"], name="relu"),
            helper.make_node("GlobalAveragePool", ["felt"], ["y"], name="mean"),
        ],
        "small",
        [value("x", TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [value("y", TensorProto.FLOAT, ["N", 8, 1, 1])],
        [numpy_helper.from_array(weights, "half")],
    )
    file = folder / "small.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), file
    )
    return file


def pictures(count: int) -> Iterator[Feeds]:
    rng = np.random.default_rng(1)
    for _ in range(count):
        yield {"x": rng.random((1, 3, 16, 16), np.float32)}


def run(graph: Path, fed: Feeds) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, dict(fed))[0])


def test_int8_is_near_to_float32_and_a_quarter_of_its_parameters(tmp_path: Path) -> None:
    graph, small = small_graph(tmp_path), tmp_path / "int8.onnx"
    told: list[int] = []
    quantise(graph, pictures(4), small, told.append)
    assert told == [1, 2, 3, 4]
    [fed] = pictures(1)
    assert run(small, fed) == pytest.approx(run(graph, fed), abs=0.02)
    assert np.abs(run(small, fed) - run(graph, fed)).max() > 0
    kinds = {tensor.data_type for tensor in onnx.load(small).graph.initializer if tensor.dims}
    assert TensorProto.INT8 in kinds
    assert TensorProto.FLOAT16 not in kinds


def test_an_activation_is_quantised_with_what_it_follows(tmp_path: Path) -> None:
    model = onnx.load(small_graph(tmp_path))
    fold_casts(model)
    assert [node.op_type for node in quantised_nodes(model)] == ["Conv", "Relu"]


def test_a_graph_without_anything_dense_is_refused(make_bundle: MakeBundle, tmp_path: Path) -> None:
    graph = make_bundle(tmp_path / "bright" / "1") / "model.onnx"
    with pytest.raises(BadSettings, match="has no convolution and no product with 16384"):
        quantise(graph, iter(()), tmp_path / "int8.onnx", lambda done: None)


def found(*rows: tuple[float, float, int]) -> Found:
    """Return detections (left edge, score, label) of boxes 10 px wide and high."""
    boxes = np.array([(left, 0, left + 10, 10) for left, _, _ in rows], np.float32).reshape(-1, 4)
    return (
        boxes,
        np.array([score for _, score, _ in rows], np.float32),
        np.array([label for _, _, label in rows], np.int64),
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "change"),
    [
        (found((0, 0.9, 0)), found((0, 0.9, 0)), 0),
        (found((0, 0.9, 0)), found((1, 0.8, 0)), 0.1),
        (found((0, 0.9, 0)), found((9, 0.9, 0)), 0.9),
        (found((0, 0.9, 0)), found((0, 0.9, 1)), 0.9),
        (found((0, 0.9, 0)), found(), 0.9),
        (found(), found((0, 0.6, 0)), 0.6),
        (found((0, 0.4, 0)), found(), 0),
        (found(), found(), 0),
    ],
)
def test_the_worst_change_of_a_score_counts_what_came_and_went(
    ours: Found, theirs: Found, change: float
) -> None:
    same = found((0, 0.7, 0))
    assert worst_score([same, ours], [same, theirs], 0.5) == pytest.approx(change, abs=1e-6)


def test_new_records_take_the_place_of_old_ones_and_of_those_whose_graph_they_replace() -> None:
    bfloat16 = replace(RECORD, precision="bfloat16", device="openvino", graph_sha256="")
    old = (bfloat16, replace(RECORD, ap=0.4), replace(RECORD, device="openvino"))
    new = replace(RECORD, graph_sha256="2" * 64)
    assert merged(old, [new]) == (bfloat16, new)
    assert merged(old, []) == old


def test_a_card_keeps_the_figures_of_what_is_not_offered_but_not_the_graph(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    folder = make_bundle(tmp_path / "bright" / "1")
    graph = tmp_path / "int8.onnx"
    graph.write_bytes(b"int8")
    good = replace(RECORD, graph_sha256=hashlib.sha256(b"int8").hexdigest())
    before = bundle.read(folder).card
    write_records(folder, before, [good], graph)
    offered = bundle.read(folder)
    assert offered.card == replace(before, precisions=(good,))
    assert (folder / "model.int8.onnx").read_bytes() == b"int8"
    write_records(folder, offered.card, [replace(good, ap=0.4)], graph)
    [kept] = bundle.read(folder).card.precisions
    assert kept == replace(good, ap=0.4, graph_sha256="")
    assert sorted(file.name for file in folder.iterdir()) == ["model.json", "model.onnx"]


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Photos of a red rectangle each, and their annotations."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    images, notes = [], []
    for number in range(1, 5):
        pixels = np.zeros((64, 96, 3), np.uint8)
        left, top, width, height = 8 * number, 4 * number, 30, 20
        pixels[top : top + height, left : left + width, 2] = 200 + number
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
        images.append({"id": number, "file_name": f"{number}.png", "height": 64, "width": 96})
        box = [left, top, width, height]
        note = {"id": number, "image_id": number, "category_id": 1, "bbox": box}
        notes.append(note | {"area": width * height, "iscrowd": 0})
    categories = [{"id": 1, "name": "red"}]
    file = tmp_path / "scenes.json"
    file.write_text(json.dumps({"images": images, "annotations": notes, "categories": categories}))
    return file


@pytest.fixture
def through_a_convolution(make_bundle: MakeBundle, tmp_path: Path) -> onnx.ModelProto:
    """The detector of bright areas, which looks through a convolution that changes nothing."""
    model = onnx.load(make_bundle(tmp_path / "as_it_is" / "1") / "model.onnx")
    nodes = list(model.graph.node)
    nodes[0].output[0] = "raw"
    identity = np.eye(3, dtype=np.float32)[:, :, None, None]
    model.graph.initializer.append(numpy_helper.from_array(identity, "identity"))
    through = [
        helper.make_node("Transpose", ["raw"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "identity"], ["seen"], name="conv"),
        helper.make_node("Transpose", ["seen"], ["pixels"], perm=[0, 2, 3, 1]),
    ]
    del model.graph.node[:]
    model.graph.node.extend([nodes[0], *through, *nodes[1:]])
    return model


def test_the_command_measures_every_precision_and_writes_the_card(
    make_bundle: MakeBundle, through_a_convolution: onnx.ModelProto, scenes: Path
) -> None:
    folder = make_bundle(scenes.parent / "bright" / "1", graph=through_a_convolution)
    calibration = scenes.with_name("calibration.json")
    calibration.write_bytes(
        scenes.read_bytes().replace(b'"file_name": "', b'"file_name": "scenes/')
    )
    command = ["precisions", str(folder), "--data", str(scenes)]
    printed = CliRunner().invoke(app, [*command, "--calibration", str(calibration), "--json"])
    assert printed.exit_code == 0, printed.output
    records = {(one["device"], one["precision"]): one for one in json.loads(printed.stdout)}
    its = records["cpu", "int8"]
    assert (its["ap"], its["ap_float32"], its["images"]) == (1, 1, 4)
    assert its["worst_score"] < 0.02
    assert its["speedup"] > 0
    written = {(one.device, one.precision): one for one in bundle.read(folder).card.precisions}
    assert written.keys() == records.keys()
    assert bool(written["cpu", "int8"].graph_sha256) == (not its["refusal"])


def test_int8_is_not_judged_on_the_photos_that_set_its_ranges(
    make_bundle: MakeBundle, scenes: Path
) -> None:
    folder = make_bundle(scenes.parent / "bright" / "1")
    same = ["--data", str(scenes), "--calibration", str(scenes)]
    printed = CliRunner().invoke(app, ["precisions", str(folder), *same])
    assert printed.exit_code != 0
    assert "int8 would be judged on the photos that set its ranges" in printed.output
