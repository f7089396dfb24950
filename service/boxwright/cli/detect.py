"""`boxwright detect`: boxes for files, folders and patterns."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.annotations import targets, write_annotated
from boxwright.cli.connection import connected
from boxwright.cli.exit_codes import SOME_INPUT_FAILED
from boxwright.cli.inputs import Input, expand
from boxwright.cli.options import Models, Server
from boxwright.cli.progress import in_order, progress
from boxwright.cli.reports import Output, reporter
from boxwright_contract.errors import BadSettings, BoxwrightError, UnknownName, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from boxwright.client import Result


def detect(
    paths: Annotated[
        list[str],
        typer.Argument(help="Image files, folders of them, or patterns as in 'in/**/*.jpg'."),
    ],
    server: Server = None,
    models: Models = None,
    model: Annotated[str, typer.Option(help="Name of the model, where there are several.")] = "",
    model_version: Annotated[str, typer.Option(help="Unset: the newest.")] = "",
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what scores less. Unset: the model's default."),
    ] = None,
    max_detections: Annotated[
        int | None, typer.Option(min=1, help="Most detections of one image. Unset: no limit.")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Only this class; may be repeated. Unset: all."),
    ] = None,
    output: Annotated[
        Output, typer.Option(help="A table, or a line of JSON for each image.")
    ] = "table",
    origins: Annotated[
        bool,
        typer.Option("--origins", help="Tell the cell that each comes from, and what it sees."),
    ] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write copies with the boxes drawn into FOLDER."),
    ] = None,
    annotate_regions: Annotated[
        bool,
        typer.Option("--annotate-regions", help="Draw too, lightly, what their cells see."),
    ] = False,
) -> None:
    """Find the objects in images.

    Prints a label, a score and a box in pixels for each. Without --server it starts a server for
    itself. A file that cannot be used is named on stderr, and the rest is done.
    """
    if annotate_regions and not annotate:
        raise BadSettings("--annotate-regions draws on copies. Give --annotate FOLDER too.")
    inputs = expand(paths)
    files = [one.path for one in inputs]
    copies = targets(annotate, files) if annotate else {}
    head, report = reporter(output, files, origins)
    failed = 0
    with connected(server, models) as client:
        ask = partial(
            client.detect,
            model=model,
            version=model_version,
            min_score=min_score,
            max_detections=max_detections,
            classes=classes or (),
            with_origins=origins or annotate_regions,
        )
        write = partial(write_annotated, regions=annotate_regions)
        outcomes = in_order(lambda one: _look(one, ask, write, copies.get(one.path)), inputs)
        for one, outcome in zip(inputs, progress(outcomes, len(inputs)), strict=True):
            for line in (*head, *report(one.path, outcome)):
                typer.echo(line, file=sys.stdout)  # named, so that the bar makes way for it
            head = []
            if isinstance(outcome, BoxwrightError):
                failed += 1
                typer.echo(f"error: {one.path}: {outcome}", file=sys.stderr)
    if failed:
        typer.echo(f"{failed} of {len(inputs)} failed.", err=True)
        raise typer.Exit(SOME_INPUT_FAILED)


def _look(
    one: Input,
    ask: "Callable[[Path], Result]",
    write: "Callable[[Path, Result, Path], None]",
    copy: Path | None,
) -> "Result | BoxwrightError":
    """Return what came of one file; what would befall every file is raised."""
    if one.problem:
        return one.problem
    try:
        result = ask(one.path)
        if copy:
            write(one.path, result, copy)
    except (UnknownName, Unreachable):
        raise
    except BoxwrightError as error:
        return error
    return result
