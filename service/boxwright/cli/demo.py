"""`boxwright demo`: the whole way of one photo, in seconds."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.annotations import write_annotated
from boxwright.cli.connection import connected
from boxwright.cli.reports import COLUMNS, row

if TYPE_CHECKING:
    from boxwright.client import Client, Result

PHOTO = Path(__file__).parents[1] / "photos" / "astronaut.jpg"

NEXT = """\
Try next:
  boxwright detect YOUR_PHOTO.jpg --annotate drawn    boxes on your own photos
  boxwright models {model:<35}what the model is
  boxwright serve                                     a server on 127.0.0.1:50051
  boxwright --help                                    the rest"""


def demo(
    photo: Annotated[Path, typer.Option(help="Send this photo.", show_default=False)] = PHOTO,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("demo.png"),
) -> None:
    """Try it: one photo, the whole way.

    Serves the model that ships with Boxwright, sends it a photo over gRPC, and draws the boxes.
    """
    began = time.perf_counter()
    with connected(server=None, models=None) as client:
        ready = time.perf_counter()
        result = client.detect(photo)
        answered = time.perf_counter()
        _tell_server(client, result, ready - began)
    _tell_result(photo, result, answered - ready)
    write_annotated(photo, result, out)
    typer.echo(f"Wrote {out}, the photo with its boxes.\n\n{NEXT.format(model=result.model)}")


def _tell_server(client: "Client", result: "Result", start_s: float) -> None:
    model = client.model(result.model)
    typer.echo(
        f"Serving {result.model}/{result.version} ({model.summary.architecture}) on "
        f"{client.address}, by {model.provider}, after {start_s:.1f} s.\n"
    )


def _tell_result(photo: Path, result: "Result", round_trip_s: float) -> None:
    typer.echo(f"{photo.name}, {result.width_px} x {result.height_px} px; boxes in pixels:\n")
    typer.echo(f"  {COLUMNS}")
    for found in result.detections:
        typer.echo(f"  {row(found)}")
    typer.echo("\n  step             ms")
    steps = {**asdict(result.times), "round trip_ms": round_trip_s * 1000}
    for name, spent_ms in steps.items():
        if spent_ms:
            typer.echo(f"  {name.removesuffix('_ms'):<10} {spent_ms:>8.1f}")
    typer.echo()
