"""Devices: what is there is used and told; what is not is refused with the cure."""

import sys

import onnxruntime
import pytest

from boxwright.runtime import Runtime
from boxwright_contract.errors import BadSettings, MissingInstall

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.mark.skipif(HAS_CUDA, reason="this machine's ONNX Runtime has CUDA")
def test_a_device_that_is_not_there_tells_what_is_and_what_to_install() -> None:
    with pytest.raises(BadSettings) as caught:
        Runtime.open("cuda")
    assert "BOXWRIGHT_DEVICE (--device) is 'cuda'" in str(caught.value)
    assert "has only" in str(caught.value)
    assert "pip install 'boxwright[gpu]'" in str(caught.value)


def test_auto_takes_a_device_that_is_there() -> None:
    assert Runtime.open("auto").device in ("cuda", "openvino", "cpu")


def test_threads_are_those_asked_for_or_the_cores() -> None:
    assert Runtime.open("cpu", threads=3).threads == 3
    assert Runtime.open("cpu").threads >= 1


def test_a_bare_install_is_told_which_extra_brings_the_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingInstall, match=r"pip install 'boxwright\[cpu\]'"):
        Runtime.open("auto")
