"""ONNX Runtime sessions: the only file that knows execution providers."""

from __future__ import annotations

import ctypes
import importlib.util
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from boxwright import cores
from boxwright.bundle import Bundle
from boxwright.graph_check import Promise, Tensor, check_graph
from boxwright.model import Model, try_out
from boxwright.settings import Device
from boxwright_contract.errors import BadBundle, BadSettings, MissingInstall

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, NodeArg, OrtEpDevice

PROVIDERS: Mapping[Device, str] = MappingProxyType(
    {
        "cuda": "CUDAExecutionProvider",
        "openvino": "OpenVINOExecutionProvider",
        "cpu": "CPUExecutionProvider",
    }
)
"""As ONNX Runtime names them, fastest first."""

EXTRAS: Mapping[Device, str] = MappingProxyType(
    {"cuda": "gpu", "openvino": "openvino", "cpu": "cpu"}
)
"""The extra of Boxwright that brings each."""


@dataclass(frozen=True)
class Runtime:
    """The device that models run on."""

    device: Device
    threads: int
    ort: ModuleType = field(repr=False)
    """onnxruntime, which is imported only where a model is to run."""

    @classmethod
    def open(cls, device: Device, threads: int = 0) -> Runtime:
        """Return the runtime for a device; auto takes the fastest that is there.

        Args:
            device: What to run on.
            threads: For one run of a model; 0 means as many as there are cores.

        Raises:
            MissingInstall: ONNX Runtime, or what it needs for this device, is not installed.
            BadSettings: The machine lacks the device.
        """
        try:
            import onnxruntime as ort
        except ModuleNotFoundError as error:
            raise MissingInstall(
                "ONNX Runtime is not installed, so no model can run. "
                f"pip install '{_requirement('cpu')}'"
            ) from error
        ort.set_default_logger_severity(3)
        _register_openvino(ort)
        there = [name for name in PROVIDERS if _is_there(ort, name)]
        if device != "auto" and device not in there:
            raise _unavailable(ort, device, there)
        chosen = there[0] if device == "auto" else device
        if chosen == "cuda":
            ort.preload_dlls()
        return cls(chosen, threads or cores.available(), ort)

    def load(self, bundle: Bundle) -> Model:
        """Return the model of a bundle, checked against its card and run once.

        Raises:
            BadBundle: The graph cannot be loaded, or is not what its card says.
        """
        session = self._checked(bundle, bundle.graph)
        conclusion = None if bundle.conclusion is None else self._checked(bundle, bundle.conclusion)
        model = Model(bundle, _providers_used(session), session, conclusion)
        try_out(model)
        return model

    def _checked(self, bundle: Bundle, graph: Path) -> InferenceSession:
        """Return the session of a graph that takes and gives what the card says."""
        try:
            session = self._session(str(graph))
        except Exception as error:
            raise BadBundle(
                f"ONNX Runtime cannot load {graph} on {self.device}: {error}. "
                "Export the model again, or choose another device with --device."
            ) from error
        found = Promise(_tensors(session.get_inputs()), _tensors(session.get_outputs()))
        check_graph(bundle, graph.name, found)
        return session

    def _session(self, graph: str) -> InferenceSession:
        provider = PROVIDERS[self.device]
        options = self.ort.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = self.threads
        # Waiting threads spin only inside a run: between runs the cores belong to decoding.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        devices = _plugin_devices(self.ort, provider)
        if devices and self.device != "cpu":
            options.add_provider_for_devices(devices[:1], self._plugin_options())
            return self.ort.InferenceSession(graph, options, enable_fallback=0)
        providers = [provider] if self.device == "cpu" else [provider, PROVIDERS["cpu"]]
        return self.ort.InferenceSession(graph, options, providers=providers, enable_fallback=0)

    def _plugin_options(self) -> dict[str, str]:
        if self.device != "openvino":
            return {}
        # Left to itself OpenVINO takes bfloat16 where the processor has it, and the boxes move.
        exact = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": self.threads}
        return {"load_config": json.dumps({"CPU": exact})}


def _register_openvino(ort: ModuleType) -> None:
    """Make the OpenVINO provider known, which comes as a plugin in a wheel of its own."""
    if importlib.util.find_spec("onnxruntime_ep_openvino") is None:
        return
    if _plugin_devices(ort, PROVIDERS["openvino"]):
        return
    import onnxruntime_ep_openvino as openvino

    ort.register_execution_provider_library("openvino", openvino.get_library_path())


def _plugin_devices(ort: ModuleType, provider: str) -> Sequence[OrtEpDevice]:
    return [device for device in ort.get_ep_devices() if device.ep_name == provider]


def _is_there(ort: ModuleType, device: Device) -> bool:
    if _plugin_devices(ort, PROVIDERS[device]):
        return True
    built_in = PROVIDERS[device] in ort.get_available_providers()
    return built_in and (device != "cuda" or _has_nvidia_gpu())


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


def _unavailable(ort: ModuleType, device: Device, there: Sequence[Device]) -> BadSettings:
    return BadSettings(
        f"BOXWRIGHT_DEVICE (--device) is '{device}', but ONNX Runtime {ort.__version__} has only "
        f"{', '.join(there)} here. Choose one of these, or pip install '{_requirement(device)}'"
    )


def _requirement(device: Device) -> str:
    return f"boxwright[{EXTRAS[device]}]"


def _tensors(arguments: Sequence[NodeArg]) -> tuple[Tensor, ...]:
    return tuple(Tensor(each.name, each.type, tuple(each.shape)) for each in arguments)


def _providers_used(session: InferenceSession) -> str:
    nodes: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        nodes[part.ep_name] += len(part.get_nodes())
    return ", ".join(name for name, _ in nodes.most_common())
