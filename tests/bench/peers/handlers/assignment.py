"""What a server under comparison is told: the model, how to run it, where to listen."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

VARIABLE = "BENCH_PEERS_ASSIGNMENT"

Execution = Literal["cpu float32", "openvino float32", "openvino bfloat16"]
"""Execution provider and precision."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a server under comparison is told."""

    bundle: str
    """Folder with the graph and its card."""
    execution: Execution
    port: int
    """Where it answers, on loopback."""
    max_batch: int
    max_wait_ms: int
    """The longest that a request may wait for others to share its batch."""

    def on(self, execution: Execution, port: int) -> "Assignment":
        """Return the same, run in another way and at another port."""
        return replace(self, execution=execution, port=port)

    def environment(self) -> Mapping[str, str]:
        """Return what a server's process is started with."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def read(cls) -> "Assignment":
        """Return what this process was told."""
        return cls(**json.loads(os.environ[VARIABLE]))


def free_port() -> int:
    """Return a TCP port of loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
