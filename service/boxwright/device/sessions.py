"""Sessions of ONNX Runtime: a graph, a device, a precision, and callers side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from boxwright.device.model import Placement
from boxwright.device.providers import PROVIDERS, openvino_devices
from boxwright.settings import Device, Precision

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions


BEHIND: Mapping[Device, Sequence[Device]] = MappingProxyType(
    {"tensorrt": ("cuda", "cpu"), "cuda": ("cpu",), "cpu": ()}
)
"""What runs the nodes that a device cannot, in turn."""


@dataclass(frozen=True)
class Sessions:
    """Opens sessions on one device."""

    device: Device
    threads: int
    """Of all callers of a session together."""
    lanes: int
    """Runs side by side."""
    ort: ModuleType = field(repr=False)

    def open(self, graph: Path, precision: Precision, lanes: int) -> InferenceSession:
        """Return a session of a graph for so many callers; ONNX Runtime's errors come through."""
        options = self._options(lanes)
        provider = PROVIDERS[self.device]
        if self.device == "openvino":
            devices = openvino_devices(self.ort)[:1]
            options.add_provider_for_devices(devices, self._openvino(precision, lanes))
            return self.ort.InferenceSession(str(graph), options, enable_fallback=0)
        # A GPU would round float32 to the 10 digits of TF32, whose accuracy nobody measured.
        own = {"use_tf32": "0"} if self.device == "cuda" else {}
        providers = [(provider, own), *((PROVIDERS[other], {}) for other in BEHIND[self.device])]
        return self.ort.InferenceSession(
            str(graph), options, providers=providers, enable_fallback=0
        )

    def _options(self, lanes: int) -> SessionOptions:
        options = self.ort.SessionOptions()
        options.log_severity_level = 3
        # Each caller works too; the rest of the threads helps whoever calls.
        options.intra_op_num_threads = max(1, self.threads - lanes + 1)
        # Waiting threads spin only inside a run: between runs the cores belong to decoding.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        return options

    def _openvino(self, precision: Precision, lanes: int) -> dict[str, str]:
        # Left to itself OpenVINO takes bfloat16 where the processor has it, and the boxes move.
        config = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": str(lanes),
        }
        return {"load_config": json.dumps({"CPU": config})}


def placements(sessions: Iterable[InferenceSession]) -> tuple[Placement, ...]:
    """Return what runs the nodes of sessions, most nodes first."""
    nodes: Counter[str] = Counter()
    for session in sessions:
        for part in session.get_provider_graph_assignment_info():
            nodes[part.ep_name] += len(part.get_nodes())
    return tuple(Placement(name, count) for name, count in nodes.most_common())
