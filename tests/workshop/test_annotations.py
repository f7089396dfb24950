import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
    assert "Nothing was done" in told


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
        ('{"images": [], "annotations": [], "categories": []}', "lists no images"),
        (
            '{"images": [1], "annotations": [], "categories": []}',
            "'images' of .* not a list of obj",
        ),
        ('{"images": {}, "annotations": [], "categories": []}', "'images' of .* not a list"),
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


def test_annotations_without_a_single_box_are_refused(shapes: Path) -> None:
    for number in range(16):
        change(shapes, "annotations", number, iscrowd=1)
    with pytest.raises(BadDataset, match="has no box that is not a crowd"):
        read(shapes)


def test_fields_of_the_wrong_type_are_named(shapes: Path) -> None:
    change(shapes, "images", 0, file_name=7)
    change(shapes, "images", 1, width="128")
    change(shapes, "images", 2, id=[3])
    change(shapes, "annotations", 6, bbox="1,2,3,4")
    change(shapes, "categories", 0, id="1")
    with pytest.raises(BadDataset) as caught:
        read(shapes)
    told = str(caught.value)
    assert "image 1: its file_name is 7" in told
    assert "image 2: its width is '128'" in told
    assert "image [3]: its id is [3]" in told
    assert "annotation 7: its bbox is '1,2,3,4'" in told
    assert "category 1: its id is '1'" in told


def test_ids_and_names_that_are_used_twice_are_named(shapes: Path) -> None:
    change(shapes, "images", 1, id=1)
    change(shapes, "categories", 1, name="blue")
    with pytest.raises(BadDataset) as caught:
        read(shapes)
    assert "image 1: the id is used 2 times" in str(caught.value)
    assert "category 'blue': the name is used 2 times" in str(caught.value)


def test_ids_may_be_words(shapes: Path) -> None:
    content = json.loads(shapes.read_text())
    for image in content["images"]:
        image["id"] = f"image-{image['id']}"
    for note in content["annotations"]:
        note["image_id"] = f"image-{note['image_id']}"
    shapes.write_text(json.dumps(content))
    assert [len(photo.boxes) for photo in read(shapes).photos] == [2] * 8


def test_a_photo_of_another_size_than_the_annotations_have_is_named(shapes: Path) -> None:
    Image.new("RGB", (64, 48)).save(shapes.parent / "images" / "0_3.png")
    with pytest.raises(BadDataset, match=r"0_3\.png is 64 x 48 px, where the .* have 128 x 96"):
        read(shapes)


def test_annotations_of_a_photo_that_exif_turns_are_of_the_upright_photo(shapes: Path) -> None:
    photo = shapes.parent / "images" / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (96, 128)).save(photo, exif=exif)
    change(shapes, "images", 0, file_name=photo.name)
    assert len(read(shapes).photos) == 8
    change(shapes, "images", 0, width=96, height=128)
    told = r"turned\.jpg is 128 x 96 px, turned upright as its EXIF block says, where .* 96 x 128"
    with pytest.raises(BadDataset, match=told):
        read(shapes)


def test_a_file_that_is_no_photo_is_named(shapes: Path) -> None:
    (shapes.parent / "images" / "0_1.png").write_text("<html>")
    with pytest.raises(BadDataset, match=r"image 1: .*0_1\.png cannot be used: the bytes are"):
        read(shapes)
