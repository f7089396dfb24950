"""What is wrong with COCO annotations: every fault, named by id and file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

import numpy as np

from boxwright_contract.errors import BadImage
from boxwright_contract.exif import swaps_sides
from boxwright_contract.pixels import read_header

Entry = Mapping[str, Any]

NUMBER = int | float
CATEGORY: dict[str, type | UnionType] = {"id": int, "name": str}
IMAGE: dict[str, type | UnionType] = {
    "id": int | str,
    "file_name": str,
    "width": NUMBER,
    "height": NUMBER,
}
ANNOTATION: dict[str, type | UnionType] = {
    "id": int | str,
    "image_id": int | str,
    "category_id": int,
    "bbox": list,
}


def faults(content: Mapping[str, list[Entry]], folder: Path) -> Iterator[str]:
    """Yield what is wrong with the categories, images and annotations of a COCO file.

    Args:
        content: The file, which has these three lists of objects.
        folder: Where the images are.
    """
    categories, images = content["categories"], content["images"]
    for category in categories:
        if unusable := _unusable(category, CATEGORY):
            yield f"category {category.get('id', category)}: {unusable}"
    yield from _repeated("category", "id", categories)
    yield from _repeated("category", "name", categories)
    sound = {}
    for image in images:
        if unusable := _unusable(image, IMAGE):
            yield f"image {image.get('id', image)}: {unusable}"
            continue
        sound[image["id"]] = image
        if fault := _fault_of_file(folder / image["file_name"], image):
            yield f"image {image['id']}: {folder / image['file_name']} {fault}"
    yield from _repeated("image", "id", images)
    known, listed = _ids(categories), _ids(images)
    for note in content["annotations"]:
        where = f"annotation {note.get('id', note)}"
        if unusable := _unusable(note, ANNOTATION):
            yield f"{where}: {unusable}"
        elif note["image_id"] not in listed:
            yield f"{where}: image {note['image_id']} is not in the file"
        elif note["image_id"] in sound:
            image = sound[note["image_id"]]
            where += f" of {image['file_name']}"
            if note["category_id"] not in known:
                yield f"{where}: unknown category {note['category_id']}"
            if fault := _fault_of_box(note["bbox"], image):
                yield f"{where}: the box {note['bbox']} {fault}"


def _unusable(entry: Entry, fields: Mapping[str, type | UnionType]) -> str:
    """Return which fields are not there, or not of their type."""
    lacking = [f"no {field}" for field in fields if field not in entry]
    wrong = [
        f"its {field} is {entry[field]!r:.40}"
        for field, kind in fields.items()
        if field in entry and not isinstance(entry[field], kind)
    ]
    return " and ".join(lacking + wrong)


def _ids(entries: list[Entry]) -> set[int | str]:
    return {entry["id"] for entry in entries if isinstance(entry.get("id"), int | str)}


def _repeated(kind: str, field: str, entries: list[Entry]) -> Iterator[str]:
    counts = Counter(repr(entry[field]) for entry in entries if field in entry)
    for value, count in counts.items():
        if count > 1:
            yield f"{kind} {value}: the {field} is used {count} times"


def _fault_of_file(path: Path, image: Entry) -> str:
    """Return why a photo cannot be used, going by its header, or nothing."""
    try:
        header = read_header(path.read_bytes())
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except BadImage as error:
        return f"cannot be used: {error}"
    if (header.height_px, header.width_px) == (image["height"], image["width"]):
        return ""
    turned = ", turned upright as its EXIF block says" if swaps_sides(header.orientation) else ""
    return (
        f"is {header.width_px} x {header.height_px} px{turned}, "
        f"where the annotations have {image['width']} x {image['height']}"
    )


def _fault_of_box(box: list[Any], image: Entry) -> str:
    """Return what is wrong with a box, or nothing. A pixel of rounding is forgiven."""
    if len(box) != 4 or not all(isinstance(value, NUMBER) for value in box):
        return "is not four numbers"
    x, y, width, height = box
    if not all(np.isfinite(box)) or width <= 0 or height <= 0:
        return "has no area"
    if x < -1 or y < -1 or x + width > image["width"] + 1 or y + height > image["height"] + 1:
        return f"leaves the image of {image['width']} x {image['height']} px"
    return ""
