"""`boxwright evaluate`: average precision of a model or a checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.connection import connected
from boxwright.cli.options import AsJson, Models
from boxwright.cli.progress import in_order, progress
from boxwright.cli.tables import print_json
from boxwright.cli.workshop import workshop
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.client import Result
    from boxwright_workshop.accuracy import Found
    from boxwright_workshop.annotations import Dataset


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Name of a model, or a checkpoint that `boxwright train` wrote.")
    ],
    data: Annotated[Path, typer.Option(metavar="VAL.json", help="COCO JSON to measure on.")],
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Of a checkpoint's detector, where no parameter depends on it; the value is JSON. "
            "Repeatable.",
        ),
    ] = None,
    photos: Annotated[
        int | None, typer.Option(min=1, help="Only the first of them, as of slow models.")
    ] = None,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Measure average precision, as COCO does. Needs boxwright[workshop].

    A model is asked over gRPC, the way that clients ask it; a checkpoint is run in torch.
    """
    accuracy = workshop("accuracy")
    dataset = workshop("annotations").read(data)
    dataset = dataset.first(photos or len(dataset.photos))
    if _is_checkpoint(model):
        found = _of_checkpoint(Path(model), option or [], dataset)
    elif option:
        raise BadSettings(
            f"--option is for checkpoints, and {model} is a model, whose options are settled. "
            "Export it again with them, or name a checkpoint's folder."
        )
    else:
        found = _of_model(model, models, dataset)
    record = accuracy.average_precision(dataset, progress(found, len(dataset.photos)))
    if as_json:
        print_json({"images": record.images, "ap": record.ap, "ap50": record.ap50})
    else:
        typer.echo(f"{record.images} images: AP {record.ap:.4f}, AP50 {record.ap50:.4f}")


def _is_checkpoint(name: str) -> bool:
    """Return whether `name` is a folder, and not just called like one."""
    folder = Path(name)
    return folder.is_dir() and (len(folder.parts) > 1 or (folder / "checkpoint.json").exists())


def _of_checkpoint(folder: Path, options: list[str], dataset: "Dataset") -> "Iterator[Found]":
    """Return what the network of a checkpoint finds in each photo."""
    accuracy = workshop("accuracy")
    net, record = workshop("checkpoint").load(folder, options=options)
    net.to(workshop("device").best_device())
    detector = workshop("network").detector_of(record.recipe)
    photos = workshop("proposals").with_proposals(dataset.photos, record.recipe.proposals)
    found = accuracy.of_network(net, detector, record.recipe.input, photos)
    return accuracy.relabelled(found, record.classes, dataset)  # type: ignore[no-any-return]


def _of_model(model: str, models: Path | None, dataset: "Dataset") -> "Iterator[Found]":
    """Yield what the model finds in each photo, whatever it scores."""
    with connected(None, models) as client:
        classes = client.model(model).classes
        results = in_order(
            lambda photo: client.detect(photo.path, model=model, min_score=0.0), dataset.photos
        )
        yield from workshop("accuracy").relabelled(map(as_found, results), classes, dataset)


def as_found(result: "Result") -> "Found":
    import numpy as np

    rows = result.detections
    return (
        np.array([row.box_px for row in rows], np.float32).reshape(-1, 4),
        np.array([row.score for row in rows], np.float32),
        np.array([row.class_index for row in rows], np.int64),
    )
