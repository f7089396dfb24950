"""Who is compared: how each is installed, started and asked, and how it batches."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.bench.peers.handlers.assignment import Assignment, Execution
from tests.bench.peers.wires import Wire, http_body, http_form, open_inference_protocol, own

HANDLERS = "tests.bench.peers.handlers"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One that is compared."""

    name: str
    requirement: str
    """What is installed; empty: Boxwright itself."""
    module: str
    """What python -m starts, by the arguments that `arguments` gives."""
    wire: Wire
    batching: str
    """For people."""
    serving: Sequence[str] = ()
    """Arguments of the module, in which {port} and {models} are filled in."""
    executions: Mapping[Execution, Sequence[str]] = field(default_factory=dict)
    """More arguments, for each way to run the model."""
    besides: Sequence[str] = ()
    """What it does not declare, and does not work without."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """For its environment."""

    @property
    def distribution(self) -> str:
        """Whose version is told."""
        return self.requirement.split("==")[0].split("[")[0] or "boxwright"

    def command(self, assignment: Assignment) -> list[str]:
        """Return what follows the name of the interpreter."""
        arguments = [*self.serving, *self.executions.get(assignment.execution, ())]
        told = {"port": assignment.port, "models": Path(assignment.bundle).parents[1]}
        return ["-m", self.module, *(argument.format(**told) for argument in arguments)]


BOXWRIGHT = Server(
    name="Boxwright",
    requirement="",
    module="boxwright",
    wire=own(),
    batching="its own, by canvas size",
    serving=("serve", "--port", "{port}", "--models", "{models}", "--log-level", "error"),
    executions=MappingProxyType(
        {
            "cpu float32": ("--device", "cpu", "--precision", "float32"),
            "openvino float32": ("--device", "openvino", "--precision", "float32"),
            "openvino bfloat16": ("--device", "openvino", "--precision", "bfloat16"),
        }
    ),
)

PEERS = (
    Server(
        name="Triton (Python backend)",
        requirement="nvidia-pytriton==0.7.0",
        module=f"{HANDLERS}.on_triton",
        wire=open_inference_protocol(),
        batching="dynamic batching, through PyTriton's `@batch`",
    ),
    Server(
        name="MLServer",
        requirement="mlserver==1.7.1",
        module=f"{HANDLERS}.on_mlserver",
        wire=open_inference_protocol(),
        batching="adaptive batching, one inference worker",
        besides=("uvloop<0.22",),
    ),
    Server(
        name="KServe SDK",
        requirement="kserve==0.21.0",
        module=f"{HANDLERS}.on_kserve",
        wire=open_inference_protocol(),
        batching="has none; requests run side by side on threads",
    ),
    Server(
        name="Ray Serve",
        requirement="ray[serve]==2.60.0",
        module=f"{HANDLERS}.on_ray",
        wire=http_body("/"),
        batching="`serve.batch`, one replica",
        variables=MappingProxyType({"RAY_USAGE_STATS_ENABLED": "0"}),
    ),
    Server(
        name="BentoML",
        requirement="bentoml==1.4.39",
        module="bentoml",
        wire=http_form("/detect"),
        batching="adaptive batching (`batchable=True`), one worker",
        serving=("serve", f"{HANDLERS}.on_bentoml:Photos", "--host", "127.0.0.1", "-p", "{port}"),
        variables=MappingProxyType({"BENTOML_DO_NOT_TRACK": "True"}),
    ),
    Server(
        name="LitServe",
        requirement="litserve==0.2.19",
        module=f"{HANDLERS}.on_litserve",
        wire=http_form("/predict"),
        batching="`max_batch_size` and `batch_timeout`, one worker",
        besides=("python-multipart",),
    ),
    Server(
        name="mosec",
        requirement="mosec==0.9.8",
        module=f"{HANDLERS}.on_mosec",
        wire=http_body("/inference"),
        batching="dynamic batching, after a decoding stage of one process a core",
    ),
)

SYSTEM_PYTHON = next(
    (python for python in (f"/usr/bin/python3.{sys.version_info.minor}",) if Path(python).exists()),
    sys.executable,
)
"""All run on it: Triton's stub crashes on interpreters that are newer than itself."""
