"""The client's questions about shapes and receptive fields, against a live server."""

from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from boxwright.client import CellRange, Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.card import LevelRecord
from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.geometry.layers import Conv, ConvTranspose, Pool
from boxwright_contract.geometry.matrix import convolution_matrix
from boxwright_contract.geometry.stack import Shape, describe
from boxwright_contract.parts import RegionLevel

FIELD = Field(axes=(AxisField(4, (-8,), (11,)), None), whole_through=("/se/Mul",))
EFFECTIVE = EffectiveField(sigma_px=(2.5, 3.5), box95_px=(8, 12), images=4)
LEVEL = LevelRecord(
    level=RegionLevel(name="P2", channels=8, stride=4, anchors_px=((-8, -8, 12, 12),)),
    field=FIELD,
    effective_field=EFFECTIVE,
)
STEM = (Conv(channels=64, kernel=7, stride=2, padding=3), Pool(kernel=3, stride=2, padding=1))
IMAGE_PX = (96, 192)
"""Height and width; it becomes 48 x 96 on a canvas of 64 x 96."""


@pytest.fixture(scope="module")
def client(
    make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    models = tmp_path_factory.mktemp("models")
    make_bundle(models / "seeing" / "1", levels=(LEVEL,))
    settings = Settings(models=models, port=0, device="cpu", drain_delay_s=0, warm_up_s=0)
    with serve_in_background(settings) as address, Client(str(address)) as client:
        yield client


def test_layers_are_described_as_they_are_here(client: Client) -> None:
    found = client.describe_layers(STEM, 3, (224, 224))
    expected = describe(STEM, Shape(3, (224, 224)))
    assert found == client.describe_layers("conv 7/2 p3 c64, pool 3/2 p1", 3, (224, 224))
    assert found.notation == "conv 7/2 p3 c64, pool 3/2 p1"
    assert found.smallest_input == (1, 1)
    for told, layer in zip(found.layers, expected.layers, strict=True):
        assert (told.index, told.output, told.field) == (layer.index, layer.output, layer.field)
        assert told.parameters == layer.parameters
        assert told.multiply_accumulates == layer.multiply_accumulates
    assert found.total.field[0] == AxisField(4, (-5,), (5,))


def test_answers_cannot_be_changed(client: Client) -> None:
    found = client.describe_layers("conv 3", 3, (9,))
    with pytest.raises(FrozenInstanceError):
        found.notation = "conv 5"  # type: ignore[misc]


def test_an_impossible_stack_comes_back_as_the_servers_error(client: Client) -> None:
    with pytest.raises(BadInput, match=r"layer 2 \(conv\): axis x: a kernel of 99"):
        client.describe_layers("conv 3, conv 99", 3, (50,))


def test_a_model_is_described_with_its_fields_and_grids(client: Client) -> None:
    found = client.describe_model()
    (level,) = found.levels
    assert (found.model, found.version, found.canvas_px) == ("seeing", "1", None)
    assert (level.name, level.channels, level.stride_px, level.cells) == ("P2", 8, 4, None)
    assert level.field == FIELD
    assert level.effective_field == EFFECTIVE
    assert level.anchors_px == ((-8.0, -8.0, 12.0, 12.0),)
    sized = client.describe_model("seeing", "1", image_px=IMAGE_PX)
    assert (sized.resized_px, sized.canvas_px) == ((48, 96), (64, 96))
    assert sized.levels[0].cells == (16, 24)


def test_a_backbone_is_described(client: Client) -> None:
    found = client.describe_backbone("resnet50", (64, 96))
    assert [(level.name, level.cells) for level in found.levels] == [
        ("C2", (16, 24)),
        ("C3", (8, 12)),
        ("C4", (4, 6)),
        ("C5", (2, 3)),
    ]
    assert client.describe_backbone("resnet50").levels[0].cells is None
    with pytest.raises(UnknownName, match="Did you mean 'resnet50'"):
        client.describe_backbone("resnet5")


def test_cells_and_boxes_are_mapped_to_each_other(client: Client) -> None:
    found = client.map_cells("P2", [(5, 4), (15, 0)], IMAGE_PX)
    seen, unseen = found.views
    assert found.cells == (16, 24)
    assert (seen.y, seen.x, seen.whole_besides) == (5, 4, True)
    assert seen.region_px == (0.0, 24.0, 192.0, 64.0)
    assert seen.effective_px == (24.0, 36.0, 48.0, 52.0)
    assert seen.anchors_px == ((16.0, 24.0, 56.0, 64.0),)
    assert unseen.region_px is None
    (level,) = client.map_region((0, 24, 192, 64), IMAGE_PX).levels
    assert level.holding == CellRange(first_y=5, last_y=5, first_x=0, last_x=23)
    assert level.seeing == CellRange(first_y=1, last_y=9, first_x=0, last_x=23)


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv 3/2 p1 c4 g2", Conv(channels=4, kernel=3, stride=2, padding=1, groups=2)),
        ("conv 3x2 same c2", Conv(channels=2, kernel=(3, 2), padding="same")),
        (
            "tconv 3/2 p1 op1 d2 c4",
            ConvTranspose(channels=4, kernel=3, stride=2, padding=1, output_padding=1, dilation=2),
        ),
    ],
)
def test_a_matrix_is_what_it_is_here(
    text: str, layer: Conv | ConvTranspose, client: Client
) -> None:
    expected = convolution_matrix(layer, Shape(2, (5, 6)), 10**6)
    for asked in (text, layer):
        found = client.convolution_matrix(asked, 2, (5, 6))
        assert (found.rows, found.columns, found.output) == (
            expected.rows,
            expected.columns,
            expected.output,
        )
        for name in ("row", "column", "weight"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_detection_tells_its_origin_where_it_is_asked_for(client: Client) -> None:
    pixels = np.zeros((96, 192, 3), np.uint8)
    pixels[8:12, 16:24, 1] = 255
    (plain,) = client.detect(pixels).detections
    assert plain.origin is None
    (found,) = client.detect(pixels, with_origins=True).detections
    assert found.origin is not None
    assert (found.origin.level, found.origin.cell) == ("P2", (4, 8))
    assert found.origin.region_px == (0, 16, 192, 56)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda client: client.describe_model(image_px=(-1, 5)), "-1"),
        (lambda client: client.describe_model(image_px=(2**32, 5)), "4294967296"),
        (lambda client: client.describe_backbone("resnet50", (2**40, 32)), "1099511627776"),
        (lambda client: client.map_cells("P2", [(-1, 0)], IMAGE_PX), "-1"),
        (lambda client: client.map_cells("P2", [(0.5, 0)], IMAGE_PX), "float"),
        (lambda client: client.map_region((0, 0, 5), IMAGE_PX), "not enough values"),
        (lambda client: client.describe_layers("conv 3", 2**63, (9,)), "9223372036854775808"),
        (
            lambda client: client.convolution_matrix("conv 3", 1, (-(2**64),)),
            "-18446744073709551616",
        ),
        (lambda client: client.detect(np.zeros((9, 9, 3), np.uint8), max_detections=-3), "-3"),
        (lambda client: client.model("\ud800"), "surrogates not allowed"),
    ],
)
def test_what_the_wire_cannot_carry_is_bad_input_with_the_number(
    ask: Callable[[Client], object], told: str, client: Client
) -> None:
    with pytest.raises(BadInput, match=f"cannot be sent: .*{told}.* Send "):
        ask(client)


@pytest.mark.parametrize("name", ["n" * 20_000, "\N{SNOWMAN}" * 20_000])
def test_a_long_unknown_name_comes_back_cut_off(name: str, client: Client) -> None:
    for ask in (client.describe_model, lambda name: client.map_cells(name, [(0, 0)], IMAGE_PX)):
        with pytest.raises(UnknownName) as caught:
            ask(name)
        assert f"named '{name[:64]}...'" in str(caught.value)
        assert len(str(caught.value)) < 200
