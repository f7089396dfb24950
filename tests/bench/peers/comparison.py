"""One server after another: started, checked, warmed up, measured, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.bench.peers.answers import Answer
from tests.bench.peers.environments import ROOT, Environment
from tests.bench.peers.handlers.assignment import Assignment, Execution
from tests.bench.peers.load import Load, ask_all, load
from tests.bench.peers.photos import Photos
from tests.bench.peers.processes import running
from tests.bench.peers.reference import fault
from tests.bench.peers.roster import Server

CLIENTS = (1, 8, 32)
Sizes = Literal["fixed", "mixed"]
SIZES: tuple[Sizes, ...] = ("fixed", "mixed")
WARM_UP_CLIENTS = 8


class Unequal(Exception):
    """A server's answers are not those of the model."""


@dataclass(frozen=True)
class Cell:
    """One measurement."""

    sizes: Sizes
    clients: int
    load: Load


@dataclass(frozen=True)
class Row:
    """What was measured of one server, or why nothing was."""

    server: Server
    execution: Execution
    version: str
    when: str = ""
    """Which time, of a server that is measured twice."""
    cells: Sequence[Cell] = ()
    start_s: float = 0
    memory_mb: float = 0
    reason: str = ""

    def rate(self, sizes: Sizes) -> float:
        """Return the most images a second, at any number of clients; 0 where there are none."""
        return max((cell.load.rate for cell in self.cells if cell.sizes == sizes), default=0)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is the same for all."""

    photos: Photos
    expected: Sequence[Sequence[Answer]]
    """To each of the mixed photos, any of these."""
    seconds: float
    logs: Path

    async def measure(
        self, server: Server, environment: Environment, assignment: Assignment, when: str = ""
    ) -> Row:
        """Return the row of one server, run in one way."""
        version = environment.versions[server.distribution]
        try:
            cells, start_s, memory_mb = await self._cells(server, environment, assignment)
        except Exception as failure:  # noqa: BLE001  Whatever fails, the others are measured.
            reason = f"{type(failure).__name__}: {failure}"
            return Row(server, assignment.execution, version, when, reason=reason)
        return Row(server, assignment.execution, version, when, cells, start_s, memory_mb)

    async def _cells(
        self, server: Server, environment: Environment, assignment: Assignment
    ) -> tuple[Sequence[Cell], float, float]:
        wire, port = server.wire, assignment.port
        requests = {
            "fixed": [wire.encode(photo) for photo in self.photos.fixed],
            "mixed": [wire.encode(photo) for photo in self.photos.mixed],
        }
        variables = {**server.variables, "PYTHONPATH": str(ROOT), **assignment.environment()}
        command = [str(environment.python), *server.command(assignment)]
        log = self.logs / f"{server.distribution}.log"
        async with running(command, variables, log, wire, port, requests["fixed"][0]) as process:
            await ask_all(wire, port, requests["fixed"], WARM_UP_CLIENTS)
            answers = await ask_all(wire, port, requests["mixed"], WARM_UP_CLIENTS)
            self._check([wire.decode(answer) for answer in answers], assignment.execution)
            cells = [
                Cell(sizes, clients, await load(wire, port, requests[sizes], clients, self.seconds))
                for sizes in SIZES
                for clients in CLIENTS
            ]
            return cells, process.start_s, process.resident_mb()

    def _check(self, answers: Sequence[Answer], execution: Execution) -> None:
        exact = execution.endswith("float32")
        for position, (found, right) in enumerate(zip(answers, self.expected, strict=True)):
            if unlike := fault(found, right, exact=exact):
                raise Unequal(f"its answer to photo {position} is not the model's: {unlike}")
