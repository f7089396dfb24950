"""A training run as it goes: a bar for people who wait, a line for each epoch."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from boxwright_workshop.fitting import Fitted
    from boxwright_workshop.train import Epoch, Event

QUIET_STEPS = 50
"""Without a terminal, a line for this many steps."""


def show(events: "Iterator[Event]") -> None:
    """Run the training behind `events` and tell of it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from boxwright_workshop.fitting import Fitted
    from boxwright_workshop.proposals import Proposed
    from boxwright_workshop.train import Epoch

    terminal = sys.stderr.isatty()
    with Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        disable=not terminal,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else what is piped would go to the terminal
    ) as bar:
        task = bar.add_task("starting", total=None)
        for event in events:
            if isinstance(event, Epoch | Fitted):
                typer.echo(_line(event))
                continue
            if isinstance(event, Proposed):
                told = f"regions proposed for {event.done} of {event.photos} photos"
                bar.update(task, completed=event.done, total=event.photos, description=told)
                if not terminal and event.done == event.photos:
                    typer.echo(told, err=True)
                continue
            told = (
                f"loss {event.loss:.3f}, {event.images_per_s:.1f} images/s, "
                f"{duration(event.seconds_left)} left"
            )
            bar.update(task, completed=event.done, total=event.steps, description=told)
            if not terminal and event.done % QUIET_STEPS == 0:
                typer.echo(f"step {event.done} of {event.steps}: {told}", err=True)


def _line(event: "Epoch | Fitted") -> str:
    from boxwright_workshop.train import Epoch

    told, best = "fitted to the features of the best epoch", ""
    if isinstance(event, Epoch):
        told = f"epoch {event.done} of {event.epochs}: loss {event.loss:.3f}"
        best = ", the best so far" if event.best else ""
    if event.accuracy:
        told += f", AP {event.accuracy.ap:.3f}, AP50 {event.accuracy.ap50:.3f}"
    return told + best


def duration(seconds: float) -> str:
    """Return a time as people read it.

    Example:
        >>> duration(3725.0)
        '1 h 02 min'
        >>> duration(61.0)
        '1 min 01 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
