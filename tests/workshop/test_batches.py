"""Which photos a step sees, and how."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from boxwright_workshop.annotations import Photo, read
from boxwright_workshop.batches import batch_of, batches
from boxwright_workshop.recipe import Augmentation, Recipe
from boxwright_workshop.task import Task


def task_of(recipe: Recipe, photos: int, batch: int) -> Task:
    """A task that shows photos as they are, so that they can be told apart."""
    still = Augmentation(canvas_px=128, scale=(1, 1), flip=False)
    schedule = replace(recipe.schedule, batch=batch)
    return Task(
        recipe=replace(recipe, schedule=schedule, augmentation=still),
        classes=("blue", "orange"),
        photos=photos,
    )


def seen(task: Task, photos: tuple[Photo, ...], first: int = 0) -> list[list[bytes]]:
    """The canvases of each step, as bytes."""
    return [
        [canvas.numpy().tobytes() for canvas in batch.canvas]
        for batch, _ in batches(task, photos, first)
    ]


@pytest.mark.parametrize(("photos", "batch", "steps"), [(8, 4, 2), (7, 4, 2), (8, 3, 3), (2, 5, 1)])
def test_every_epoch_shows_every_photo_in_full_batches(
    small: Recipe, shapes: Path, photos: int, batch: int, steps: int
) -> None:
    task = task_of(small, photos, batch)
    shown = seen(task, read(shapes).photos[:photos])
    assert task.steps_of_epoch == steps
    assert [len(step) for step in shown] == [batch] * steps * 2
    for epoch in (shown[:steps], shown[steps:]):
        counts = Counter(canvas for step in epoch for canvas in step)
        assert len(counts) == photos
        assert max(counts.values()) - min(counts.values()) <= 1


def test_each_epoch_has_an_order_of_its_own(small: Recipe, shapes: Path) -> None:
    shown = seen(task_of(small, 8, 8), read(shapes).photos)
    assert shown[0] != shown[1]
    assert set(shown[0]) == set(shown[1])


def test_a_later_start_shows_what_comes_then(small: Recipe, shapes: Path) -> None:
    task = replace(task_of(small, 8, 3), recipe=small)
    photos = read(shapes).photos
    assert seen(task, photos, first=2) == seen(task, photos)[2:]


def test_a_step_depends_on_the_seed_and_on_nothing_before_it(small: Recipe, shapes: Path) -> None:
    photos = read(shapes).photos
    one, other = (
        Task(recipe=replace(small, seed=seed), classes=("blue", "orange"), photos=8)
        for seed in (0, 1)
    )
    assert batch_of(one, photos, 1)[0].canvas.equal(batch_of(one, photos, 1)[0].canvas)
    assert not batch_of(one, photos, 1)[0].canvas.equal(batch_of(other, photos, 1)[0].canvas)
