"""`boxwright top`: the command."""

import json
import time
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright_contract.errors import Unreachable

if TYPE_CHECKING:
    from boxwright.cli.top.snapshot import Snapshot

WINDOW_S = 10.0
"""What the live picture's figures are of: long enough to be steady."""

HISTORY = 60
"""Rates that the picture draws."""


def top(
    address: Annotated[
        str, typer.Argument(help="Where the server's metrics are.")
    ] = "127.0.0.1:50052",
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.1, help="Between two looks.")
    ] = 1.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look for that long, print, and end.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each look.")
    ] = False,
) -> None:
    """Watch what a server does: speed, stages, batches, queues, losses.

    It reads the server's metrics, which are on the port after the server's own
    unless --metrics-port of `boxwright serve` says otherwise. Ctrl-C ends it.
    """
    from boxwright.cli.top import snapshot

    before = snapshot.take(address)
    try:
        if as_json:
            _print_lines(before, address, every, once)
        else:
            _draw(before, address, every, once)
    except KeyboardInterrupt:
        return


def _print_lines(before: "Snapshot", address: str, every: float, once: bool) -> None:
    from boxwright.cli.top import figures, snapshot

    while True:
        time.sleep(every)
        after = snapshot.take(address)
        typer.echo(json.dumps(asdict(figures.figures(before, after))))
        if once:
            return
        before = after


def _draw(before: "Snapshot", address: str, every: float, once: bool) -> None:
    from rich.console import Console
    from rich.live import Live

    from boxwright.cli.top import figures, snapshot
    from boxwright.cli.top.picture import picture

    console = Console()
    if once or not console.is_terminal:
        time.sleep(every)
        seen = figures.figures(before, snapshot.take(address))
        console.print(picture(seen, address, [seen.images_per_s]))
        return
    looks = deque([before], maxlen=max(2, round(WINDOW_S / every)))
    rates: deque[float] = deque(maxlen=HISTORY)
    now = figures.figures(before, before)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            trouble = ""
            try:
                look = snapshot.take(address)
            except Unreachable as error:
                trouble = f"{error}"
            else:
                if _has_restarted(looks[-1], look):
                    looks.clear()
                    looks.append(look)
                rates.append(figures.figures(looks[-1], look).images_per_s)
                looks.append(look)
                now = figures.figures(looks[0], look)
            live.update(picture(now, address, list(rates), trouble), refresh=True)


def _has_restarted(before: "Snapshot", after: "Snapshot") -> bool:
    name = "process_start_time_seconds"
    return before.total(name) != after.total(name)
