"""A model in several precisions at once, each asked the same photos, through a server."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from boxwright.cli.connection import connected
from boxwright.cli.evaluate import as_found
from boxwright.cli.progress import in_order
from boxwright.settings import Device, Precision
from boxwright.shelf.bundle import Bundle
from boxwright_contract.card import CARD_FILE, encode
from boxwright_contract.errors import ServerFailed
from boxwright_contract.precision_record import PrecisionRecord, graph_file

if TYPE_CHECKING:
    from boxwright.client import Client, Result
    from boxwright_workshop.accuracy import Found
    from boxwright_workshop.annotations import Photo

ROUND = 16
"""Photos that one precision is asked before the next takes its turn."""


@dataclass(frozen=True)
class Trial:
    """What a model found in one precision, and how fast."""

    found: "list[Found]" = field(default_factory=list)
    """Of each photo, whatever it scores."""
    run_ms: list[float] = field(default_factory=list)
    """The mean of each round; what else the machine does disturbs single ones."""

    @property
    def usual_ms(self) -> float:
        """What the model takes for an image, as many beside each other as there are lanes."""
        return median(self.run_ms)

    def speedup(self, other: "Trial") -> float:
        """Return the time of another over that of this, compared round by round."""
        pairs = zip(self.run_ms, other.run_ms, strict=True)
        return median(theirs / ours for ours, theirs in pairs)


def tried(
    bundle: Bundle,
    int8: Path | None,
    device: Device,
    precisions: Sequence[PrecisionRecord | None],
    photos: "Sequence[Photo]",
    report: Callable[[str, int, int], None],
) -> dict[Precision, Trial]:
    """Return what a model does on `device` in each of several precisions.

    Args:
        bundle: The model.
        int8: Its graph in int8, where that is tried.
        device: What to run it on.
        precisions: What is tried, as records that offer it; None is float32.
        photos: What is asked.
        report: Told how far it is.
    """
    trials: dict[Precision, Trial] = {_name(record): Trial() for record in precisions}
    with tempfile.TemporaryDirectory() as scratch:
        for record in precisions:
            graph = int8 if record is not None and record.precision == "int8" else None
            _offer(bundle, graph, record, Path(scratch) / _name(record) / "1")
        options = {
            "device": f"require:{device}",
            "precision": "auto",
            "max_batch": 1,
            "batch_delay_ms": 0,
            "watch_s": 0,
        }
        with connected(None, Path(scratch), options=options) as client:
            for name in trials:
                _check(client, name)
            for start in range(0, len(photos), ROUND):
                some = photos[start : start + ROUND]
                for name, trial in trials.items():
                    results = _asked(client, name, some)
                    trial.found.extend(map(as_found, results))
                    trial.run_ms.append(mean(result.times.inference_ms for result in results))
                report(f"asking on {device}", start + len(some), len(photos))
    return trials


def _name(record: PrecisionRecord | None) -> Precision:
    return "float32" if record is None else record.precision


def _offer(
    bundle: Bundle, graph: Path | None, record: PrecisionRecord | None, folder: Path
) -> None:
    """Make a copy of a bundle that offers one precision, with its graph, or none but float32."""
    folder.mkdir(parents=True)
    for file in filter(None, (bundle.graph, bundle.conclusion)):
        (folder / file.name).symlink_to(file.resolve())
    if record is not None and graph is not None:
        (folder / graph_file(record.precision)).symlink_to(graph.resolve())
    card = replace(bundle.card, precisions=() if record is None else (record,))
    (folder / CARD_FILE).write_bytes(encode(card))


def _check(client: "Client", name: Precision) -> None:
    """Make sure that a model runs in the precision that it is called by."""
    running = client.model(name).running
    found = "nothing" if running is None else running.precision
    if found != name:
        raise ServerFailed(f"asked to run in {name}, the server runs in {found}. Report this.")


def _asked(client: "Client", name: str, photos: "Sequence[Photo]") -> "list[Result]":
    return list(
        in_order(lambda photo: client.detect(photo.path, model=name, min_score=0.0), photos)
    )
