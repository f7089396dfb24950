"""COCO annotations: read, checked whole, and turned into boxes.

Source: the COCO data format, "Object Detection" (cocodataset.org, section Data format).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadDataset

PARTS = ("images", "annotations", "categories")
SHOWN = 20  # problems that a message lists before it only counts


@dataclass(frozen=True)
class Photo:
    """One annotated image."""

    id: int
    path: Path
    height_px: int
    width_px: int
    boxes: NDArray[np.float32]
    """(G, 4): x1, y1, x2, y2 in pixels of the image. Crowds are left out."""
    labels: NDArray[np.int64]
    """(G,) in 0..K-1."""


@dataclass(frozen=True)
class Dataset:
    """Annotated images and the names of their classes."""

    file: Path
    classes: tuple[str, ...]
    category_ids: tuple[int, ...]
    """The file's id of each class."""
    photos: tuple[Photo, ...]


def read(file: Path, images: Path | None = None) -> Dataset:
    """Return what the COCO JSON in `file` annotates.

    Args:
        file: The annotations.
        images: Folder of the images. None: the folder beside `file` that has its name, or
            `images`, or the file's own.

    Raises:
        BadDataset: Naming every box, category and image that cannot be used, with its id.
    """
    content = _parse(file)
    folder = images or _folder_beside(file)
    categories = sorted(content["categories"], key=lambda category: int(category["id"]))
    index = {category["id"]: i for i, category in enumerate(categories)}
    problems = list(_problems(content, index, folder))
    if problems:
        rest = f"\n  ... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise BadDataset(
            f"{file} has {len(problems)} problems:\n  "
            + "\n  ".join(problems[:SHOWN])
            + rest
            + "\nMend or remove them. Nothing was trained."
        )
    boxes = defaultdict(list)
    for note in content["annotations"]:
        if not note.get("iscrowd", 0):
            x, y, width, height = note["bbox"]
            row = (x, y, x + width, y + height, index[note["category_id"]])
            boxes[note["image_id"]].append(row)
    return Dataset(
        file=file,
        classes=tuple(category["name"] for category in categories),
        category_ids=tuple(category["id"] for category in categories),
        photos=tuple(_photo(image, folder, boxes[image["id"]]) for image in content["images"]),
    )


def _parse(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise BadDataset(f"there is no annotations file at {file}. Check the path.")
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise BadDataset(f"{file} is not JSON: {error}. Export the annotations again.") from error
    missing = [key for key in PARTS if not isinstance(content, dict) or key not in content]
    if missing:
        raise BadDataset(
            f"{file} has no {' and no '.join(missing)}: it is not a COCO detection file. "
            "Export the annotations as COCO JSON."
        )
    if not content["images"] or not content["categories"]:
        raise BadDataset(f"{file} lists no images or no categories. There is nothing to learn.")
    return content


def _folder_beside(file: Path) -> Path:
    candidates = (file.with_suffix(""), file.parent / "images")
    return next((folder for folder in candidates if folder.is_dir()), file.parent)


def _problems(content: dict[str, Any], index: dict[int, int], folder: Path) -> Iterator[str]:
    images = {}
    for image in content["images"]:
        if lacking := _lacking(image, "id", "file_name", "width", "height"):
            yield f"image {image.get('id', image)}: no {lacking}"
            continue
        if image["id"] in images:
            yield f"image {image['id']}: the id is used twice"
        images[image["id"]] = image
        if not (folder / image["file_name"]).is_file():
            yield f"image {image['id']}: {folder / image['file_name']} is missing"
    for note in content["annotations"]:
        where = f"annotation {note.get('id', note)}"
        if lacking := _lacking(note, "id", "image_id", "category_id", "bbox"):
            yield f"{where}: no {lacking}"
        elif note["image_id"] not in images:
            yield f"{where}: image {note['image_id']} is not in the file"
        else:
            image = images[note["image_id"]]
            where += f" of {image['file_name']}"
            if note["category_id"] not in index:
                yield f"{where}: unknown category {note['category_id']}"
            if fault := _fault(note["bbox"], image):
                yield f"{where}: the box {note['bbox']} {fault}"


def _lacking(entry: dict[str, Any], *fields: str) -> str:
    return " and no ".join(field for field in fields if field not in entry)


def _fault(box: Any, image: dict[str, Any]) -> str:  # noqa: ANN401 (it is whatever the file holds)
    """Return what is wrong with a box, or nothing. A pixel of rounding is forgiven."""
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(isinstance(value, int | float) for value in box)
    ):
        return "is not four numbers"
    x, y, width, height = box
    if not all(np.isfinite(box)) or width <= 0 or height <= 0:
        return "has no area"
    if x < -1 or y < -1 or x + width > image["width"] + 1 or y + height > image["height"] + 1:
        return f"leaves the image of {image['width']} x {image['height']} px"
    return ""


def _photo(
    image: dict[str, Any], folder: Path, rows: Sequence[tuple[float, float, float, float, int]]
) -> Photo:
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    sides = np.array([image["width"], image["height"]] * 2)
    return Photo(
        id=image["id"],
        path=folder / image["file_name"],
        height_px=image["height"],
        width_px=image["width"],
        boxes=np.clip(table[:, :4], 0, sides).astype(np.float32),
        labels=table[:, 4].astype(np.int64),
    )
