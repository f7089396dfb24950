import json
from pathlib import Path

import numpy as np
import pytest

from boxwright_contract.errors import BadDataset
from boxwright_workshop.annotations import read


def change(file: Path, key: str, index: int, **fields: object) -> None:
    content = json.loads(file.read_text())
    content[key][index] |= fields
    file.write_text(json.dumps(content))


def test_boxes_are_corners_in_pixels_and_labels_start_at_zero(shapes: Path) -> None:
    dataset = read(shapes)
    note = json.loads(shapes.read_text())["annotations"][0]
    x, y, width, height = note["bbox"]
    first = dataset.photos[0]
    assert dataset.classes == ("blue", "orange")
    assert first.boxes[0].tolist() == [x, y, x + width, y + height]
    assert first.labels.tolist() == [0, 1]
    assert first.boxes.dtype == np.float32


def test_crowds_are_left_out(shapes: Path) -> None:
    change(shapes, "annotations", 0, iscrowd=1)
    assert read(shapes).photos[0].labels.tolist() == [1]


def test_an_image_without_boxes_is_kept(shapes: Path) -> None:
    content = json.loads(shapes.read_text())
    content["annotations"] = content["annotations"][2:]
    shapes.write_text(json.dumps(content))
    assert read(shapes).photos[0].boxes.shape == (0, 4)


def test_every_bad_annotation_is_named_with_its_id_at_once(shapes: Path) -> None:
    change(shapes, "annotations", 0, bbox=[100, 10, 60, 20])
    change(shapes, "annotations", 1, bbox=[10, 10, 0, 20])
    change(shapes, "annotations", 2, category_id=9)
    change(shapes, "annotations", 3, image_id=77)
    change(shapes, "annotations", 4, bbox=[float("nan"), 0, 5, 5])
    change(shapes, "annotations", 5, bbox=[1, 2, 3])
    change(shapes, "images", 7, file_name="gone.png")
    with pytest.raises(BadDataset) as caught:
        read(shapes)
    told = str(caught.value)
    assert "7 problems" in told
    assert "annotation 1 of 0_1.png: the box [100, 10, 60, 20] leaves the image" in told
    assert "annotation 2 of 0_1.png: the box [10, 10, 0, 20] has no area" in told
    assert "annotation 3 of 0_2.png: unknown category 9" in told
    assert "annotation 4: image 77 is not in the file" in told
    assert "annotation 5 of 0_3.png: the box [nan, 0, 5, 5] has no area" in told
    assert "annotation 6 of 0_3.png: the box [1, 2, 3] is not four numbers" in told
    assert "image 8: " in told
    assert "gone.png is missing" in told
    assert "Nothing was trained" in told


def test_a_long_list_of_problems_is_cut_and_counted(shapes: Path) -> None:
    content = json.loads(shapes.read_text())
    content["annotations"] = content["annotations"] * 3
    for note in content["annotations"]:
        note["category_id"] = 5
    shapes.write_text(json.dumps(content))
    with pytest.raises(BadDataset, match=r"48 problems[\s\S]*and 28 more"):
        read(shapes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[1, 2]", "it is not a COCO detection file"),
        ('{"images": []}', "has no annotations and no categories"),
        ('{"images": [], "annotations": [], "categories": []}', "no images or no categories"),
    ],
)
def test_a_file_that_is_not_a_dataset_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "notes.json"
    file.write_text(text)
    with pytest.raises(BadDataset, match=told):
        read(file)


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"no annotations file at .*absent\.json"):
        read(tmp_path / "absent.json")


def test_a_field_that_lacks_is_named(shapes: Path) -> None:
    content = json.loads(shapes.read_text())
    del content["annotations"][3]["bbox"]
    del content["images"][2]["width"]
    shapes.write_text(json.dumps(content))
    with pytest.raises(BadDataset) as caught:
        read(shapes)
    assert "annotation 4: no bbox" in str(caught.value)
    assert "image 3: no width" in str(caught.value)
