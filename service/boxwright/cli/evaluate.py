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

if TYPE_CHECKING:
    from boxwright_workshop.accuracy import Found
    from boxwright_workshop.annotations import Dataset


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Name of a model, or a checkpoint that `boxwright train` wrote.")
    ],
    data: Annotated[Path, typer.Option(metavar="VAL.json", help="COCO JSON to measure on.")],
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Measure average precision, as COCO does. Needs boxwright[workshop].

    A model is asked over gRPC, the way that clients ask it; a checkpoint is run in torch.
    """
    accuracy = workshop("accuracy")
    dataset = workshop("annotations").read(data)
    found = (
        _of_checkpoint(Path(model), dataset)
        if Path(model).is_dir()
        else _of_model(model, models, dataset)
    )
    record = accuracy.average_precision(dataset, progress(found, len(dataset.photos)))
    if as_json:
        print_json({"images": record.images, "ap": record.ap, "ap50": record.ap50})
    else:
        typer.echo(f"{record.images} images: AP {record.ap:.4f}, AP50 {record.ap50:.4f}")


def _of_checkpoint(folder: Path, dataset: "Dataset") -> "Iterator[Found]":
    net, record = workshop("checkpoint").load(folder)
    detector = workshop("network").detector_of(record.recipe)
    return workshop("accuracy").of_network(net, detector, record.recipe.input, dataset.photos)  # type: ignore[no-any-return]


def _of_model(model: str, models: Path | None, dataset: "Dataset") -> "Iterator[Found]":
    """Yield what the model finds in each photo, whatever it scores."""
    import numpy as np

    with connected(None, models) as client:
        results = in_order(
            lambda photo: client.detect(photo.path, model=model, min_score=0.0), dataset.photos
        )
        for result in results:
            rows = result.detections
            yield (
                np.array([row.box_px for row in rows], np.float32).reshape(-1, 4),
                np.array([row.score for row in rows], np.float32),
                np.array([row.class_index for row in rows], np.int64),
            )
