"""`boxwright detect`: boxes for files, folders, patterns and videos."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from boxwright.cli.annotations import targets
from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.exit_codes import SOME_INPUT_FAILED
from boxwright.cli.inputs import expand
from boxwright.cli.looking import Looking
from boxwright.cli.options import Models, Server, Timeout
from boxwright.cli.progress import progress
from boxwright.cli.proposals import proposals_for
from boxwright.cli.reports import Output, reporter
from boxwright_contract.errors import BadSettings, BoxwrightError


@asking
def detect(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Image files, folders of them, patterns as in 'in/**/*.jpg', or video files."
        ),
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
        Output, typer.Option(help="A table, or a line of JSON for each image or frame.")
    ] = "table",
    every: Annotated[
        int, typer.Option(min=1, metavar="N", help="Of a video, look at every N-th frame.")
    ] = 1,
    origins: Annotated[
        bool,
        typer.Option(
            "--origins",
            help="Tell where each comes from: the cell and what it sees, or the proposal.",
        ),
    ] = False,
    proposals: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Where a model that needs proposals looks: the name of a source, model:NAME, or "
            "FILE.json with boxes. Unset: as the model's own rule says.",
        ),
    ] = None,
    max_proposals: Annotated[
        int | None, typer.Option(min=1, help="Most proposals of one image. Unset: the model's own.")
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write copies with the boxes drawn into FOLDER."),
    ] = None,
    annotate_regions: Annotated[
        bool,
        typer.Option("--annotate-regions", help="Draw too, lightly, where each comes from."),
    ] = False,
    annotate_proposals: Annotated[
        bool,
        typer.Option("--annotate-proposals", help="Draw too, lightly, every proposal."),
    ] = False,
    timeout: Timeout = None,
) -> None:
    """Find the objects in images and videos.

    Prints a label, a score and a box in pixels for each. Without --server it starts a server for
    itself. A file that cannot be used is named on stderr, and the rest is done.
    """
    for name, drawn in (("regions", annotate_regions), ("proposals", annotate_proposals)):
        if drawn and not annotate:
            raise BadSettings(f"--annotate-{name} draws on copies. Give --annotate FOLDER too.")
    where = proposals_for(proposals)
    inputs = expand(paths)
    files = [one.path for one in inputs]
    copies = targets(annotate, files) if annotate else {}
    head, report = reporter(output, files, origins)
    seen = failed = 0
    with connected(server, models, timeout) as client:
        if not model:
            _check_only_one({each.model for each in client.models() if not each.problem})
        looking = Looking(
            client=client,
            options={
                "model": model,
                "version": model_version,
                "min_score": min_score,
                "max_detections": max_detections,
                "classes": classes or (),
                "with_origins": origins or annotate_regions,
                "max_proposals": max_proposals,
                "with_proposals": origins or annotate_regions or annotate_proposals,
            },
            where=where,
            every=every,
            copies=copies,
            regions=annotate_regions,
            proposals=annotate_proposals,
        )
        for subject, outcome in progress(looking.at(inputs), looking.count(inputs)):
            seen += 1
            if lines := list(report(subject, outcome)):
                for line in (*head, *lines):
                    typer.echo(line, file=sys.stdout)  # named, so that the bar makes way for it
                head = []
            if isinstance(outcome, BoxwrightError):
                failed += 1
                typer.echo(f"error: {subject}: {outcome}", file=sys.stderr)
    if failed:
        typer.echo(f"{failed} of {seen} failed.", err=True)
        raise typer.Exit(SOME_INPUT_FAILED)


def _check_only_one(models: set[str]) -> None:
    """Refuse to look where no model was named and several are served. Raises BadSettings."""
    if len(models) > 1:
        raise BadSettings(
            f"several models are served: {', '.join(sorted(models))}. Name one: --model NAME."
        )
