"""The batches of a run, in an order and in variations that follow from the seed and the step."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from boxwright_contract.parts import Batch, Truth
from boxwright_workshop.annotations import Photo
from boxwright_workshop.examples import stacked, varied
from boxwright_workshop.task import Task

Filled = tuple[Batch, list[Truth]]


def batch_of(task: Task, photos: tuple[Photo, ...], step: int) -> Filled:
    """Return the batch of a step: the next photos in the order of its epoch, each varied."""
    recipe, size = task.recipe, task.recipe.schedule.batch
    epoch, position = divmod(step, task.steps_of_epoch)
    order = np.random.default_rng((recipe.seed, epoch, 0)).permutation(len(photos))
    chosen = np.resize(order, task.steps_of_epoch * size)[position * size :][:size]
    rng = np.random.default_rng((recipe.seed, epoch, 1 + position))
    rule, how = recipe.input, recipe.augmentation
    return stacked([varied(photos[i], rule, how, rng) for i in chosen])


def batches(task: Task, photos: tuple[Photo, ...], first: int) -> Iterator[Filled]:
    """Yield the batches from step `first` on, each made while the one before is learnt."""
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[Filled] = pool.submit(batch_of, task, photos, first)
        for step in range(first + 1, task.steps):
            current, ahead = ahead, pool.submit(batch_of, task, photos, step)
            yield current.result()
        yield ahead.result()
