"""A small real dataset, made here: bright rectangles on noise, two classes by colour."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from boxwright_workshop.recipe import Recipe, parse

SMALL = """
weights = "imagenet"
freeze = "C3"
freeze_depthwise = true
[options]
levels = ["C3", "C4", "C5"]
neck_channels = 32
anchor_sides_px = [[16], [32], [64], [96]]
candidates = 50
candidates_train = 50
proposals = 20
proposals_train = 50
regions_train = 32
canonical_side_px = 96
head_channels = 64
most_detections = 20
[input]
short_side_px = 96
long_side_px = 128
divisor = 32
[augmentation]
canvas_px = 96
colour = 0.1
[schedule]
epochs = 2
batch = 4
learning_rate = 2e-3
warm_up_steps = 2
averaging = 0.8
"""


@pytest.fixture
def small() -> Recipe:
    """A recipe for a detector that learns rectangles in seconds."""
    return parse(SMALL, "small")


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    """That recipe as a file."""
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file


def write_shapes(folder: Path, count: int, seed: int) -> Path:
    """Write `count` pictures of rectangles and their annotations; return the JSON."""
    rng = np.random.default_rng(seed)
    images: list[dict[str, object]] = []
    notes: list[dict[str, object]] = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        picture = rng.integers(0, 90, (96, 128, 3), dtype=np.uint8)
        for category in (1, 2):
            width, height = (int(side) for side in rng.integers(24, 56, 2))
            x, y = int(rng.integers(0, 128 - width)), int(rng.integers(0, 96 - height))
            picture[y : y + height, x : x + width] = (250, 60, 0) if category == 1 else (0, 80, 250)
            box = [x, y, width, height]
            notes.append(
                {
                    "id": len(notes) + 1,
                    "image_id": number,
                    "category_id": category,
                    "bbox": box,
                    "area": width * height,
                    "iscrowd": 0,
                }
            )
        name = f"{seed}_{number}.png"
        cv2.imwrite(str(folder / "images" / name), picture)
        images.append({"id": number, "file_name": name, "width": 128, "height": 96})
    categories = [{"id": 1, "name": "blue"}, {"id": 2, "name": "orange"}]
    file = folder / f"shapes{seed}.json"
    file.write_text(json.dumps({"images": images, "annotations": notes, "categories": categories}))
    return file


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Annotations of eight pictures."""
    return write_shapes(tmp_path, count=8, seed=0)
