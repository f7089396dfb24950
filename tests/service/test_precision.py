"""Precision: only what a card proves accurate and faster is run, and else float32 is, aloud."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from boxwright.device.model import Model
from boxwright.device.precision_choice import choose_precision
from boxwright.device.providers import openvino_devices, register_openvino
from boxwright.device.runtime import Runtime
from boxwright.settings import Precision, PrecisionWish
from boxwright.shelf import bundle
from boxwright.shelf.bundle import Bundle
from boxwright_contract import card
from boxwright_contract.errors import BadBundle, BadSettings
from boxwright_contract.precision_record import PrecisionRecord

MakeBundle = Callable[..., Path]

register_openvino(onnxruntime)
HAS_BFLOAT16 = any(
    "BF16" in device.ep_metadata["OPTIMIZATION_CAPABILITIES"].split()
    for device in openvino_devices(onnxruntime)
)
BFLOAT16 = PrecisionRecord(
    precision="bfloat16",
    device="openvino",
    dataset="people/val.json",
    images=293,
    ap=0.262,
    ap_float32=0.263,
    worst_score=0.01,
    speedup=2.0,
)
INT8 = replace(BFLOAT16, precision="int8", graph_sha256="0" * 64, speedup=3.0)
ALL: tuple[Precision, ...] = ("float32", "bfloat16", "int8")


@pytest.fixture
def offering(make_bundle: MakeBundle, tmp_path: Path) -> Callable[..., Bundle]:
    """Return a bundle whose card has the records that are given."""
    plain = bundle.read(make_bundle(tmp_path / "bright" / "1"))

    def make(*records: PrecisionRecord) -> Bundle:
        return replace(plain, card=replace(plain.card, precisions=records))

    return make


def in_int8(make_bundle: MakeBundle, folder: Path, speedup: float = 3) -> Path:
    """Write a bundle that offers int8 on the CPU; its graph there is the same, 20 ms slower."""
    slower = (make_bundle(folder / "slower" / "1", multiplications=1) / "model.onnx").read_bytes()
    sha256 = hashlib.sha256(slower).hexdigest()
    record = replace(INT8, device="cpu", graph_sha256=sha256, speedup=speedup)
    made = make_bundle(folder / "bright" / "1", precisions=(record,))
    (made / "model.int8.onnx").write_bytes(slower)
    return made


def nodes(model: Model) -> int:
    return sum(each.nodes for each in model.placements)


def test_auto_takes_the_fastest_that_is_offered_where_the_device_is_able(
    offering: Callable[..., Bundle],
) -> None:
    both = offering(BFLOAT16, INT8)
    assert choose_precision(both, "openvino", ALL, "auto").precision == "int8"
    assert choose_precision(both, "openvino", ALL[:2], "auto").precision == "bfloat16"
    assert choose_precision(both, "cpu", ALL, "auto").precision == "float32"


@pytest.mark.parametrize(
    ("wish", "precision"),
    [("float32", "float32"), ("bfloat16", "bfloat16"), ("int8", "int8")],
)
def test_a_precision_that_is_asked_for_and_offered_is_taken(
    wish: PrecisionWish, precision: Precision, offering: Callable[..., Bundle]
) -> None:
    chosen = choose_precision(offering(BFLOAT16, INT8), "openvino", ALL, wish)
    assert (chosen.precision, chosen.fallback) == (precision, "")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (
            replace(BFLOAT16, ap=0.2599),
            "its AP on the 293 images of people/val.json is 0.2599, and 0.2630 in float32: more "
            "than 0.003 less",
        ),
        (replace(BFLOAT16, speedup=0.97), "no faster than float32: 0.97 times as fast"),
        (
            replace(BFLOAT16, device="cpu"),
            "its card has no measurement of that on openvino. Measure it with `boxwright precis",
        ),
    ],
)
def test_a_precision_that_is_not_offered_gives_way_to_float32_with_the_reason(
    record: PrecisionRecord, reason: str, offering: Callable[..., Bundle]
) -> None:
    one = offering(record)
    assert choose_precision(one, "openvino", ALL, "auto").precision == "float32"
    chosen = choose_precision(one, "openvino", ALL, "bfloat16")
    assert chosen.precision == "float32"
    assert "bright/1 runs in float32 and not in bfloat16" in chosen.fallback
    assert reason in chosen.fallback


def test_a_device_that_cannot_compute_in_a_precision_is_told_at_the_start() -> None:
    with pytest.raises(BadSettings, match=r"is 'bfloat16', but cpu here computes only in float32"):
        Runtime.open("cpu", precision="bfloat16")


def test_a_precision_with_a_graph_of_its_own_is_run_from_it(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    read = bundle.read(in_int8(make_bundle, tmp_path))
    models = {
        wish: Runtime.open("cpu", threads=1, precision=wish).load(read)
        for wish in ("auto", "int8", "float32")
    }
    assert [model.precision for model in models.values()] == ["int8", "int8", "float32"]
    assert nodes(models["auto"]) == nodes(models["int8"]) > nodes(models["float32"])


def test_a_model_that_cannot_run_as_asked_says_so_itself_and_in_the_log(
    make_bundle: MakeBundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read = bundle.read(in_int8(make_bundle, tmp_path, speedup=0.5))
    with caplog.at_level(logging.WARNING):
        model = Runtime.open("cpu", threads=1, precision="int8").load(read)
    assert model.precision == "float32"
    assert "bright/1 runs in float32 and not in int8: it is no faster" in model.fallback
    assert model.fallback in caplog.text


def test_a_graph_of_a_precision_that_is_altered_or_gone_is_refused(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    made = in_int8(make_bundle, tmp_path)
    with (made / "model.int8.onnx").open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(BadBundle, match=r"model.int8.onnx was altered"):
        bundle.read(made)
    (made / "model.int8.onnx").unlink()
    with pytest.raises(BadBundle, match=r"model.int8.onnx is missing"):
        bundle.read(made)


def test_a_card_from_before_there_were_precisions_is_read(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    file = make_bundle(tmp_path / "bright" / "1") / card.CARD_FILE
    file.write_bytes(file.read_bytes().replace(b'  "precisions": [],\n', b""))
    assert b"precisions" not in file.read_bytes()
    assert bundle.read(file.parent).card.precisions == ()


@pytest.mark.skipif(not HAS_BFLOAT16, reason="no OpenVINO on a processor with bfloat16 here")
def test_openvino_runs_in_bfloat16_what_is_offered_so(offering: Callable[..., Bundle]) -> None:
    assert Runtime.open("openvino").load(offering(BFLOAT16)).precision == "bfloat16"
    assert Runtime.open("openvino").load(offering()).precision == "float32"
