"""The three generations of R-CNN side by side, on two sets of photos: `just generations`.

Every bundle is asked over gRPC, one photo at a time, as `boxwright evaluate` asks, by one server on
one machine. Times are means over the photos. That of a run in ONNX Runtime is told apart into
stages by its profiler, on some of the photos, and scaled to what the server measured.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from tests.bench.readme_parts import table, write
from tests.bench.serving import server_process
from tests.bench.stages import ProfiledGraph, Stage, scratch_folder

from boxwright.cli.evaluate import as_found
from boxwright.client import Client, Result
from boxwright.shelf.bundle import Bundle, read
from boxwright_contract.card import Card
from boxwright_contract.catalog import Catalog
from boxwright_contract.chunks import run_in_chunks
from boxwright_contract.input_rule import place
from boxwright_contract.proposal_rule import propose
from boxwright_workshop import accuracy
from boxwright_workshop.annotations import Dataset, Photo
from boxwright_workshop.annotations import read as read_dataset
from boxwright_workshop.examples import read_pixels

GENERATIONS = {"rcnn": "R-CNN", "fast_rcnn": "Fast R-CNN", "faster_rcnn": "Faster R-CNN"}
DATASETS = {"blood_cells": "test", "playing_cards": "test"}
"""Photos that no epoch was chosen by."""
STAGES: tuple[Stage, ...] = ("proposals", "features", "regions", "suppression")
LONGEST_ANSWER_S = 600.0


@dataclass(frozen=True)
class Measured:
    """One bundle on one set of photos. Times are means, in milliseconds."""

    ap: float
    ap50: float
    proposals: float
    """How many the model was given, or made."""
    stages_ms: dict[Stage, float]
    total_ms: float
    """From the request's arrival to the answer, decoding and resizing too."""


def main(
    data: Annotated[Path, typer.Argument(help="Folder with blood_cells and playing_cards.")],
    models: Annotated[Path, typer.Option(help="Folder with <dataset>_<detector> bundles.")],
    photos: Annotated[int, typer.Option(help="The first of each set. 0: all.")] = 0,
    profiled: Annotated[int, typer.Option(help="Photos that the stages are measured on.")] = 5,
) -> None:
    """Measure, print a table, and write it into the README."""
    rows = []
    with server_process(models) as (_, address, _):
        client = Client(address, timeout_s=LONGEST_ANSWER_S)
        for folder, split in DATASETS.items():
            lacking = [name for name in GENERATIONS if not (models / f"{folder}_{name}").is_dir()]
            if lacking:
                typer.echo(f"{folder}: left out, there is no bundle of {', '.join(lacking)}")
                continue
            dataset = read_dataset(data / folder / f"{split}.json")
            chosen = dataset.first(photos or len(dataset.photos))
            first_ms = math.nan
            for detector, title in GENERATIONS.items():
                found = measure(client, models, f"{folder}_{detector}", chosen, profiled)
                first_ms = found.total_ms if detector == "rcnn" else first_ms
                rows.append([f"`{folder}`, {len(chosen.photos)}", title, *_cells(found, first_ms)])
                typer.echo(" | ".join(rows[-1]))
        client.close()
    heads = ["photos", "detector", "mAP", "mAP50", "regions looked at"]
    heads += [f"{stage}, ms" for stage in STAGES]
    text = table([*heads, "total, ms", "speed-up"], rows)
    typer.echo(f"\n{text}")
    if not write("generations", text):
        typer.echo("the README has no markers for this; nothing was written")


def measure(client: Client, models: Path, model: str, dataset: Dataset, profiled: int) -> Measured:
    """Ask for every photo, then take the run apart."""
    results: list[Result] = []

    def answers() -> Iterator[accuracy.Found]:
        for photo in dataset.photos:
            results.append(client.detect(photo.path, model=model, min_score=0.0))
            yield as_found(results[-1])

    client.detect(dataset.photos[0].path, model=model)  # the first run of a shape is slow
    classes = client.model(model).classes
    record = accuracy.average_precision(dataset, accuracy.relabelled(answers(), classes, dataset))
    bundle = read(max((models / model).iterdir(), key=lambda folder: int(folder.name)))
    shares = stage_shares(bundle, dataset.photos[:profiled])
    run_ms = float(np.mean([each.times.inference_ms for each in results]))
    stages_ms = {stage: run_ms * shares[stage] for stage in STAGES}
    stages_ms["proposals"] += float(np.mean([each.times.proposals_ms for each in results]))
    given = [each.proposals.count for each in results if each.proposals]
    detector = bundle.card.detector.name
    options = Catalog.installed().detector(detector).options(**bundle.card.options)
    return Measured(
        record.ap,
        record.ap50,
        float(np.mean(given)) if given else options.proposals,
        stages_ms,
        float(np.mean([each.times.total_ms for each in results])),
    )


def stage_shares(bundle: Bundle, photos: Sequence[Photo], threads: int = 0) -> Counter[Stage]:
    """Return the share of each stage in the time of all nodes, in runs on `photos`."""
    card = bundle.card
    with scratch_folder() as scratch:
        graph = ProfiledGraph(bundle.graph, threads, Path(scratch))
        last = None
        if bundle.conclusion is not None:
            last = ProfiledGraph(bundle.conclusion, threads, Path(scratch), only="suppression")
        for photo in photos:
            feeds = feeds_of(photo, card)
            if last is not None and card.chunk is not None:
                run_in_chunks(graph.run, last.run, feeds, card.chunk.most, lambda: None)
            else:
                graph.run(feeds)
        spent = graph.ms()
        if last is not None:
            spent.update(last.ms())
    whole = sum(spent.values())
    return Counter({stage: ms / whole for stage, ms in spent.items()})


def feeds_of(photo: Photo, card: Card) -> dict[str, NDArray[Any]]:
    """Return what the server gives a graph for a photo."""
    pixels = read_pixels(photo)
    resized = card.input.resize(pixels)
    size = resized.shape[:2]
    canvas = np.zeros((1, *card.input.canvas(*size), 3), np.uint8)
    place(resized, canvas[0])
    feeds: dict[str, NDArray[Any]] = {"image": canvas}
    feeds["image_size"] = np.array([size], np.int32)
    if card.proposals is not None:
        source = Catalog.installed().proposal_source(card.proposals.source)
        ratio = np.tile(np.array(size[::-1]) / pixels.shape[1::-1], 2).astype(np.float32)
        feeds["proposals"] = (propose(source, pixels, card.proposals) * ratio)[None]
        feeds["proposal_count"] = np.array([feeds["proposals"].shape[1]], np.int32)
    return feeds


def _cells(found: Measured, first_ms: float) -> list[str]:
    return [
        f"{found.ap:.3f}",
        f"{found.ap50:.3f}",
        f"{found.proposals:.0f}",
        *(f"{found.stages_ms[stage]:.1f}" for stage in STAGES),
        f"{found.total_ms:.0f}",
        f"{first_ms / found.total_ms:.1f}",
    ]


if __name__ == "__main__":
    typer.run(main)
