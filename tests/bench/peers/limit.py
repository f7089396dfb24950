"""What the model does in-process, and what the processor does at most."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.arithmetic import SIDE, matmul_graph, operations
from tests.bench.peers.environments import ROOT, Environment
from tests.bench.peers.handlers.assignment import Assignment, Execution
from tests.bench.peers.processes import NotStarted

MODULE = "tests.bench.peers.handlers.in_process"
PATIENCE_S = 300
SECONDS = 1
"""Of each batch."""


@dataclass(frozen=True)
class Limit:
    """What the model does without a server, at the batch that suits it best."""

    execution: Execution
    session_rate: float
    """Images a second of the session alone."""
    session_batch: int
    whole_rate: float
    """Images a second with decoding and resizing before each batch."""
    whole_batch: int
    used: float
    """Operations a second of the session alone, over those of a matrix product."""


def measure(
    environment: Environment,
    assignment: Assignment,
    photos: Sequence[bytes],
    canvas: tuple[int, int],
) -> Limit:
    """Return the limit of one way to run the model. Raises NotStarted."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{at}.jpg" for at in range(len(photos))]
        for file, photo in zip(files, photos, strict=True):
            file.write_bytes(photo)
        product = Path(folder) / "product.onnx"
        matmul_graph(product)
        arguments = [str(SECONDS), str(product), str(SIDE), *map(str, files)]
        done = _run(
            [str(environment.python), "-m", MODULE, *arguments],
            {**os.environ, "PYTHONPATH": str(ROOT), **assignment.environment()},
        )
    found = json.loads(done.splitlines()[-1])
    session_batch, session_rate = _best(found["session"])
    whole_batch, whole_rate = _best(found["whole"])
    needed = operations(Path(assignment.bundle), canvas)
    return Limit(
        assignment.execution,
        session_rate,
        session_batch,
        whole_rate,
        whole_batch,
        session_rate * needed / found["matmul"],
    )


def _run(command: Sequence[str], variables: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            env=variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotStarted(f"it took more than {PATIENCE_S} s") from error
    if done.returncode:
        raise NotStarted((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return done.stdout


def _best(rates: Mapping[str, float]) -> tuple[int, float]:
    batch = max(rates, key=lambda size: rates[size])
    return int(batch), rates[batch]
