"""What is wrong with a proposal source is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_workshop.conformance.examination import examinations
from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]

SOURCE = """
import numpy as np

CALLS = []

def propose(image, limit):
    height, width = image.shape[:2]
    rng = np.random.default_rng(0)
    corners = rng.random((2, 300, 2)) * (width - 1, height - 1)
    low, high = np.minimum(*corners), np.maximum(*corners) + 1
    boxes = np.concatenate([low, high], axis=1).astype(np.float32)[:limit]
    CALLS.append(1)
    %s
    return boxes

@hookimpl
def boxwright_proposals():
    return [ProposalSource(name=NAME, propose=propose, source="nobody 2026")]
"""


def test_a_sound_source_passes_every_check(install: Install) -> None:
    install("sound_source", SOURCE % "")
    [examination] = examinations("sound_source")
    found = {check: examination.find(check).outcome.status for check in examination.checks}
    assert found == dict.fromkeys(examination.checks, "passed")


@pytest.mark.parametrize(
    ("line", "check", "seen"),
    [
        (
            "boxes = boxes.astype(float)",
            "boxes_are_well_formed",
            "it returns float64, not an array",
        ),
        ("boxes = boxes.tolist()", "boxes_are_well_formed", "it returns list, not an array"),
        ("boxes = boxes[:, :3]", "boxes_are_well_formed", "shape (1, 3), not (P, 4)"),
        ("boxes = boxes.repeat(2, axis=0)", "boxes_are_well_formed", "of 1, it returns 2 boxes"),
        ("boxes = boxes + 1", "boxes_are_well_formed", "leaves the image of 320 x 240 px"),
        ("boxes = boxes * 0", "boxes_are_well_formed", "a box has no area"),
        ("image[0, 0] = image[0, 0] + 1", "boxes_are_well_formed", "in place"),
        ("image[:, 1]", "boxes_are_well_formed", "IndexError: index 1 is out of bounds"),
        ("boxes = boxes[::-1]", "a_lower_limit_gives_the_first_ones", "not the first ones"),
        ("boxes = boxes[: 300 - len(CALLS)]", "proposes_the_same_twice", "proposes other boxes"),
    ],
)
def test_a_wrong_answer_is_named(
    line: str, check: str, seen: str, install: Install, examine: Examine
) -> None:
    install("sick_source", SOURCE % line)
    outcome = examine("sick_source", check)
    assert outcome.status == "failed"
    assert seen in outcome.seen
    assert outcome.cure
