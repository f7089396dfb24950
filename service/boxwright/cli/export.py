"""`boxwright export`: checkpoint in, bundle out."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from boxwright.cli.progress import stages
from boxwright.cli.workshop import workshop
from boxwright_contract.model_name import check_model_name


def export(
    source: Annotated[
        str,
        typer.Argument(
            help="A checkpoint that `boxwright train` wrote, or torchvision's "
            "fasterrcnn_resnet50_fpn or fasterrcnn_mobilenet_v3_large_320_fpn."
        ),
    ],
    name: Annotated[str, typer.Option(help="Of the model, as requests name it.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of models.")] = Path("models"),
    version: Annotated[int, typer.Option(min=1, help="Of the model.")] = 1,
    detector: Annotated[
        str,
        typer.Option(
            help="Take the parameters for another, such as rpn for one of faster_rcnn's. "
            "Unset: the one that was trained."
        ),
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Of the detector, where no parameter depends on it; the value is JSON. "
            "Repeatable.",
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "float16"],
        typer.Option(help="Of the stored parameters; the arithmetic stays float32."),
    ] = "float32",
    min_score: Annotated[
        float,
        typer.Option(min=0, max=1, help="Leave out what scores less, unless a request asks."),
    ] = 0.5,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Photos to compare the graph with torch on. Unset: made-up pictures.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of torchvision's detector. Unset: torch's cache."),
    ] = None,
) -> None:
    """Turn a checkpoint into a model to serve. Needs boxwright[workshop].

    Writes FOLDER/NAME/VERSION if ONNX Runtime answers as torch does on more than 150 image sizes,
    and else keeps nothing and says what differed.
    """
    check_model_name(name)
    target = out / name / str(version)
    request = workshop("export_request")
    request.check_source(source, weights)
    request.check_target(target)
    releases = workshop("release")
    net, record = releases.trained(source, weights, detector, option or [])
    ready = releases.release(
        net,
        record,
        precision=precision,
        min_score=min_score,
        made_by=shlex.join(["boxwright", *sys.argv[1:]]),
    )
    pictures = releases.photos_in(photos) if photos else []
    with stages() as report:
        card = workshop("export").export_bundle(ready, target, pictures, report)
    parity = card.parity
    typer.echo(
        f"{target}: {(target / 'model.onnx').stat().st_size / 1e6:.1f} MB. On {parity.images} "
        f"images of {parity.image_sizes} sizes, {parity.detections} detections, ONNX Runtime is "
        f"within {parity.worst_box_px:.2g} px and {parity.worst_score:.2g} of torch."
    )
    for reason in {record.field_unknown for record in card.levels if record.field is None}:
        typer.echo(f"It will not tell what its cells see: {reason}", err=True)
    typer.echo(f"Next: boxwright serve --models {out}")
