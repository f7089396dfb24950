"""A number of clients, each of which waits for its answer before it asks again."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tests.bench.peers.connections import Connection, Failed
from tests.bench.peers.wires import Wire


@dataclass(frozen=True)
class Load:
    """What the clients measured, in one span of time."""

    seconds: float
    latencies_ms: Sequence[float]
    """Of the questions that were answered."""
    failures: Sequence[str]

    @property
    def rate(self) -> float:
        """Images a second."""
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Return the time under which that part of the answers came."""
        return float(np.percentile(self.latencies_ms, percent))


async def load(
    wire: Wire, port: int, requests: Sequence[bytes], clients: int, seconds: float
) -> Load:
    """Let each client ask for `seconds`, with a photo of its own to begin with."""
    connections = [wire.connect(port) for _ in range(clients)]
    latencies_ms: list[float] = []
    failures: list[str] = []
    began = time.perf_counter()

    async def ask(connection: Connection, at: int) -> None:
        while (asked := time.perf_counter()) - began < seconds:
            try:
                await connection.ask(requests[at % len(requests)])
                latencies_ms.append((time.perf_counter() - asked) * 1e3)
            except Failed as failure:
                failures.append(str(failure))
                await asyncio.sleep(0.01)
            at += 1

    stride = max(1, len(requests) // clients)
    await asyncio.gather(*(ask(each, at * stride) for at, each in enumerate(connections)))
    took = time.perf_counter() - began
    await asyncio.gather(*(connection.close() for connection in connections))
    return Load(took, latencies_ms, failures)


async def ask_all(
    wire: Wire, port: int, requests: Sequence[bytes], clients: int
) -> Sequence[bytes]:
    """Return the answers to `requests`, in their order. Raises Failed."""
    connections = [wire.connect(port) for _ in range(clients)]
    answers: dict[int, bytes] = {}

    async def ask(connection: Connection, first: int) -> None:
        for at in range(first, len(requests), clients):
            answers[at] = await connection.ask(requests[at])

    ended = await asyncio.gather(
        *(ask(connection, first) for first, connection in enumerate(connections)),
        return_exceptions=True,
    )
    await asyncio.gather(*(connection.close() for connection in connections))
    for failure in ended:
        if failure is not None:
            raise failure
    return [answers[at] for at in range(len(requests))]
