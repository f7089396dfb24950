"""Training: a recipe and annotated photos in, the best checkpoint out.

    <out>/best/      the checkpoint of the epoch with the highest average precision
    <out>/last/      what `resume` needs: weights, their running average, the optimiser's state
    <out>/log.jsonl  one line an epoch

Every random choice follows from the recipe's seed and the step, so a resumed run sees the same
images in the same variations as one that was never stopped.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import torch

from boxwright_contract.card import AccuracyRecord, WeightsRecord
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import Batch, Detector, Truth
from boxwright_workshop import accuracy, checkpoint, network
from boxwright_workshop.annotations import Dataset
from boxwright_workshop.batches import batches
from boxwright_workshop.checkpoint import Checkpoint
from boxwright_workshop.device import best_device, bfloat16_is_quick, moved
from boxwright_workshop.fitting import Fitted, fit
from boxwright_workshop.learner import Learner
from boxwright_workshop.proposals import Proposed, proposed
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.task import Task
from boxwright_workshop.weights import named

SAVE_EVERY_S = 300.0
STATE = Path("last", "state.safetensors")


@dataclass(frozen=True)
class Step:
    """One batch was learnt from."""

    done: int
    steps: int
    loss: float
    images_per_s: float
    seconds_left: float


@dataclass(frozen=True)
class Epoch:
    """One pass over the images ended."""

    done: int
    epochs: int
    loss: float
    """Mean over the epoch, or over what of it came after the run was resumed."""
    accuracy: AccuracyRecord | None
    best: bool


Event = Proposed | Step | Epoch | Fitted


def train(
    recipe: Recipe, data: Dataset, val: Dataset | None, out: Path, *, resume: bool, made_by: str
) -> Iterator[Event]:
    """Train, and tell of each photo with proposals, each step and each epoch.

    Args:
        recipe: What to train, and how.
        data: Photos to learn from.
        val: Photos to judge each epoch by. None: the last epoch counts as the best.
        out: Folder to write to.
        resume: Go on from what `out` holds.
        made_by: The command that does this again, for the record.

    Raises:
        BadSettings: The datasets differ in classes, `out` cannot be used or holds a run that does
            not suit `resume`, the detector cannot be trained by itself, or the training diverged.
        BadWeights: The backbone's weights are not there, or the run to resume is damaged.
        BadDataset: A photo is damaged.
    """
    if val is not None and val.classes != data.classes:
        raise BadSettings(
            f"{data.file} has the classes {', '.join(data.classes)}, but {val.file} has "
            f"{', '.join(val.classes)}. Give both the same categories."
        )
    _check_learns(network.detector_of(recipe))
    recipe = network.settled(recipe)
    _prepare(out, resume=resume)
    task = Task(recipe=recipe, classes=data.classes, photos=len(data.photos))
    detector = network.detector_of(recipe)
    device = best_device()
    net = network.build(recipe, len(data.classes), trained=not resume)
    network.freeze(net, recipe)
    learner = Learner(net.to(device).to(memory_format=torch.channels_last), task)
    if resume:
        learner.restore(out / STATE)
    data = yield from proposed(data, recipe.proposals)
    if val is not None:
        val = yield from proposed(val, recipe.proposals)
    record = Checkpoint(
        recipe=recipe,
        classes=data.classes,
        weights=_origin(recipe, data),
        epochs=0,
        accuracy=None,
        made_by=made_by,
    )
    losses: list[float] = []
    started, saved, first = time.monotonic(), time.monotonic(), learner.step
    for batch, truths in batches(task, data.photos, first):
        losses.append(_learn(learner, detector, batch, truths, device))
        now = time.monotonic()
        pace = (learner.step - first) / (now - started)
        left = (task.steps - learner.step) / pace
        yield Step(learner.step, task.steps, losses[-1], pace * recipe.schedule.batch, left)
        ended = learner.step % task.steps_of_epoch == 0
        if ended:
            epoch = _judge(learner, detector, record, val, out, losses)
            losses = []
        fitted = None
        if learner.step == task.steps:  # before the state is saved: what stops here can be resumed
            fitted = fit(out / "best", data, val, device)
        if ended or now - saved > SAVE_EVERY_S:
            learner.save(out / STATE)
            saved = now
        if ended:
            yield epoch
        if fitted:
            yield fitted


def _check_learns(detector: Detector) -> None:
    """Refuse a detector that is a part of another."""
    if detector.class_agnostic:
        raise BadSettings(
            f"{detector.name} finds objects without telling what they are, and is not trained by "
            "itself. Train the detector that it is a part of, and export its checkpoint with "
            f"--detector {detector.name}."
        )


def _prepare(out: Path, *, resume: bool) -> None:
    """Refuse a folder that cannot be written to, or whose run does not suit `resume`."""
    there = (out / STATE).is_file()
    if resume and not there:
        raise BadSettings(f"{out} holds no run to resume. Start it without --resume.")
    if there and not resume:
        raise BadSettings(f"{out} holds a run already. Resume it with --resume, or name another.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"{out} cannot be made: {error.strerror}. Name another.") from error
    if not os.access(out, os.W_OK):
        raise BadSettings(f"{out} cannot be written to. Name another.")


def _learn(
    learner: Learner, detector: Detector, batch: Batch, truths: list[Truth], device: torch.device
) -> float:
    torch.manual_seed(learner.task.recipe.seed + learner.step)
    aims = [Truth(truth.boxes.to(device), truth.labels.to(device)) for truth in truths]
    learner.net.train()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16_is_quick(device)):
        losses = detector.losses(learner.net, moved(batch, device), aims)
    return learner.learn(losses)


def _judge(
    learner: Learner,
    detector: Detector,
    record: Checkpoint,
    val: Dataset | None,
    out: Path,
    losses: list[float],
) -> Epoch:
    """Measure the averaged weights, keep them if they are the best so far, and log the epoch."""
    done = learner.step // learner.task.steps_of_epoch
    scored = None
    with learner.averaged() as net:
        if val is not None:
            found = accuracy.of_network(net, detector, record.recipe.input, val.photos)
            scored = accuracy.average_precision(val, found)
        best = scored is None or scored.ap > learner.best
        if best:
            learner.best = scored.ap if scored else learner.best
            reached = replace(record, epochs=done, accuracy=scored)
            checkpoint.save(out / "best", reached, net.state_dict())
    epoch = Epoch(done, record.recipe.schedule.epochs, float(np.mean(losses)), scored, best)
    with (out / "log.jsonl").open("ab") as log:
        log.write(msgspec.json.encode(epoch) + b"\n")
    return epoch


def _origin(recipe: Recipe, data: Dataset) -> WeightsRecord:
    trained = f"Trained by Boxwright on {data.name}"
    if not recipe.weights:
        return WeightsRecord(origin=f"{trained}, from random weights", licence="")
    start = named(Catalog.installed().backbone(recipe.backbone), recipe.weights)
    return WeightsRecord(origin=f"{trained}, from {start.origin}", licence=start.licence)
