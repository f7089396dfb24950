"""The execution providers of ONNX Runtime: which are here, and what they can compute in."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from boxwright.settings import Device, Precision

if TYPE_CHECKING:
    from onnxruntime import OrtEpDevice

PROVIDERS: Mapping[Device, str] = MappingProxyType(
    {
        "tensorrt": "TensorrtExecutionProvider",
        "cuda": "CUDAExecutionProvider",
        "openvino": "OpenVINOExecutionProvider",
        "cpu": "CPUExecutionProvider",
    }
)
"""As ONNX Runtime names them."""

FASTEST_FIRST: Sequence[Device] = ("cuda", "openvino", "cpu")
"""Without tensorrt, which builds an engine for each size of image, minutes each: by name only."""

EXTRAS: Mapping[Device, str] = MappingProxyType(
    {"tensorrt": "gpu", "cuda": "gpu", "openvino": "openvino", "cpu": "cpu"}
)
"""The extra of Boxwright that brings each."""

# An ONNX file, opset 20: y = Identity(x), both float32 (1,).
PROBE = bytes.fromhex(
    "080a12003a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a02"
    "0801620f0a0179120a0a08080112040a02080142040a001014"
)


def register_openvino(ort: ModuleType) -> None:
    """Make the OpenVINO provider known, which comes as a plugin in a wheel of its own."""
    if importlib.util.find_spec("onnxruntime_ep_openvino") is None or openvino_devices(ort):
        return
    import onnxruntime_ep_openvino as openvino

    ort.register_execution_provider_library("openvino", openvino.get_library_path())


def openvino_devices(ort: ModuleType) -> Sequence[OrtEpDevice]:
    """Return the processor as OpenVINO's provider sees it, if there is that provider."""
    return [
        device
        for device in ort.get_ep_devices()
        if device.ep_name == PROVIDERS["openvino"]
        and device.device.type == ort.OrtHardwareDeviceType.CPU
    ]


def absence(ort: ModuleType, device: Device) -> str:
    """Return why models cannot run on `device`. Empty: they can."""
    if device == "cpu" or (device == "openvino" and openvino_devices(ort)):
        return ""
    if PROVIDERS[device] not in ort.get_available_providers():
        return f"ONNX Runtime {ort.__version__} came without {PROVIDERS[device]}"
    if not _has_nvidia_gpu():
        return "the NVIDIA driver tells of no GPU"
    ort.preload_dlls()
    return failure(ort, PROVIDERS[device])


def precisions(ort: ModuleType, device: Device) -> tuple[Precision, ...]:
    """Return what the dense part of models can be computed in on `device`."""
    if device == "cpu":
        return ("float32", "int8")
    if device == "openvino":
        able = openvino_devices(ort)[0].ep_metadata["OPTIMIZATION_CAPABILITIES"].split()
        names: Mapping[str, Precision] = {"FP32": "float32", "BF16": "bfloat16", "INT8": "int8"}
        return tuple(names[name] for name in names if name in able)
    return ("float32",)


def _has_nvidia_gpu() -> bool:
    """Ask the driver, since a build of ONNX Runtime for CUDA also runs where no GPU is."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and count.value > 0
    )


def failure(ort: ModuleType, provider: str) -> str:
    """Return why a provider that was built in does not start, as without its libraries."""
    try:
        session = ort.InferenceSession(PROBE, providers=[provider], enable_fallback=0)
    except Exception as error:  # noqa: BLE001  Whatever it is, it is told.
        return f"{provider} does not start: {error}"
    started = provider in session.get_providers()
    return "" if started else f"{provider} does not start; its libraries may be missing"
