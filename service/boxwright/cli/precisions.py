"""`boxwright precisions`: what a model loses and gains in other precisions than float32."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.options import AsJson
from boxwright.cli.progress import stages
from boxwright.cli.tables import print_json, print_table
from boxwright.cli.workshop import workshop
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from boxwright.cli.precision_measurement import Measured
    from boxwright.shelf.bundle import Bundle
    from boxwright_workshop.annotations import Dataset

Report = Callable[[str, int, int], None]


def precisions(
    folder: Annotated[
        Path, typer.Argument(metavar="MODEL_FOLDER", help="As models/people/1; its card changes.")
    ],
    data: Annotated[Path, typer.Option(metavar="VAL.json", help="COCO JSON to measure on.")],
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="TRAIN.json",
            help="COCO JSON whose photos set the ranges of int8; not the one to measure on. "
            "Unset: int8 is left out.",
        ),
    ] = None,
    calibration_photos: Annotated[int, typer.Option(min=1, help="Only the first of them.")] = 128,
    photos: Annotated[
        int | None, typer.Option(min=1, help="Measure only on the first, as of slow models.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model in every precision that this machine has. Needs boxwright[workshop].

    Each is asked over gRPC, the way that clients ask, beside float32. What is measured goes into
    the model's card: servers run the fastest whose average precision is no more than 0.003 below
    that of float32.
    """
    from boxwright.cli.precision_measurement import measured
    from boxwright.shelf.bundle import read

    bundle = read(folder.resolve())
    dataset = workshop("annotations").read(data)
    dataset = dataset.first(photos or len(dataset.photos))
    if calibration is not None and calibration.resolve() == data.resolve():
        raise BadSettings(
            f"--calibration and --data are both {data}: int8 would be judged on the photos that "
            "set its ranges. Name others, as those of training."
        )
    with stages() as report, tempfile.TemporaryDirectory() as scratch:
        graph = None
        if calibration is not None:
            chosen = workshop("annotations").read(calibration).first(calibration_photos)
            graph = _quantised(bundle, chosen, Path(scratch), report)
        found = list(measured(bundle, graph, dataset, report))
        workshop("precision_records").write_records(
            folder, bundle.card, [one.record for one in found], graph
        )
    if as_json:
        print_json([asdict(one.record) | {"refusal": one.record.refusal} for one in found])
        return
    if not found:
        typer.echo("Nothing here can run the model in another precision than float32.")
        return
    _print(found)
    typer.echo(f"\nWritten into the card of {folder}.")


def _quantised(bundle: "Bundle", dataset: "Dataset", folder: Path, report: Report) -> Path:
    """Return a graph in int8."""
    graph = folder / "int8.onnx"
    fed = workshop("calibration").feeds(bundle.card, dataset.photos)
    steps = len(dataset.photos)
    workshop("quantisation").quantise(
        bundle.graph, fed, graph, lambda done: report("calibrating int8", done, steps)
    )
    return graph


def _print(found: "list[Measured]") -> None:
    rows = []
    for device in dict.fromkeys(one.record.device for one in found):
        here = [one for one in found if one.record.device == device]
        ap, run_ms = here[0].record.ap_float32, here[0].run_ms_float32
        rows.append((device, "float32", f"{ap:.4f}", "", f"{run_ms:.1f}", "", "always"))
        for one in here:
            its = one.record
            rows.append(
                (
                    device,
                    its.precision,
                    f"{its.ap:.4f}",
                    f"{its.ap - its.ap_float32:+.4f}",
                    f"{one.run_ms:.1f}",
                    f"{its.speedup:.2f}x",
                    f"no: {its.refusal}" if its.refusal else "yes",
                )
            )
    heads = ("device", "precision", "AP", "change", "ms an image", "speed", "offered")
    print_table(heads, rows)
