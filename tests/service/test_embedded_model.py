"""The model that ships in the wheel, asked over gRPC."""

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.shelf import bundle
from boxwright_contract.pixels import decode
from boxwright_workshop import annotations

PEOPLE = files("boxwright") / "models" / "people" / "1"
ASTRONAUT = files("boxwright") / "photos" / "astronaut.jpg"
VAL = Path(__file__).parents[3] / "shared" / "data" / "people" / "val.json"
HER_BOX_PX = (3, 3, 370, 512)
"""Of the woman in the photo, by eye."""


@pytest.fixture(scope="module")
def people() -> Iterator[Client]:
    settings = Settings.read(port=0, drain_delay_s=0, log_level="error")
    with serve_in_background(settings) as address, Client(str(address)) as client:
        yield client


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the intersection of two boxes over their union."""
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    shared = max(0, width) * max(0, height)
    return shared / (sum(areas) - shared)


def test_it_is_small_enough_to_carry() -> None:
    with as_file(PEOPLE) as folder:
        assert sum(file.stat().st_size for file in folder.iterdir()) < 10e6


def test_its_card_tells_what_it_is_and_how_it_is_made_again() -> None:
    with as_file(PEOPLE) as folder:
        card = bundle.read(folder).card
    assert card.classes == ("person",)
    assert (card.detector.name, card.backbone.name) == ("faster_rcnn", "efficientnet_lite0")
    assert card.precision == "float16"
    assert card.accuracy[0].ap50 >= 0.45
    assert card.parity.image_sizes >= 150
    assert card.parity.worst_box_px <= 1e-3
    assert card.parity.worst_score <= 1e-5
    assert card.weights.licence == "Apache-2.0"
    assert card.made_by.startswith("boxwright train --recipe people")


def test_it_finds_the_astronaut(people: Client) -> None:
    with as_file(ASTRONAUT) as photo:
        found = people.detect(photo)
    best = found.detections[0]
    assert (best.label, best.score > 0.9) == ("person", True)
    assert overlap(best.box_px, HER_BOX_PX) > 0.8


def test_it_finds_her_mirrored_where_the_mirror_puts_her(people: Client) -> None:
    pixels = decode(ASTRONAUT.read_bytes())
    found = people.detect(np.ascontiguousarray(pixels[:, ::-1]))
    left, top, right, bottom = HER_BOX_PX
    mirrored = (pixels.shape[1] - right, top, pixels.shape[1] - left, bottom)
    assert overlap(found.detections[0].box_px, mirrored) > 0.8


def test_it_finds_nobody_on_a_grey_wall(people: Client) -> None:
    assert people.detect(np.full((300, 400, 3), 128, np.uint8)).detections == ()


def test_it_finds_people_in_photos_that_it_was_not_trained_on(people: Client) -> None:
    if not VAL.is_file():
        pytest.skip("the photos of people are not here")
    photos = annotations.read(VAL).photos[:40]
    there = found = wrong = 0
    for photo in photos:
        boxes = [each.box_px for each in people.detect(photo.path).detections]
        hits = [any(overlap(tuple(box), other) > 0.5 for other in boxes) for box in photo.boxes]
        there, found = there + len(hits), found + sum(hits)
        wrong += len(boxes) - sum(hits)
    assert found > there * 0.3
    assert wrong < found
