"""Training: a recipe and annotated photos in, the best checkpoint out.

    <out>/best/      the checkpoint of the epoch with the highest average precision
    <out>/last/      what `resume` needs: weights, their running average, the optimiser's state
    <out>/log.jsonl  one line an epoch

Every random choice follows from the recipe's seed and the step, so a resumed run sees the same
images in the same variations as one that was never stopped.
"""

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
from boxwright_workshop.checkpoint import Checkpoint
from boxwright_workshop.examples import stacked, varied
from boxwright_workshop.learner import Learner
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import named

SAVE_EVERY_S = 300.0


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
    """Mean over the epoch."""
    accuracy: AccuracyRecord | None
    best: bool


Event = Step | Epoch


def train(
    recipe: Recipe, data: Dataset, val: Dataset | None, out: Path, *, resume: bool, made_by: str
) -> Iterator[Event]:
    """Train, and tell of each step and each epoch.

    Args:
        recipe: What to train, and how.
        data: Photos to learn from.
        val: Photos to judge each epoch by. None: the last epoch counts as the best.
        out: Folder to write to.
        resume: Go on from what `out` holds.
        made_by: The command that does this again, for the record.

    Raises:
        BadSettings: The two datasets differ in classes, or `out` holds a run that is not resumed.
    """
    if val is not None and val.classes != data.classes:
        raise BadSettings(
            f"{data.file} has the classes {data.classes}, but {val.file} has {val.classes}. "
            "Give both the same categories."
        )
    if resume and not (out / "last").is_dir():
        raise BadSettings(f"{out} holds no run to resume. Start it without --resume.")
    if not resume and (out / "last").is_dir():
        raise BadSettings(f"{out} holds a run already. Resume it with --resume, or name another.")
    catalog = Catalog.installed()
    detector = catalog.detector(recipe.detector)
    device = accuracy.best_device()
    net = network.build(recipe, len(data.classes), trained=True)
    network.freeze(net, recipe, catalog.backbone(recipe.backbone))
    steps_of_epoch = math.ceil(len(data.photos) / recipe.schedule.batch)
    steps = steps_of_epoch * recipe.schedule.epochs
    net = net.to(device).to(memory_format=torch.channels_last)
    learner = Learner(net, recipe, steps)
    if resume:
        learner.restore(out / "last")
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
    for batch, truths in _batches(data, recipe, learner.step, steps):
        losses.append(_learn(learner, detector, batch, truths, device))
        now = time.monotonic()
        pace = (learner.step - first) / (now - started)
        left = (steps - learner.step) / pace
        yield Step(learner.step, steps, losses[-1], pace * recipe.schedule.batch, left)
        ended = learner.step % steps_of_epoch == 0
        if ended:
            epoch = _judge(learner, detector, record, val, out, steps_of_epoch, losses)
            losses = []
        if ended or now - saved > SAVE_EVERY_S:
            learner.save(out / "last")
            saved = now
        if ended:
            yield epoch


def _learn(
    learner: Learner, detector: Detector, batch: Batch, truths: list[Truth], device: torch.device
) -> float:
    torch.manual_seed(learner.seed + learner.step)
    moved = Batch(batch.canvas.to(device), batch.image_size.to(device))
    aims = [Truth(truth.boxes.to(device), truth.labels.to(device)) for truth in truths]
    learner.net.train()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=reduced_precision(device)):
        losses = detector.losses(learner.net, moved, aims)
    return learner.learn(losses)


def reduced_precision(device: torch.device) -> bool:
    """Return whether bfloat16 is quick on this machine."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def _judge(
    learner: Learner,
    detector: Detector,
    record: Checkpoint,
    val: Dataset | None,
    out: Path,
    steps_of_epoch: int,
    losses: list[float],
) -> Epoch:
    done = learner.step // steps_of_epoch
    scored = None
    with learner.averaged() as net:
        if val is not None:
            found = accuracy.of_network(net, detector, record.recipe.input, val.photos)
            scored = accuracy.average_precision(val, found)
        best = scored is None or scored.ap > learner.best
        if best:
            learner.best = scored.ap if scored else 0.0
            reached = replace(record, epochs=done, accuracy=scored)
            checkpoint.save(out / "best", reached, net.state_dict())
    epoch = Epoch(done, record.recipe.schedule.epochs, float(np.mean(losses)), scored, best)
    with (out / "log.jsonl").open("ab") as log:
        log.write(msgspec.json.encode(epoch) + b"\n")
    return epoch


def _batches(
    data: Dataset, recipe: Recipe, first: int, steps: int
) -> Iterator[tuple[Batch, list[Truth]]]:
    """Yield the batches of steps `first` to `steps`, each made while the one before is learnt."""
    size = recipe.schedule.batch
    epoch_length = math.ceil(len(data.photos) / size)

    def make(step: int) -> tuple[Batch, list[Truth]]:
        epoch, position = divmod(step, epoch_length)
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(data.photos))
        chosen = np.resize(order, epoch_length * size)[position * size :][:size]
        rng = np.random.default_rng((recipe.seed, epoch, position))
        rule, how = recipe.input, recipe.augmentation
        return stacked([varied(data.photos[i], rule, how, rng) for i in chosen])

    with ThreadPoolExecutor(1) as pool:
        ahead: Future[tuple[Batch, list[Truth]]] | None = None
        for step in range(first, steps):
            current = ahead or pool.submit(make, step)
            ahead = pool.submit(make, step + 1) if step + 1 < steps else None
            yield current.result()


def _origin(recipe: Recipe, data: Dataset) -> WeightsRecord:
    trained = f"Trained by Boxwright on {data.file.parent.name}/{data.file.name}"
    if not recipe.weights:
        return WeightsRecord(origin=f"{trained}, from random weights", licence="")
    start = named(Catalog.installed().backbone(recipe.backbone), recipe.weights)
    return WeightsRecord(origin=f"{trained}, from {start.origin}", licence=start.licence)
