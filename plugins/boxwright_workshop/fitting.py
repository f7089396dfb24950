"""What a detector fits after its training, without gradients, on the best weights of the run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from boxwright_contract.card import AccuracyRecord
from boxwright_contract.parts import Batch, Truth
from boxwright_workshop import accuracy, checkpoint, network
from boxwright_workshop.annotations import Dataset
from boxwright_workshop.device import moved
from boxwright_workshop.examples import plain


@dataclass(frozen=True)
class Fitted:
    """What is not learnt by gradients was fitted to the best weights, and both were kept."""

    accuracy: AccuracyRecord | None


def fit(best: Path, data: Dataset, val: Dataset | None, device: torch.device) -> Fitted | None:
    """Fit what the detector of the checkpoint in `best` fits, judge it, and save it there.

    None: it has nothing to fit, or its options ask for nothing, and the checkpoint stays as it is.

    Args:
        best: The folder of a checkpoint.
        data: The photos that it was trained on, with proposals where it needs them.
        val: Photos to judge it by. None: it is not judged.
        device: Where to work.
    """
    net, record = checkpoint.load(best)
    detector, rule = network.detector_of(record.recipe), record.recipe.input
    if detector.after_training is None:
        return None
    before = {name: value.clone() for name, value in net.state_dict().items()}

    def examples() -> Iterable[tuple[Batch, list[Truth]]]:
        for photo in data.photos:
            batch, truth, _ = plain(photo, rule)
            yield moved(batch, device), [Truth(truth.boxes.to(device), truth.labels.to(device))]

    detector.after_training(net.to(device), examples)
    after = net.state_dict()
    if all(value.equal(after[name].cpu()) for name, value in before.items()):
        return None
    scored = None
    if val is not None:
        found = accuracy.of_network(net, detector, rule, val.photos)
        scored = accuracy.average_precision(val, found)
    checkpoint.save(best, replace(record, accuracy=scored), net.cpu().state_dict())
    return Fitted(scored)
