"""Text that is not in the notation: what is wrong, where, and what would be right."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.limits import DEEPEST, MOST_LAYERS, check_extent
from boxwright_contract.geometry.notation import parse, write
from boxwright_contract.geometry.notation.words import MOST_CHARACTERS

PIECES = [
    "conv",
    "pool",
    "add",
    "concat",
    "dense",
    "(",
    ")",
    "|",
    ",",
    "=",
    "3",
    "/2",
    "x2",
    "x900",
]
PIECES += ["c64", "c999999999999999999", "growth7", "p1", " ", '"', "\\", "é", "same", "9" * 30]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("conv 3, conw 3", "'conw' (character 9) is no layer. Did you mean 'conv'? Known: add,"),
        ("conv 3 s2", "'s2' (character 8) is no option of conv. Write: conv K[/S] [pP | same]"),
        ("conv p1", "'conv' (character 1) is not complete. Write: conv K[/S]"),
        ("conv 3 p1 same", "'same' (character 11) gives conv its padding twice"),
        ("pool 3x3x3x3", "'3x3x3x3' (character 6) has 4 numbers, for at most 3 axes"),
        ("conv 3 g2x2", "'g2x2' (character 8) has 2 numbers, but conv takes one there"),
        ("conv 3 c9223372036854775808", "is over 9223372036854775807. Use a smaller number"),
        ("conv 3,", "the end (character 8) stands where a layer should"),
        ("", "the end (character 1) stands where a layer should. Write one, such as 'conv 3'"),
        ("(conv 3", "the end (character 8) stands where ')' should, to close '(' (character 1)"),
        ("conv 3)", "')' (character 7) stands where ',' or the end should. Take it away."),
        ("conv 3 x2 p1", "'p1' (character 11) stands where ',' or the end should. Put a comma"),
        ("add 3", "'add' (character 1) lacks its branches. Write add(conv 3 same | )."),
        ("conv 3 x0", "'x0' (character 8) repeats too little or too much. Write x1 to x"),
        ("a=dense 6 growth8", "'dense' (character 3) stands for 6 layers, and a name goes on one"),
        ('conv 3, "a', "'\"a' (character 9) cannot be read: a quoted name does not end"),
        ("concat( | ) x99", "'concat' (character 1) makes over 9223372036854775807 channels"),
        ("conv " + "y" * 99, "'" + "y" * 32 + "...' (character 6)"),
    ],
)
def test_an_error_quotes_the_place_and_tells_the_cure(text: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"((conv 3 x{MOST_LAYERS}) x{MOST_LAYERS}) x{MOST_LAYERS}",
        f"dense {MOST_LAYERS} growth1 x{MOST_LAYERS}",
        "dense 999999999999 growth1",
        f"concat({'|' * MOST_LAYERS})",
        "(" * 60_000,
        "add(" * 15_000,
        "a=" * 30_000,
        '"' * 65_000,
        '"' + "\\" * 60_000,
        "conv " + "3" * 60_000,
        "conv " + "3x" * 30_000,
        "conv 3," * 9_000,
        " " * (MOST_CHARACTERS + 1),
    ],
    ids=lambda text: text[:16],
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert time.perf_counter() - began < 1
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("opening", ["add(", "("])
def test_brackets_nest_as_deep_as_a_stack_may_be(opening: str) -> None:
    check_extent(parse(opening * DEEPEST + "norm" + ")" * DEEPEST))
    with pytest.raises(BadInput, match=f"more than {DEEPEST} brackets"):
        parse(opening * (DEEPEST + 1) + "norm" + ")" * (DEEPEST + 1))


def test_as_many_layers_are_read_as_a_stack_may_have() -> None:
    stack = parse("conv 3x3/2x2 p1x1 g32 c64 nobias, pool 2, (norm x5, up 2) x100")
    check_extent(stack)
    assert parse(write(stack)) == stack
    assert len(parse(f"norm x{MOST_LAYERS}")) == MOST_LAYERS
    with pytest.raises(BadInput, match="there are over"):
        parse(f"norm x{MOST_LAYERS}, norm")


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        stack = parse(text)
    except BadInput:
        return
    check_extent(stack)
    assert parse(write(stack)) == stack
