"""`boxwright geometry layers` and `matrix`: from the notation to tables, JSON and matrices."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright_contract.geometry.examples import EXAMPLES


def geometry(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["geometry", *arguments])


def rows(printed: Result, table: int = 0) -> list[list[str]]:
    """Return the cells of a table, which stand two spaces apart; empty lines part the tables."""
    lines = printed.stdout.split("\n\n")[table].splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_layers_prints_a_row_for_each_layer_and_the_total() -> None:
    printed = geometry("layers", "conv 7/2 p3 c64, pool 3/2 p1, conv 3 same x2", "--image", "224")
    assert printed.exit_code == 0
    head, stem, *_, last, total = rows(printed)
    assert head == [
        *("layer", "output", "parameters", "MACs", "memory"),
        *("field px", "stride", "padding", "centre"),
    ]
    assert stem[:5] == ["1", "conv 7/2 p3 c64", "64 x 112 x 112", "9,472", "118 M"]
    assert last[6:] == ["27", "4", "13", "0"]
    assert total[:3] == ["total", "64 x 56 x 56", "83,328"]
    assert "the smallest that every layer accepts: 1 x 1" in printed.stdout


def test_layers_as_json_has_every_number_exactly() -> None:
    printed = geometry("layers", "conv 3 p1 c8, up 2", "--input", "3x20x30", "--json")
    answer = json.loads(printed.stdout)
    assert answer["notation"] == "conv 3 p1 c8, up 2"
    assert answer["layers"][0]["multiply_accumulates"] == 27 * 8 * 20 * 30
    assert answer["total"]["output"] == {"channels": 8, "sides": [40, 60]}
    down, across = answer["total"]["field"]
    assert down == across
    assert (down["stride_px"], down["stride_varies"], down["first_px"]) == (0.5, True, [-1, -1])


def test_branches_are_told_inside_their_row() -> None:
    printed = geometry("layers", "block=add(conv 3x5 same, norm | )", "--image", "20x30")
    _, block, inner, norm, _ = rows(printed)
    assert block[:2] == ["1", "block=add of 2 branches"]
    assert inner[:2] == ["1.1.1", "conv 3x5 same c3"]
    assert rows(printed, 1)[2][2] == "3 x 5"
    assert norm[0] == "1.1.2"


def test_a_stack_whose_smallest_input_is_not_found_is_told_all_the_same() -> None:
    rare = "(conv 3) x300, add(pool 31/31, up 31 | pool 32/32, up 32)"
    printed = geometry("layers", rare, "--image", "1592")
    assert printed.exit_code == 0
    assert "the smallest that every layer accepts: not found" in printed.stdout
    assert "near the borders the field cut off there is an upper bound" in printed.stdout
    answer = json.loads(geometry("layers", rare, "--image", "1592", "--json").stdout)
    assert answer["smallest_input_sides"] == []


def test_the_examples_are_listed_with_what_they_show_and_their_source() -> None:
    printed = geometry("layers", "--example", "?")
    assert printed.exit_code == 0
    for name, example in EXAMPLES.items():
        assert f"{name}, input {example.input}" in printed.stdout
        for text in (example.note, example.source):
            assert text in " ".join(printed.stdout.split())
    assert list(json.loads(geometry("layers", "--example", "?", "--json").stdout)) == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_table_wider_than_a_window_is_parted_and_loses_nothing(name: str) -> None:
    lines = geometry("layers", "--example", name).stdout.splitlines()
    assert max(map(len, lines)) <= 100
    seen = next(line for line in lines if line.endswith("centre"))
    assert seen.split()[-5:] == ["field", "px", "stride", "padding", "centre"]
    assert sum(line.split()[0] == "total" for line in lines if line) == (1 if "MACs" in seen else 2)


def test_kims_network_has_the_parameters_of_the_paper() -> None:
    printed = geometry("layers", "--example", "kim", "--json")
    layers = json.loads(printed.stdout)["layers"]
    convolutions = [layer for layer in layers if layer["name"] in ("three", "four", "five")]
    assert sum(layer["parameters"] for layer in convolutions) == 360_300


def test_layers_answers_what_it_takes_to_see_more() -> None:
    stem = "conv 7/2 p3 c64, pool 3/2 p1"
    seen = geometry("layers", stem, "--reach", "9").stdout
    assert "9 px: layer 2 (pool) is the first to see them" in seen
    unseen = geometry("layers", stem, "--reach", "51").stdout
    assert "51 px: it takes 5 more layers of kernel 3 and stride 1, or one of kernel 11" in unseen
    assert "with dilations 1, 2, 4" in unseen
    deeper = geometry("layers", f"{stem}, conv 3 p1 x5")
    assert rows(deeper)[-1][5] == "51"


def test_layers_answers_which_inputs_give_an_output() -> None:
    printed = geometry("layers", "conv 7/2 p3 c64, pool 3/2 p1", "--output", "56")
    assert "56 cells come of inputs of y: 221 to 224; x: 221 to 224" in printed.stdout
    for side, made in ((220, 55), (221, 56), (224, 56), (225, 57)):
        table = rows(geometry("layers", "conv 7/2 p3 c64, pool 3/2 p1", "--image", str(side)))
        assert table[-1][1] == f"64 x {made} x {made}"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["layers"], 2, "which layers?"),
        (["layers", "conv 3", "--example", "kim"], 2, "which layers?"),
        (["layers", "--example", "kin"], 2, "Did you mean 'kim'?"),
        (["layers", "conv 3", "--image", "3by4"], 2, "--image is '3by4', which is no size"),
        (["layers", "conv 3", "--image", "3x4x5"], 2, "which has 3 sides"),
        (["layers", "conv 3", "--input", "3"], 2, "--input is '3', which has no sides"),
        (["layers", "conv 3, conv 99", "--image", "50"], 2, "error: layer 2 (conv): axis y"),
        (["layers", "conv 0"], 2, "kernel is 0"),
        (["layers", "conv 3", "--image", "0"], 2, "must be 1 to"),
        (["layers", "conv 3", "--image", "\N{ARABIC-INDIC DIGIT THREE}"], 2, "which is no size"),
        (["layers", "conv 3", "--reach", "9" * 30], 2, "--reach must be 1 to"),
        (["layers", "a b=conv 3"], 2, 'Quote it: "my name"=conv 3'),
        (["layers", "cnov 3"], 2, "Did you mean 'conv'?"),
        (["matrix", "pool 3"], 2, "is not one convolution"),
        (["matrix", "conv 3, conv 3"], 2, "is not one convolution"),
        (["matrix", "conv 3 c64", "--input", "64x99x99"], 2, "entries, and at most 1,000,000"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_cure(
    arguments: list[str], code: int, message: str
) -> None:
    printed = geometry(*arguments)
    assert printed.exit_code == code
    assert message in printed.stderr
    assert printed.stdout == ""


def test_a_matrix_is_printed_with_the_names_of_its_weights() -> None:
    forth = geometry("matrix", "conv 3 p1", "--input", "1x3").stdout.splitlines()
    assert forth[:3] == ["w1 w2 .", "w0 w1 w2", ".  w0 w1"]
    assert forth[-1] == "3 x 3, output 1 x 3: 7 entries of 9 (77.8%)"
    back = geometry("matrix", "tconv 3 p1", "--input", "1x3").stdout.splitlines()
    assert back[:3] == ["w1 w0 .", "w2 w1 w0", ".  w2 w1"]
    two = geometry("matrix", "conv 2 c2", "--input", "1x2x2").stdout.splitlines()
    assert two[:2] == ["w0,0,0 w0,0,1 w0,1,0 w0,1,1", "w1,0,0 w1,0,1 w1,1,0 w1,1,1"]


def test_a_large_matrix_is_counted() -> None:
    lines = geometry("matrix", "conv 3 p1", "--input", "1x50x50").stdout.splitlines()
    assert lines == ["2,500 x 2,500, output 1 x 50 x 50: 21,904 entries of 6,250,000 (0.4%)"]


def test_a_matrix_wider_than_a_window_is_counted() -> None:
    (line,) = geometry("matrix", "conv 3 p1 c2", "--input", "2x4x4").stdout.splitlines()
    assert line.startswith("32 x 32, output 2 x 4 x 4:")


def test_a_matrix_as_json_has_every_entry() -> None:
    answer = json.loads(geometry("matrix", "conv 3", "--input", "1x4", "--json").stdout)
    assert (answer["rows"], answer["columns"]) == (2, 4)
    assert answer["entry_row"] == [0, 0, 0, 1, 1, 1]
    assert answer["entry_column"] == [0, 1, 2, 1, 2, 3]
    assert answer["entry_weight"] == [0, 1, 2, 0, 1, 2]


def test_layers_needs_no_server_and_no_torch() -> None:
    check = (
        "import sys; from boxwright.cli import app;"
        "app(['geometry', 'layers', 'conv 3', '--image', '9'], standalone_mode=False);"
        "print(sorted({'grpc', 'onnx', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
