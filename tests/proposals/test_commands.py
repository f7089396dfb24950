"""`boxwright detect --proposals`, `models` and `geometry` with models that need proposals."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.ports import Address


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red in the top right quarter, as red.png, and green in the whole, as green.png."""
    red = np.zeros((64, 96, 3), np.uint8)
    red[:32, 48:, 2] = 255
    cv2.imwrite(str(tmp_path / "red.png"), red)
    green = np.zeros((64, 96, 3), np.uint8)
    green[..., 1] = 255
    cv2.imwrite(str(tmp_path / "green.png"), green)
    monkeypatch.chdir(tmp_path)


def boxwright(address: Address, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--server", str(address)])


def test_json_lines_tell_where_the_proposals_came_from(address: Address) -> None:
    asked = ("detect", "red.png", "--model", "whole", "--output", "jsonl")
    line = json.loads(boxwright(address, *asked).stdout)
    assert line["proposals"] == {"count": 4, "given_by": "quarters"}
    (found,) = line["detections"]
    assert (found["label"], found["proposal"]) == ("red", 1)
    assert "proposal_px" not in found
    told = json.loads(boxwright(address, *asked, "--origins").stdout)
    assert told["detections"][0]["proposal_px"] == [48, 0, 96, 32]


def test_a_table_tells_the_proposal_on_request(address: Address) -> None:
    asked = ("detect", "red.png", "--model", "chunked", "--origins")
    _, row, origin = boxwright(address, *asked).stdout.splitlines()
    assert row.split()[:2] == ["red.png", "red"]
    assert origin.strip() == "from proposal 1 of quarters, 48.0, 0.0, 96.0, 32.0"


@pytest.mark.parametrize(
    ("told", "giver", "proposal"), [("quarters", "quarters", 1), ("model:bright", "bright", 0)]
)
def test_a_source_or_a_model_can_be_named(
    told: str, giver: str, proposal: int, address: Address
) -> None:
    asked = ("detect", "red.png", "--model", "whole", "--output", "jsonl", "--proposals", told)
    line = json.loads(boxwright(address, *asked).stdout)
    assert line["proposals"]["given_by"] == giver
    assert line["detections"][0]["proposal"] == proposal


def test_a_file_has_boxes_for_every_image(address: Address) -> None:
    Path("boxes.json").write_text("[[50, 0, 60, 20], [0, 40, 20, 60]]")
    asked = ("detect", "red.png", "green.png", "--model", "whole", "--proposals", "boxes.json")
    printed = boxwright(address, *asked, "--origins").stdout.splitlines()
    origins = [line.strip() for line in printed if "from" in line]
    assert origins == [
        "from proposal 0, 50.0, 0.0, 60.0, 20.0",
        "from proposal 0, 50.0, 0.0, 60.0, 20.0",
        "from proposal 1, 0.0, 40.0, 20.0, 60.0",
    ]


def test_a_file_may_have_boxes_for_each_image_by_its_name(address: Address) -> None:
    Path("boxes.json").write_text('{"red.png": [[50, 0, 60, 20]]}')
    asked = ("detect", "red.png", "green.png", "--model", "whole", "--proposals", "boxes.json")
    printed = boxwright(address, *asked)
    assert "red.png" in printed.stdout
    assert "error: green.png: 'boxes.json' has no proposals for 'green.png'." in printed.stderr
    assert printed.exit_code == 1


NO_BOXES = {
    "missing": None,
    "empty": "",
    "broken": "[[",
    "a number": "3",
    "text": '"boxes"',
    "four numbers": "[0, 0, 9, 9]",
    "three edges": "[[0, 0, 9]]",
    "edges of text": '[["0", "0", "9", "9"]]',
    "the name of a source for a file": '{"red.png": "quarters"}',
    "nothing for a file": '{"red.png": [[0, 0, 9, 9]], "green.png": null}',
    "corners by name for a file": '{"red.png": {"x": 1}}',
}


@pytest.mark.parametrize("text", NO_BOXES.values(), ids=NO_BOXES)
def test_a_file_without_boxes_ends_the_command_before_anything_is_done(
    text: str | None, address: Address
) -> None:
    if text is not None:
        Path("boxes.json").write_text(text)
    asked = ("detect", "red.png", "--model", "whole", "--proposals", "boxes.json")
    printed = boxwright(address, *asked)
    assert (printed.exit_code, printed.stdout) == (2, "")
    assert "the proposals 'boxes.json'" in printed.stderr
    assert "Write a list of [x_min, y_min, x_max, y_max]" in printed.stderr


def test_the_number_of_proposals_can_be_limited(address: Address) -> None:
    asked = ("detect", "red.png", "--model", "whole", "--max-proposals", "1")
    assert "nothing found" in boxwright(address, *asked).stdout


def test_proposals_are_drawn_only_where_that_is_asked(address: Address) -> None:
    copies = {}
    for folder, option in (
        ("plain", ()),
        ("all", ("--annotate-proposals",)),
        ("some", ("--annotate-regions",)),
    ):
        asked = ("detect", "red.png", "--model", "whole", "--annotate", folder, *option)
        assert boxwright(address, *asked).exit_code == 0
        copies[folder] = cv2.imread(f"{folder}/red.jpg")
    corner = (slice(28, 36), slice(10, 40))
    plain, everything, some = (copies[name] for name in ("plain", "all", "some"))
    assert plain is not None
    assert everything is not None
    assert some is not None
    assert everything[corner].max() > 90
    assert plain[corner].max() < 40
    assert some[corner].max() < 40


def test_proposals_need_copies_to_be_drawn_on(address: Address) -> None:
    printed = boxwright(address, "detect", "red.png", "--annotate-proposals")
    assert printed.exit_code == 2
    assert "--annotate-proposals draws on copies. Give --annotate FOLDER too." in printed.stderr


def test_models_tells_the_rule(address: Address) -> None:
    lines = boxwright(address, "models", "whole").stdout.splitlines()
    facts = {line[:22].strip(): line[23:] for line in lines}
    assert facts["proposals"] == ("at most 4 of quarters, on the image at no more than 1000 px")
    assert facts["levels"] == "none over the whole image"
    assert "proposals" not in boxwright(address, "models", "bright").stdout


def test_geometry_of_a_model_without_feature_maps_says_so(address: Address) -> None:
    told = boxwright(address, "geometry", "model", "chunked", "--image", "64x96").stdout
    assert "chunked/1 has no feature map over the whole image" in told
    asked = ("geometry", "cell", "chunked", "P4", "0", "0", "--size", "64x96")
    cell = boxwright(address, *asked)
    assert cell.exit_code == 2
    assert "bright_areas+nothing, has no feature map over the whole image" in cell.stderr
    box = ("geometry", "region", "chunked", "0", "0", "9", "9", "--size", "64x96")
    assert "has no feature map" in boxwright(address, *box).stderr
