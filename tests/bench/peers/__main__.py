"""Boxwright beside other servers, in one run: `just bench-peers`.

The same graph, the same JPEG files, the same client, one server after another. Each is installed
into an environment of its own, and given the same work; see `handlers/detector.py`. Boxwright is
measured first, and again at the end, so that the machine's drift shows.
"""

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import typer
from tests.bench import readme_parts
from tests.bench.peers.comparison import Bench, Row
from tests.bench.peers.environments import Environment, NotInstalled, install
from tests.bench.peers.handlers.assignment import Assignment, Execution, free_port
from tests.bench.peers.handlers.detector import Detector
from tests.bench.peers.limit import Limit, measure
from tests.bench.peers.photos import FIXED_PX, gather
from tests.bench.peers.processes import NotStarted
from tests.bench.peers.reference import right_answers
from tests.bench.peers.report import machine, report
from tests.bench.peers.roster import BOXWRIGHT, PEERS, SYSTEM_PYTHON, Server

from boxwright.settings import PACKAGED_MODELS
from boxwright_contract.card import CARD_FILE

EXECUTIONS: tuple[Execution, ...] = get_args(Execution)
FOR_PEERS: tuple[Execution, ...] = ("cpu float32", "openvino float32")
ENVIRONMENTS = Path.home() / ".cache" / "boxwright" / "bench-peers"
AGAIN = "again"


@dataclass(frozen=True)
class Measurement:
    """One server, run in one way."""

    server: Server
    execution: Execution
    when: str = ""


def main(
    photos: Annotated[Path | None, typer.Option(help="Folder of photos to send.")] = None,
    models: Annotated[Path, typer.Option(help="Folder with one model.")] = PACKAGED_MODELS,
    only: Annotated[
        list[str] | None, typer.Option(help="Part of a name, may be repeated: these servers alone.")
    ] = None,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="Run the peers at this precision too.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 3,
    max_batch: Annotated[int, typer.Option(help="Most images in a peer's batch.")] = 8,
    max_wait_ms: Annotated[int, typer.Option(help="Longest wait for a peer's batch.")] = 10,
    environments: Annotated[
        Path, typer.Option(help="Where the servers are installed, and their logs.")
    ] = ENVIRONMENTS,
    readme: Annotated[bool, typer.Option("--readme", help="Write it into the README.")] = False,
) -> None:
    """Measure, and print the tables."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and the server with it
    bundle = next(models.glob(f"*/*/{CARD_FILE}")).parent
    assignment = Assignment(
        bundle=str(bundle),
        execution="cpu float32",
        port=0,
        max_batch=max_batch,
        max_wait_ms=max_wait_ms,
    )
    sent = gather(photos)
    detector = Detector.open(assignment)
    expected = [right_answers(detector, photo) for photo in sent.mixed]
    logs = environments / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    bench = Bench(photos=sent, expected=expected, seconds=seconds, logs=logs)
    plan = _plan(only or [""], EXECUTIONS if bfloat16 else FOR_PEERS)
    rows = list(_rows(plan, bench, assignment, environments))
    rule = detector.card.input
    canvas = rule.canvas(*rule.resized(*FIXED_PX))
    alone = EXECUTIONS if not only else ()
    limits = list(_limits(alone, assignment, environments, sent.fixed, canvas))
    text = report(rows, limits, seconds, machine())
    typer.echo(text)
    if readme and not readme_parts.write("peers", text):
        sys.exit("the README has no place for it: put the two comments of 'peers' there")


def _plan(only: Sequence[str], for_peers: Sequence[Execution]) -> Sequence[Measurement]:
    def wanted(server: Server) -> bool:
        return any(part.lower() in server.name.lower() for part in only)

    ours = [BOXWRIGHT] if wanted(BOXWRIGHT) else []
    peers = [peer for peer in PEERS if wanted(peer)]
    return [
        *(Measurement(server, execution) for server in ours for execution in EXECUTIONS),
        *(Measurement(server, execution) for server in peers for execution in for_peers),
        *(Measurement(server, execution, AGAIN) for server in ours for execution in EXECUTIONS),
    ]


def _rows(
    plan: Sequence[Measurement], bench: Bench, assignment: Assignment, environments: Path
) -> Iterator[Row]:
    for each in plan:
        who = f"{each.server.name}, {each.execution}{f', {each.when}' if each.when else ''}"
        typer.echo(who, err=True)
        told = assignment.on(each.execution, free_port())
        try:
            environment = _installed(each.server, environments)
        except NotInstalled as failure:
            reason = f"it cannot be installed: {failure}"
            yield Row(each.server, each.execution, "", each.when, reason=reason)
            continue
        row = asyncio.run(bench.measure(each.server, environment, told, each.when))
        rate = f"{row.rate('fixed'):.1f} images/s"
        typer.echo(f"  {row.reason or rate}", err=True)
        yield row


def _installed(server: Server, environments: Path) -> Environment:
    own = install(BOXWRIGHT, environments, SYSTEM_PYTHON, {})
    if server is BOXWRIGHT:
        return own
    return install(server, environments, SYSTEM_PYTHON, own.versions)


def _limits(
    executions: Sequence[Execution],
    assignment: Assignment,
    environments: Path,
    photos: Sequence[bytes],
    canvas: tuple[int, int],
) -> Iterator[Limit]:
    for execution in executions:
        typer.echo(f"no server, {execution}", err=True)
        try:
            own = _installed(BOXWRIGHT, environments)
            yield measure(own, assignment.on(execution, 0), photos, canvas)
        except (NotInstalled, NotStarted) as failure:
            typer.echo(f"  not measured: {failure}", err=True)


if __name__ == "__main__":
    typer.run(main)
