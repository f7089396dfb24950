"""`boxwright detect` against a live server with a real model."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.ports import Address


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a red image, a green one, and a black one, in which nothing is found."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, channel in (("red", 2), ("green", 1)):
        image = np.zeros((128, 192, 3), np.uint8)
        image[40:80, 60:120, channel] = 255
        cv2.imwrite(str(folder / f"{name}.png"), image)
    cv2.imwrite(str(folder / "black.png"), np.zeros((64, 64, 3), np.uint8))
    monkeypatch.chdir(tmp_path)
    return folder


def boxwright(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["detect", *arguments])


@pytest.mark.usefixtures("photos")
def test_a_table_has_a_row_for_each_detection_in_the_order_of_the_files(address: Address) -> None:
    printed = boxwright("photos", "--server", str(address))
    assert printed.exit_code == 0
    head, *rows = (line.split() for line in printed.stdout.splitlines())
    assert head == ["file", "label", "score", "x_min", "y_min", "x_max", "y_max"]
    assert rows == [
        ["photos/black.png", "nothing", "found"],
        ["photos/green.png", "green", "1.00", "60.0", "40.0", "120.0", "80.0"],
        ["photos/red.png", "red", "1.00", "60.0", "40.0", "120.0", "80.0"],
    ]
    assert printed.stderr == ""


@pytest.mark.usefixtures("photos")
def test_json_lines_have_an_object_for_each_file(address: Address) -> None:
    printed = boxwright("photos/red.png", "no.png", "--output", "jsonl", "--server", str(address))
    red, missing = map(json.loads, printed.stdout.splitlines())
    assert red.pop("times")["total_ms"] > 0
    assert red == {
        "file": "photos/red.png",
        "height_px": 128,
        "width_px": 192,
        "model": "bright",
        "version": "10",
        "detections": [
            {"label": "red", "class_index": 0, "score": 1.0, "box_px": [60, 40, 120, 80]}
        ],
    }
    assert missing["file"] == "no.png"
    assert missing["error"]["reason"] == "BadImage"
    assert "No such file" in missing["error"]["message"]


@pytest.mark.usefixtures("photos")
def test_a_file_that_fails_is_named_and_the_rest_goes_on(address: Address) -> None:
    Path("photos/broken.jpg").write_bytes(b"not an image")
    printed = boxwright("no.png", "photos/broken.jpg", "photos/red.png", "--server", str(address))
    assert printed.exit_code == 1
    assert "error: no.png: 'no.png' cannot be read" in printed.stderr
    assert "error: photos/broken.jpg: " in printed.stderr
    assert "2 of 3 failed." in printed.stderr
    assert "photos/red.png" in printed.stdout


@pytest.mark.usefixtures("photos")
def test_a_pattern_that_matches_nothing_fails_by_name(address: Address) -> None:
    printed = boxwright("photos/*.gif", "photos/r*.png", "--server", str(address))
    assert printed.exit_code == 1
    assert "the pattern 'photos/*.gif' matches no file" in printed.stderr
    assert "photos/red.png" in printed.stdout


@pytest.mark.usefixtures("photos")
def test_many_files_come_out_in_the_order_they_went_in(address: Address) -> None:
    names = [f"photos/{name}.png" for name in ("red", "green", "black")]
    for number in range(20):
        Path(f"photos/{number}.png").write_bytes(Path("photos/red.png").read_bytes())
        names.append(f"photos/{number}.png")
    printed = boxwright(*names, "--output", "jsonl", "--server", str(address))
    assert [json.loads(line)["file"] for line in printed.stdout.splitlines()] == names


@pytest.mark.usefixtures("photos")
def test_annotated_copies_have_the_box_drawn_and_the_rest_as_it_was(address: Address) -> None:
    printed = boxwright("photos/red.png", "--annotate", "drawn", "--server", str(address))
    assert printed.exit_code == 0
    copy, original = cv2.imread("drawn/red.jpg"), cv2.imread("photos/red.png")
    assert copy is not None
    assert original is not None
    difference = cv2.absdiff(copy, original).max(axis=2)
    assert (difference[78:82, 60:120] > 100).any(axis=0).all()
    assert (difference[90:] < 30).all()
    assert (difference[50:70, 70:110] < 30).all()


@pytest.mark.usefixtures("photos")
def test_a_copy_may_not_replace_the_original(address: Address) -> None:
    Path("photos/red.png").rename("photos/red.jpg")
    printed = boxwright("photos/red.jpg", "--annotate", "photos", "--server", str(address))
    assert printed.exit_code == 2
    assert "would replace 'photos/red.jpg'" in printed.stderr


@pytest.mark.usefixtures("photos")
def test_options_choose_what_is_printed(address: Address) -> None:
    def labels(*options: str) -> list[str]:
        printed = boxwright("photos", *options, "--server", str(address), "--output", "jsonl")
        lines = map(json.loads, printed.stdout.splitlines())
        return [found["label"] for line in lines for found in line["detections"]]

    assert labels() == ["green", "red"]
    assert labels("--class", "red", "--class", "blue") == ["red"]
    assert labels("--model", "bright", "--model-version", "9") == ["green", "red"]
    assert labels("--max-detections", "1", "--min-score", "1") == ["green", "red"]


@pytest.mark.usefixtures("photos")
def test_an_unknown_name_ends_the_command_with_the_nearest(address: Address) -> None:
    printed = boxwright("photos", "--model", "brigth", "--server", str(address))
    assert printed.exit_code == 2
    assert printed.stderr.count("error:") == 1
    assert "Did you mean 'bright'?" in printed.stderr


@pytest.mark.usefixtures("photos")
def test_an_unreachable_server_ends_the_command_with_the_cure() -> None:
    printed = boxwright("photos", "--server", "127.0.0.1:1")
    assert printed.exit_code == 3
    (line,) = printed.stderr.splitlines()
    assert line.startswith("error: no server answers at 127.0.0.1:1 (Connection refused). Start")


@pytest.mark.usefixtures("photos")
def test_without_a_server_the_command_serves_the_models_itself(models: Path) -> None:
    printed = boxwright("photos/red.png", "--models", str(models))
    assert printed.exit_code == 0
    assert "60.0     40.0    120.0     80.0" in printed.stdout


@pytest.mark.usefixtures("photos")
def test_of_several_models_one_must_be_named_and_the_option_is_told(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("bright", "dark"):
        make_bundle(tmp_path / "both" / name / "1")
    asked = ("photos/red.png", "--models", str(tmp_path / "both"))
    printed = boxwright(*asked)
    assert printed.exit_code == 2
    assert printed.stdout == ""
    assert (
        printed.stderr
        == "error: several models are served: bright, dark. Name one: --model NAME.\n"
    )
    assert "photos/red.png" in boxwright(*asked, "--model", "dark").stdout


@pytest.mark.usefixtures("photos")
def test_a_table_without_rows_has_no_head(address: Address) -> None:
    printed = boxwright("no.png", "--server", str(address))
    assert printed.exit_code == 1
    assert printed.stdout == ""


def test_a_server_and_a_folder_of_models_exclude_each_other(models: Path) -> None:
    printed = boxwright("x.png", "--server", "127.0.0.1:1", "--models", str(models))
    assert printed.exit_code == 2
    assert "Leave out --server" in printed.stderr


@pytest.mark.usefixtures("photos")
def test_origins_are_told_in_the_table_and_in_json(address: Address) -> None:
    asked = ("photos/red.png", "--origins", "--server", str(address))
    _, row, origin = boxwright(*asked).stdout.splitlines()
    assert row.split()[:2] == ["photos/red.png", "red"]
    assert origin.strip() == "from C0 (20, 30), which sees 60.0, 40.0, 62.0, 42.0"
    assert max(len(row), len(origin)) <= 100
    answer = json.loads(boxwright(*asked, "--output", "jsonl").stdout)
    assert answer["detections"][0]["origin"] == {
        "level": "C0",
        "cell": [20, 30],
        "region_px": [60, 40, 62, 42],
    }


@pytest.mark.usefixtures("photos")
def test_regions_are_drawn_on_copies_only_where_that_is_asked(address: Address) -> None:
    image = np.zeros((128, 192, 3), np.uint8)
    image[40:80, 60:120] = (0, 0, 200)
    image[60, 90] = (0, 0, 255)
    cv2.imwrite("photos/red.png", image)
    copies = {}
    for folder, options in (
        ("plain", []),
        ("told", ["--origins"]),
        ("drawn", ["--annotate-regions"]),
    ):
        asked = ("photos/red.png", "--server", str(address), "--annotate", folder, *options)
        assert boxwright(*asked).exit_code == 0
        copies[folder] = Path(folder, "red.jpg").read_bytes()
    assert copies["plain"] == copies["told"]
    assert copies["plain"] != copies["drawn"]


def test_regions_need_copies_to_be_drawn_on() -> None:
    printed = boxwright("x.png", "--annotate-regions", "--server", "127.0.0.1:1")
    assert printed.exit_code == 2
    assert "Give --annotate FOLDER too" in printed.stderr
