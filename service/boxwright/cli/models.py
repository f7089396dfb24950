"""`boxwright models`: what is served, or would be."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.connection import connected
from boxwright.cli.credentials import asking
from boxwright.cli.options import AsJson, Models, Server
from boxwright.cli.tables import print_json, print_problems, print_table

if TYPE_CHECKING:
    from boxwright.client import Client
    from boxwright.client.answers import Running


@asking
def models(
    name: Annotated[str | None, typer.Argument(help="Tell all about this one.")] = None,
    server: Server = None,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """List the models, or tell all about one.

    Models on disk that cannot be served are listed with the reason. Without
    --server it loads them in a server of its own.
    """
    with connected(server, models) as client:
        if name is None:
            _list(client, as_json)
        else:
            _describe(client, name, as_json)


def _list(client: "Client", as_json: bool) -> None:
    found = client.models()
    if as_json:
        print_json([asdict(model) for model in found])
        return
    print_table(
        ("model", "version", "architecture", "classes", "aliases"),
        [
            (
                model.model,
                model.version,
                model.architecture,
                str(model.class_count),
                " ".join(model.aliases),
            )
            for model in found
            if not model.problem
        ],
    )
    print_problems((f"{bad.model}/{bad.version}", bad.problem) for bad in found if bad.problem)


def _describe(client: "Client", name: str, as_json: bool) -> None:
    model = client.model(name)
    if as_json:
        print_json(asdict(model))
        return
    levels = (f"{level.name} every {level.stride_px} px" for level in model.levels)
    rows = {
        "model": f"{model.summary.model}/{model.summary.version}",
        "architecture": model.summary.architecture,
        "provider": model.provider,
        "classes": ", ".join(model.classes),
        "default minimum score": f"{model.min_score:g}",
        "most detections": str(model.most_detections),
        "levels": ", ".join(levels) or "none over the whole image",
    }
    if model.running is not None:
        rows |= _running(model.running)
    if model.proposals is not None:
        its = model.proposals
        rows["proposals"] = (
            f"at most {its.limit} of {its.source}, on the image at no more than "
            f"{its.longest_side_px} px"
        )
    for title, value in rows.items():
        typer.echo(f"{title:<22} {value}")
    typer.echo("\nThe whole card: add --json.")


def _running(its: "Running") -> dict[str, str]:
    rows = {
        "precision": its.precision,
        "placed": ", ".join(f"{each.nodes} nodes on {each.provider}" for each in its.placements),
        "runs at once": str(its.lanes),
    }
    if its.max_batch:
        rows["images in a run"] = (
            f"at most {its.max_batch}, waiting at most {its.batch_delay_ms:.3g} ms for each other"
        )
    if its.fallback:
        rows["not as asked"] = its.fallback
    return rows
