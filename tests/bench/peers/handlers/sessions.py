"""The graph in ONNX Runtime, as people open it: its own count of threads, all cores.

Each peer runs it so. Boxwright opens its sessions itself.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import onnxruntime as ort
from tests.bench.peers.handlers.assignment import Execution

OPENVINO = "OpenVINOExecutionProvider"


def open_session(graph: Path, execution: Execution) -> ort.InferenceSession:
    """Return a session that runs `graph` on one provider, at one precision."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if execution == "cpu float32":
        return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    _register_openvino()
    devices = [device for device in ort.get_ep_devices() if device.ep_name == OPENVINO]
    options.add_provider_for_devices(devices[:1], _openvino_options(execution))
    return ort.InferenceSession(str(graph), options)


@cache
def _register_openvino() -> None:
    """Make the provider known, once in a process."""
    import onnxruntime_ep_openvino as openvino

    ort.register_execution_provider_library("openvino", openvino.get_library_path())


def _openvino_options(execution: Execution) -> dict[str, Any]:
    precision = "bf16" if execution == "openvino bfloat16" else "f32"
    return {"load_config": json.dumps({"CPU": {"INFERENCE_PRECISION_HINT": precision}})}
