"""COCO annotations: read, checked whole, and turned into boxes.

Source: the COCO data format, "Object Detection" (cocodataset.org, section Data format).
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.errors import BadDataset
from boxwright_workshop.annotation_faults import faults

PARTS = ("images", "annotations", "categories")
SHOWN = 20  # faults that a message lists before it only counts


@dataclass(frozen=True)
class Photo:
    """One annotated image."""

    path: Path
    boxes: NDArray[np.float32]
    """(G, 4): x1, y1, x2, y2 in pixels of the upright image. Crowds are left out."""
    labels: NDArray[np.int64]
    """(G,) in 0..K-1."""
    proposals: NDArray[np.float32] | None = None
    """(P, 4): where objects may be, best first, in pixels of the upright image. None: not asked."""


@dataclass(frozen=True)
class Dataset:
    """Annotated images and the names of their classes."""

    file: Path
    classes: tuple[str, ...]
    """In the order of the file's category ids."""
    photos: tuple[Photo, ...]
    """In the order of the file; all of them, or the first."""

    def first(self, count: int) -> "Dataset":
        """Return the dataset with only its first `count` photos."""
        return replace(self, photos=self.photos[:count])

    @property
    def name(self) -> str:
        """The file and its folder, as in people/val.json."""
        return "/".join(self.file.resolve().parts[-2:])


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
    found = list(faults(content, folder))
    if found:
        rest = f"\n  ... and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise BadDataset(
            f"{file} has {len(found)} problem{'s' * (len(found) > 1)}:\n  "
            + "\n  ".join(found[:SHOWN])
            + rest
            + "\nMend or remove them. Nothing was done."
        )
    boxes = defaultdict(list)
    index = category_index(content)
    for note in content["annotations"]:
        if not note.get("iscrowd"):
            x, y, width, height = note["bbox"]
            row = (x, y, x + width, y + height, index[note["category_id"]])
            boxes[note["image_id"]].append(row)
    if not boxes:
        raise BadDataset(f"{file} has no box that is not a crowd. There is nothing to learn from.")
    names = {category["id"]: category["name"] for category in content["categories"]}
    return Dataset(
        file=file,
        classes=tuple(names[id] for id in index),
        photos=tuple(_photo(image, folder, boxes[image["id"]]) for image in content["images"]),
    )


def category_index(content: dict[str, Any]) -> dict[int, int]:
    """Return the label of each category id of a COCO file, in the order of the ids."""
    ids = sorted(category["id"] for category in content["categories"])
    return {id: label for label, id in enumerate(ids)}


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
    for key in PARTS:
        entries = content[key]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise BadDataset(
                f"the '{key}' of {file} are not a list of objects: it is not a COCO detection "
                "file. Export the annotations as COCO JSON."
            )
        if not entries:
            raise BadDataset(f"{file} lists no {key}. There is nothing to learn from.")
    return content


def _folder_beside(file: Path) -> Path:
    candidates = (file.with_suffix(""), file.parent / "images")
    return next((folder for folder in candidates if folder.is_dir()), file.parent)


def _photo(
    image: dict[str, Any], folder: Path, rows: Sequence[tuple[float, float, float, float, int]]
) -> Photo:
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    sides = np.array([image["width"], image["height"]] * 2)
    return Photo(
        path=folder / image["file_name"],
        boxes=np.clip(table[:, :4], 0, sides).astype(np.float32),
        labels=table[:, 4].astype(np.int64),
    )
