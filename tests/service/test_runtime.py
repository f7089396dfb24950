"""Devices: what is there is used and told; what is not is refused with the cure."""

import importlib.util
import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from boxwright.device.providers import PROVIDERS, failure, register_openvino
from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright_contract.errors import BadSettings, MissingInstall

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
HAS_OPENVINO = importlib.util.find_spec("onnxruntime_ep_openvino") is not None
without_cuda = pytest.mark.skipif(HAS_CUDA, reason="this machine's ONNX Runtime has CUDA")
with_openvino = pytest.mark.skipif(not HAS_OPENVINO, reason="OpenVINO's provider is not installed")

MakeBundle = Callable[..., Path]


@without_cuda
@pytest.mark.parametrize("wish", ["cuda", "require:cuda", "require:tensorrt"])
def test_a_device_that_is_not_there_tells_what_is_and_what_to_install(wish: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Runtime.open(wish)
    assert f"BOXWRIGHT_DEVICE (--device) is '{wish}'" in str(caught.value)
    assert "This machine has only" in str(caught.value)
    assert "pip install 'boxwright[gpu]'" in str(caught.value)


@without_cuda
def test_a_device_that_is_preferred_and_not_there_gives_way_with_a_warning(
    make_bundle: MakeBundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        runtime = Runtime.open("prefer:cuda", threads=1)
    assert runtime.device == Runtime.open("auto").device
    told = f"cuda was preferred, but ONNX Runtime {onnxruntime.__version__} came without"
    assert told in caplog.text
    model = runtime.load(bundle.read(make_bundle(tmp_path / "bright" / "1")))
    assert told in model.fallback
    assert f"Models run on {runtime.device}." in model.fallback


@pytest.mark.parametrize("wish", ["cpu", "require:cpu", "prefer:cpu"])
def test_a_device_that_is_there_is_taken_without_a_word(wish: str) -> None:
    runtime = Runtime.open(wish)
    assert (runtime.device, runtime.fallback) == ("cpu", "")


def test_auto_takes_a_device_that_is_there() -> None:
    assert Runtime.open("auto").device in ("cuda", "openvino", "cpu")


def test_a_provider_that_was_built_in_is_tried_before_it_counts_as_there() -> None:
    assert failure(onnxruntime, PROVIDERS["cpu"]) == ""
    assert "does not start" in failure(onnxruntime, "NoExecutionProvider")


def test_threads_are_those_asked_for_or_the_cores() -> None:
    assert Runtime.open("cpu", threads=3).sessions.threads == 3
    assert Runtime.open("cpu").sessions.threads >= 1


def test_a_processor_has_as_many_lanes_as_threads_unless_told() -> None:
    assert Runtime.open("cpu", threads=3).sessions.lanes == 3
    assert Runtime.open("cpu", threads=3, lanes=2).sessions.lanes == 2


@with_openvino
def test_openvino_has_one_more_lane_if_there_are_any_beside_each_other() -> None:
    assert Runtime.open("openvino", threads=3).sessions.lanes == 4
    assert Runtime.open("openvino", threads=1).sessions.lanes == 1


@pytest.mark.parametrize(("threads", "lanes", "each"), [(4, 1, 4), (4, 2, 3), (4, 4, 1), (2, 8, 1)])
def test_callers_of_a_session_count_among_its_threads(
    threads: int, lanes: int, each: int, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    runtime = Runtime.open("cpu", threads, lanes)
    model = runtime.load(bundle.read(make_bundle(tmp_path / "bright" / "1")))
    assert model.session.get_session_options().intra_op_num_threads == each
    assert model.lanes == lanes


def test_a_model_tells_how_many_nodes_each_provider_runs(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    model = Runtime.open("cpu").load(bundle.read(make_bundle(tmp_path / "bright" / "1")))
    [placement] = model.placements
    assert placement.provider == model.provider == "CPUExecutionProvider"
    assert placement.nodes > 40
    assert model.told.startswith(f"CPUExecutionProvider ({placement.nodes} nodes) in float32")


@pytest.mark.parametrize("device", ["cpu", pytest.param("openvino", marks=with_openvino)])
def test_callers_side_by_side_get_their_own_answers(
    device: str, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    read = bundle.read(make_bundle(tmp_path / "bright" / "1", multiplications=1))
    model = Runtime.open(device, threads=2, lanes=2).load(read)

    def box_of(left: int) -> list[float]:
        canvas = np.zeros((1, 32, 64, 3), np.uint8)
        canvas[0, 3:9, left : left + 10, 1] = 255
        found = model.run(canvas, np.array([[32, 64]], np.int32))
        return [*found.boxes[0, 0].tolist(), int(found.labels[0, 0])]

    lefts = list(range(0, 54, 3))
    with ThreadPoolExecutor(4) as pool:
        boxes = list(pool.map(box_of, lefts))
    assert boxes == [[left, 3, left + 10, 9, 1] for left in lefts]


@with_openvino
def test_openvino_runs_a_model_in_as_many_streams_as_lanes(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    runtime = Runtime.open("require:openvino", threads=2, lanes=2)
    model = runtime.load(bundle.read(make_bundle(tmp_path / "bright" / "1")))
    assert model.placements[0].provider == "OpenVINOExecutionProvider"
    assert model.lanes == 2


@with_openvino
def test_openvino_is_registered_once() -> None:
    register_openvino(onnxruntime)
    register_openvino(onnxruntime)
    assert Runtime.open("openvino").device == "openvino"


def test_a_bare_install_is_told_which_extra_brings_the_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingInstall, match=r"pip install 'boxwright\[cpu\]'"):
        Runtime.open("auto")
