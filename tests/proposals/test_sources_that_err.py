"""What a proposal source gives is looked at before it is used."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.client import Client
from boxwright_contract.errors import BadPlugin, ServerFailed
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule, proposals_of, propose

Pixels = NDArray[np.uint8]
IMAGE = np.full((64, 96, 3), 7, np.uint8)
LIMIT = 3


def f4(*boxes: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(boxes, np.float32)


WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (None, "gave NoneType, not an array of float32"),
    "a list": ([[0, 0, 9, 9]], "gave list, not an array of float32"),
    "whole numbers": (np.array([[0, 0, 9, 9]]), "gave int64, not an array of float32"),
    "one row": (np.ones(4, np.float32), r"gave \(4,\), not \(P, 4\) with P at most 3"),
    "five columns": (np.ones((2, 5), np.float32), r"gave \(2, 5\), not \(P, 4\)"),
    "too many": (f4(*[(0, 0, 9, 9)] * 4), r"gave \(4, 4\), not \(P, 4\) with P at most 3"),
    "no number": (f4((0, 0, 9, 9), (0, np.nan, 9, 9)), r"gave \(0, nan, 9, 9\) px as box 1"),
    "no end": (f4((0, 0, np.inf, 9)), r"gave \(0, 0, inf, 9\) px as box 0"),
    "inverted": (f4((9, 0, 0, 9)), r"gave \(9, 0, 0, 9\) px as box 0, which has no area"),
    "outside": (f4((96, 0, 99, 9)), r"gave \(96, 0, 99, 9\) px .* in the image of 96 x 64 px"),
}


def source(propose: Callable[[Pixels, int], Any]) -> ProposalSource:
    return ProposalSource(name="rude", propose=propose, source="nobody 2026")


@pytest.mark.parametrize(("given", "told"), WRONG.values(), ids=WRONG)
def test_what_is_no_boxes_is_refused_with_the_command_that_tells_more(
    given: object, told: str
) -> None:
    with pytest.raises(BadPlugin, match=f"the proposal source 'rude' {told}") as caught:
        proposals_of(source(lambda image, limit: given), IMAGE, LIMIT)
    assert str(caught.value).endswith("Run `boxwright plugins check rude`.")


def test_what_a_source_raises_is_told_as_its_own() -> None:
    def fail(image: Pixels, limit: int) -> Any:
        raise IndexError("list index out of range")

    told = (
        r"'rude' failed: IndexError: list index out of range\. Run `boxwright plugins check rude`"
    )
    with pytest.raises(BadPlugin, match=told):
        propose(source(fail), IMAGE, ProposalRule())


def test_a_source_cannot_write_to_the_image() -> None:
    def write(image: Pixels, limit: int) -> Any:
        image[0] = 0

    with pytest.raises(BadPlugin, match="'rude' failed: ValueError: assignment destination is"):
        proposals_of(source(write), IMAGE, LIMIT)
    assert (IMAGE == 7).all()
    assert IMAGE.flags.writeable


def test_boxes_that_reach_out_of_the_image_are_cut_off() -> None:
    boxes = proposals_of(source(lambda image, limit: f4((-5, 60, 9, 70))), IMAGE, LIMIT)
    assert boxes.tolist() == [[0, 60, 9, 64]]


def test_the_log_names_the_source_and_the_caller_learns_that_it_is_not_to_blame(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServerFailed, match="internal error"):
        client.detect(IMAGE, model="whole", proposals="wild")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "BadPlugin: the proposal source 'wild' gave (nan, nan, nan, nan) px" in caplog.text
