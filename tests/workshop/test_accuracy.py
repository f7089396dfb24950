"""Average precision, of files that are not as tidy as COCO's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright_contract.errors import BadSettings
from boxwright_workshop.accuracy import Found, average_precision, relabelled
from boxwright_workshop.annotations import Dataset, read


def rewrite(file: Path, change: Callable[[dict[str, Any]], object]) -> Dataset:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return read(file)


def everything(dataset: Dataset, score: float = 0.9) -> list[Found]:
    """What a perfect detector finds."""
    return [
        (photo.boxes, np.full(len(photo.labels), score, np.float32), photo.labels)
        for photo in dataset.photos
    ]


def lacking(*fields: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: [note.pop(field) for note in content["annotations"] for field in fields]


UNTIDY: dict[str, Callable[[dict[str, Any]], object]] = {
    "as COCO has it": lambda content: None,
    "ids from 0": lambda content: [
        note.update(id=number) for number, note in enumerate(content["annotations"])
    ],
    "one id for all": lambda content: [note.update(id=7) for note in content["annotations"]],
    "words for ids": lambda content: (
        [
            note.update(id=f"n{note['id']}", image_id=f"i{note['image_id']}")
            for note in content["annotations"]
        ]
        + [image.update(id=f"i{image['id']}") for image in content["images"]]
    ),
    "no areas and no crowds": lacking("area", "iscrowd"),
    "categories in no order": lambda content: content["categories"].reverse(),
    "category ids with gaps": lambda content: [
        entry.update({key: 10 * entry[key]})
        for key, part in (("category_id", "annotations"), ("id", "categories"))
        for entry in content[part]
    ],
}


@pytest.mark.parametrize("change", UNTIDY.values(), ids=UNTIDY)
def test_a_perfect_detector_scores_1(
    shapes: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    dataset = rewrite(shapes, change)
    record = average_precision(dataset, everything(dataset))
    assert (record.ap, record.ap50) == (1, 1)
    assert record.images == 8


def test_only_the_first_photos_count_where_only_they_are_looked_at(shapes: Path) -> None:
    few = read(shapes).first(3)
    record = average_precision(few, everything(few))
    assert (record.ap, record.images) == (1, 3)


def test_finding_nothing_scores_0(shapes: Path) -> None:
    dataset = read(shapes)
    nothing = [(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))] * 8
    assert average_precision(dataset, nothing).ap == 0


def test_a_wrong_class_scores_0(shapes: Path) -> None:
    dataset = read(shapes)
    swapped = [(boxes, scores, 1 - labels) for boxes, scores, labels in everything(dataset)]
    assert average_precision(dataset, swapped).ap == 0


def test_what_is_found_in_a_crowd_is_no_mistake(shapes: Path) -> None:
    found = everything(read(shapes))
    dataset = rewrite(shapes, lambda content: content["annotations"][0].update(iscrowd=1))
    assert average_precision(dataset, found).ap == 1


def test_the_record_names_the_file_and_its_folder(
    shapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shapes.parent)
    assert read(Path(shapes.name)).name == f"{shapes.parent.name}/{shapes.name}"


def test_classes_of_a_model_are_matched_by_name(shapes: Path) -> None:
    dataset = read(shapes)
    places = np.array([2, 0], np.int64)  # of blue and orange in what the model knows
    found = [(boxes, scores, places[labels]) for boxes, scores, labels in everything(dataset)]
    found[0] = tuple(np.concatenate([part, part[:1]]) for part in found[0])  # type: ignore[assignment]
    found[0][2][-1] = 1  # a cat, which the dataset does not know
    matched = relabelled(found, ("orange", "cat", "blue"), dataset)
    assert average_precision(dataset, matched).ap == 1


def test_a_model_without_a_class_of_the_dataset_is_refused(shapes: Path) -> None:
    dataset = read(shapes)
    with pytest.raises(BadSettings, match="has none of these classes but blue, orange"):
        relabelled(everything(dataset), ("cat", "dog"), dataset)
