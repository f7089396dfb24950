"""What a model's precisions cost and gain on the devices of this machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.cli.precision_trial import Trial, tried
from boxwright.cli.workshop import workshop
from boxwright.settings import Device
from boxwright.shelf.bundle import Bundle
from boxwright_contract.precision_record import PrecisionRecord

if TYPE_CHECKING:
    from boxwright_workshop.annotations import Dataset


@dataclass(frozen=True)
class Measured:
    """One precision on one device."""

    record: PrecisionRecord
    run_ms: float
    """What the model takes for an image, as many beside each other as there are lanes."""
    run_ms_float32: float
    """The same of float32."""


def measured(
    bundle: Bundle, int8: Path | None, dataset: "Dataset", report: Callable[[str, int, int], None]
) -> Iterator[Measured]:
    """Yield what came of each precision, on each device, that can be tried here.

    Args:
        bundle: The model.
        int8: Its graph in int8. None: int8 is left out.
        dataset: What is asked, and what is there.
        report: Told how far it is.
    """
    from boxwright.device.choice import there
    from boxwright.device.providers import precisions
    from boxwright.device.runtime import Runtime

    ort = Runtime.open("auto").sessions.ort
    for device in there(ort):
        offers = []
        if "bfloat16" in precisions(ort, device):
            offers.append(_offer(device, dataset))
        if int8 is not None and "int8" in precisions(ort, device):
            sha256 = workshop("graphs").sha256_of(int8)
            offers.append(replace(_offer(device, dataset), precision="int8", graph_sha256=sha256))
        if offers:
            trials = tried(bundle, int8, device, (None, *offers), dataset.photos, report)
            float32 = trials["float32"]
            for offer in offers:
                trial = trials[offer.precision]
                record = _record(offer, trial, float32, bundle, dataset)
                yield Measured(record, trial.usual_ms, float32.usual_ms)


def _offer(device: Device, dataset: "Dataset") -> PrecisionRecord:
    """Return the record that makes a server run bfloat16, before anything is known of it."""
    return PrecisionRecord(
        precision="bfloat16",
        device=device,
        dataset=dataset.name,
        images=len(dataset.photos),
        ap=0,
        ap_float32=0,
        worst_score=0,
        speedup=2,
    )


def _record(
    offer: PrecisionRecord, trial: Trial, float32: Trial, bundle: Bundle, dataset: "Dataset"
) -> PrecisionRecord:
    accuracy = workshop("accuracy")

    def ap(which: Trial) -> float:
        found = accuracy.relabelled(which.found, bundle.card.classes, dataset)
        return float(accuracy.average_precision(dataset, found).ap)

    worst = workshop("precision_records").worst_score
    return replace(
        offer,
        ap=ap(trial),
        ap_float32=ap(float32),
        worst_score=worst(trial.found, float32.found, bundle.card.min_score),
        speedup=trial.speedup(float32),
    )
