"""The shipped networks have the numbers that their papers and others' code tell."""

import pytest

from boxwright_contract.geometry.examples import EXAMPLES, KIM, LIGHTCONV, UNET, VGG16, Example
from boxwright_contract.geometry.layers import Conv, Pool
from boxwright_contract.geometry.notation import parse, write
from boxwright_contract.geometry.stack import LayerReport, describe, smallest_input


def rows(example: Example) -> list[LayerReport]:
    return list(describe(example.stack, example.input).layers)


def sizes(row: LayerReport) -> tuple[int, int]:
    field = row.field[-1]
    assert field is not None
    return field.sizes_px


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_accumulates"),
    [
        ("kim", 360_902, 20_460_600),
        ("lightconv", 2_384, 30_515_200),
        ("mobilenet_v1", 4_231_976, 568_740_352),
        ("network_in_network", 7_595_176, None),
        ("unet", 31_030_658, None),
        ("vgg16", 138_357_544, 15_470_264_320),
        ("wavenet", 18_816, None),
    ],
)
def test_an_example_costs_what_is_published(
    name: str, parameters: int, multiply_accumulates: int | None
) -> None:
    example = EXAMPLES[name]
    total = describe(example.stack, example.input).total
    assert total.parameters == parameters
    assert multiply_accumulates in (None, total.multiply_accumulates)


def test_kims_filters_see_three_four_and_five_words() -> None:
    convolutions = [row for row in rows(KIM) if isinstance(row.layer, Conv)]
    assert [sizes(row) for row in convolutions] == [(3, 3), (4, 4), (5, 5)]
    assert sum(row.parameters for row in convolutions) == 360_300
    assert rows(KIM)[-1].parameters == 602
    assert smallest_input(KIM.stack, 300, 1) == (5,)


def test_the_cells_of_vgg16_see_196_and_212_pixels() -> None:
    named = {row.layer.name: row for row in rows(VGG16) if row.layer}
    last, pooled = named["conv5_3"], named["pool5"]
    assert sizes(last) == (196, 196)
    assert sizes(pooled) == (212, 212)
    assert isinstance(pooled.layer, Pool)
    for row, stride in ((last, 16), (pooled, 32)):
        for field in row.field:
            assert field is not None
            assert field.stride_px == stride
            assert field.padding_px == 90


def test_the_cells_of_mobilenet_see_what_is_published() -> None:
    example = EXAMPLES["mobilenet_v1"]
    spatial = [
        row for row in rows(example) if isinstance(row.layer, Conv) and row.layer.kernel == 3
    ]
    published = [3, 7, 11, 19, 27, 43, 59, 91, 123, 155, 187, 219, 251, 315]
    assert [sizes(row) for row in spatial] == [(size, size) for size in published]


def test_the_cells_of_unet_see_188_or_204_pixels_by_their_phase() -> None:
    total = describe(UNET.stack, UNET.input).total
    assert total.output.sides == UNET.input.sides
    for field in total.field:
        assert field is not None
        assert field.phases == 16
        assert field.sizes_px == (188, 204)


def test_the_encoder_of_lightweight_convolutions_sees_143_words() -> None:
    (field,) = describe(LIGHTCONV.stack, LIGHTCONV.input).total.field
    assert field is not None
    assert (field.sizes_px, field.padding_px) == ((143, 143), 71)


def test_network_in_network_ends_in_a_thousand_averages() -> None:
    example = EXAMPLES["network_in_network"]
    *_, last, average = rows(example)
    assert (str(last.output), str(average.output)) == ("1000 x 6 x 6", "1000 x 1 x 1")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_written_as_it_is_read(name: str) -> None:
    example = EXAMPLES[name]
    assert parse(write(example.stack)) == example.stack
    assert example.note.endswith(".")
    assert example.source
