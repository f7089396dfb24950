"""`boxwright geometry model`, `cell`, `region` and `backbone`, with a real server."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.card import LevelRecord
from boxwright_contract.parts import RegionLevel

PHOTO_PX = (96, 192)
"""Height and width; it becomes 48 x 96 on a canvas of 64 x 96."""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    cv2.imwrite(str(file), np.full((*PHOTO_PX, 3), 200, np.uint8))
    return file


def geometry(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["geometry", *arguments])


def columns(printed: Result, table: int = 0) -> list[list[str]]:
    """Return the cells of a table, which stand two spaces apart; empty lines part the tables."""
    lines = printed.stdout.split("\n\n")[table].splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_model_tells_levels_fields_gates_and_anchors(seeing: Path) -> None:
    printed = geometry("model", "seeing", "--models", str(seeing))
    assert printed.exit_code == 0
    head, fine, coarse = columns(printed)
    assert head[:3] == ["level", "channels", "every px"]
    assert fine[2:7] == ["4", "20 x 20..24", "4 x 4 varies", "8", "1.5"]
    assert fine[7:] == ["8 x 12", "20x20"]
    assert coarse[2:] == ["32", "112 x all", "32 x -", "40 x -", "15.5 x -", "-", "-"]
    assert "P5: every cell sees the whole canvas besides, through /se/Mul and 1 more." in (
        printed.stdout
    )
    assert "P5: near the borders the field cut off there is an upper bound." in printed.stdout


def test_many_anchors_have_a_table_of_their_own(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    boxes = tuple((-side, -side, side, side) for side in range(100, 109))
    level = RegionLevel(name="P2", channels=8, stride=4, anchors_px=boxes)
    make_bundle(tmp_path / "busy" / "1", levels=(LevelRecord(level=level, field=None),))
    printed = geometry("model", "busy", "--image", "96x192", "--models", str(tmp_path))
    assert columns(printed, 1) == [
        ["level", "anchors"],
        ["P2", " ".join(f"{side}x{side}" for side in range(200, 218, 2))],
    ]
    assert max(map(len, printed.stdout.splitlines())) <= 100


def test_model_tells_the_grids_of_an_image(seeing: Path) -> None:
    printed = geometry("model", "seeing", "--image", "96x192", "--models", str(seeing))
    assert "16 x 24" in printed.stdout
    assert (
        "An image of 96 x 192 px, height x width, becomes 48 x 96 on a canvas of 64 x 96."
        in printed.stdout
    )


def test_json_is_the_same_with_a_server_and_without(seeing: Path) -> None:
    asked = ["model", "seeing", "--image", "96x192", "--json"]
    settings = Settings(models=seeing, port=0, device="cpu", drain_delay_s=0, warm_up_s=0)
    with serve_in_background(settings) as address:
        there = geometry(*asked, "--server", str(address))
    here = geometry(*asked, "--models", str(seeing))
    assert json.loads(there.stdout) == json.loads(here.stdout)
    level = json.loads(here.stdout)["levels"][0]
    assert level["field"]["axes"][1]["last_px"] == [11, 15]
    assert level["cells"] == [16, 24]


def test_cell_tells_its_region_effective_box_and_anchors(seeing: Path) -> None:
    printed = geometry(
        *("cell", "seeing", "P2", "5", "4", "--size", "96x192", "--models", str(seeing))
    )
    assert columns(printed) == [["seeing/1 P2: cell (5, 4) of 16 rows and 24 columns"]]
    _, *table = columns(printed, 1)
    assert table == [
        ["cell", "32.0", "40.0", "40.0", "48.0", "8.0", "8.0"],
        ["region", "16.0", "24.0", "56.0", "64.0", "40.0", "40.0"],
        ["effective", "24.0", "36.0", "48.0", "52.0", "24.0", "16.0"],
        ["anchor", "16.0", "24.0", "56.0", "64.0", "40.0", "40.0"],
    ]


def test_a_cell_over_padding_sees_nothing(seeing: Path) -> None:
    asked = ("cell", "seeing", "P2", "15", "0", "--size", "96x192", "--models", str(seeing))
    printed = geometry(*asked)
    assert "The cell lies over padding, and sees nothing of the image." in printed.stdout
    assert json.loads(geometry(*asked, "--json").stdout)["views"][0]["region_px"] is None


def test_a_cell_is_drawn_on_the_photo(seeing: Path, photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "drawn" / "cell.png"
    printed = geometry(
        *("cell", "seeing", "P5", "0", "1", "--image", str(photo)),
        *("--annotate", str(target), "--models", str(seeing)),
    )
    assert printed.exit_code == 0
    assert "It sees the whole image besides, through gates or attention." in printed.stdout
    drawn = cv2.imread(str(target))
    assert drawn is not None
    assert drawn.shape[0] > PHOTO_PX[0]
    assert drawn.shape[1] >= PHOTO_PX[1]


def test_the_photo_itself_is_never_drawn_over(seeing: Path, photo: Path) -> None:
    before = photo.read_bytes()
    alias = photo.with_name("alias.png")
    alias.symlink_to(photo)
    for image, target in ((photo, photo), (photo, alias), (alias, photo)):
        printed = geometry(
            *("cell", "seeing", "P2", "0", "0", "--image", str(image)),
            *("--annotate", str(target), "--models", str(seeing)),
        )
        assert printed.exit_code == 2
        assert f"would replace '{image}'" in printed.stderr
        assert photo.read_bytes() == before


def test_region_tells_which_cells_see_a_box(seeing: Path, photo: Path) -> None:
    box = ("region", "seeing", "24", "72", "64", "96", "--models", str(seeing))
    printed = geometry(*box, "--image", str(photo))
    assert columns(printed)[1:] == [
        ["P2", "7..13 x 1..9", "9..11 x 5..5"],
        ["P5", "0..1 x 0..2", "0..1 x 0..2"],
    ]
    answer = json.loads(geometry(*box, "--size", "96x192", "--level", "P2", "--json").stdout)
    (level,) = answer["levels"]
    assert level["seeing"] == {"first_y": 7, "last_y": 13, "first_x": 1, "last_x": 9}


def test_a_backbone_is_told_from_its_plugin() -> None:
    printed = geometry("backbone", "resnet50", "--canvas", "64x96")
    assert printed.exit_code == 0
    assert [line[:3] for line in columns(printed)[1:]] == [
        ["C2", "256", "4"],
        ["C3", "512", "8"],
        ["C4", "1024", "16"],
        ["C5", "2048", "32"],
    ]
    assert "2 x 3" in printed.stdout
    answer = json.loads(geometry("backbone", "resnet50", "--canvas", "64x96", "--json").stdout)
    assert answer["levels"][0]["cells"] == [16, 24]


def test_a_backbone_of_a_server_is_the_same(seeing: Path) -> None:
    settings = Settings(models=seeing, port=0, device="cpu", drain_delay_s=0, warm_up_s=0)
    with serve_in_background(settings) as address:
        there = geometry("backbone", "resnet50", "--server", str(address))
    assert there.stdout == geometry("backbone", "resnet50").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["model", "seing"], 2, "Did you mean 'seeing'?"),
        (["cell", "seeing", "P3", "0", "0", "--size", "96x192"], 2, "no level named 'P3'"),
        (["cell", "seeing", "P2", "16", "0", "--size", "96x192"], 2, "P2 has no cell (16, 0)"),
        (["cell", "seeing", "P2", "0", "0"], 2, "Give --image FILE or --size HxW"),
        (["cell", "seeing", "P2", "0", "0", "--image", "no.png"], 2, "'no.png' cannot be read"),
        (
            ["cell", "seeing", "P2", "0", "0", "--size", "9x9", "--annotate", "x.png"],
            2,
            "Give --image FILE too",
        ),
        (["region", "seeing", "9", "9", "5", "20", "--size", "96x192"], 2, "is none"),
        (["region", "seeing", "0", "0", "1", "1", "--size", "4294967296"], 2, "4294967296. Send"),
        (["cell", "seeing", "P2", "4294967296", "0", "--size", "9x9"], 2, "4294967296. Send"),
        (["model", "seeing", "--image", "99999999999"], 2, "99999999999. Send"),
        (["cell", "seeing", "P2", "0", "0", "--image", "a", "--size", "9"], 2, "Leave out one"),
        (["region", "seeing", "500", "0", "600", "9", "--size", "96x192"], 2, "lies outside"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_cure(
    arguments: list[str], code: int, message: str, seeing: Path
) -> None:
    printed = geometry(*arguments, "--models", str(seeing))
    assert printed.exit_code == code
    assert message in printed.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["resnet5"], 2, "Did you mean 'resnet50'?"),
        (["resnet50", "--canvas", "100x100"], 2, "multiples of 32"),
        (["resnet50", "--canvas", "9999999999968"], 2, "at most 4294967295"),
        (["resnet50", "--measure", "--server", "127.0.0.1:1"], 2, "Leave out --server"),
        (["resnet50", "--server", "127.0.0.1:1"], 3, "no server answers"),
    ],
)
def test_a_backbone_that_cannot_be_told_is_an_error(
    arguments: list[str], code: int, message: str
) -> None:
    printed = geometry("backbone", *arguments)
    assert printed.exit_code == code
    assert message in printed.stderr


@pytest.mark.slow
def test_a_backbone_is_measured_and_told_as_a_plugin_declares_it() -> None:
    printed = geometry("backbone", "resnet50", "--measure")
    assert [line[3:6] for line in columns(printed)[1:]] == [
        ["35", "4", "17"],
        ["91", "8", "45"],
        ["267", "16", "133"],
        ["427", "32", "213"],
    ]
    level = (
        'Level("C2", channels=256, stride=4, field=Field(axes=(AxisField(4, (-17,), (17,)),) * 2)),'
    )
    assert f"\nLEVELS = (\n    {level}\n" in printed.stdout
