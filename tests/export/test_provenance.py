"""Where detections come from: what the gate takes for impossible, for wrong and for a near-tie."""

from collections.abc import Callable

import numpy as np
import pytest

from boxwright_contract.parts import RegionLevel
from boxwright_workshop.parity.comparison import Comparison
from boxwright_workshop.parity.matching import Answer
from boxwright_workshop.parity.odd_sizes import Group
from boxwright_workshop.parity.provenance import misattributed, stray_cells

LEVELS = (
    RegionLevel(name="P3", channels=1, stride=8),
    RegionLevel(name="P4", channels=1, stride=16),
)
PROPOSALS = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [50, 0, 60, 10]], np.float32)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ((0, 11, 15), ""),
        ((1, 5, 7), ""),
        ((2, 0, 0), "a detection comes from level 2, of 2"),
        ((1, 6, 7), "a detection comes from cell [6, 7] of P4, which has [6, 8] cells"),
        ((0, 0, -1), "a detection comes from cell [0, -1] of P3, which has [12, 16] cells"),
    ],
)
def test_a_cell_outside_the_grid_of_its_level_is_told(
    cell: tuple[int, int, int], told: str
) -> None:
    assert stray_cells(np.array([(0, 0, 0), cell]), (96, 128), LEVELS) == told


def test_a_graph_whose_cells_lie_outside_the_grid_is_refused(
    comparison: Comparison, pictures: Callable[..., Group]
) -> None:
    comparison.levels = LEVELS[:1]
    comparison.add(pictures([(90, 120), (95, 127)], (96, 128)))
    assert any("in the graph a detection comes from" in told for told in comparison.differences)


def coming_from(*proposals: int) -> Answer:
    """Return two detections that come from these proposals."""
    boxes = np.array([[0, 0, 10, 10], [50, 0, 60, 10]], np.float32)
    return Answer(boxes, np.array([0.9, 0.6], np.float32), np.array([0, 1]), np.array(proposals))


def test_of_equal_proposals_either_may_be_told() -> None:
    torch, graph = coming_from(0, 2), coming_from(1, 2)
    assert misattributed(torch, graph, PROPOSALS, list) == ([], 0)


def test_a_proposal_that_torch_tells_under_another_rounding_is_a_near_tie() -> None:
    torch, graph = coming_from(0, 2), coming_from(2, 2)
    assert misattributed(torch, graph, PROPOSALS, lambda: [torch]) == ([(0, 0)], 0)
    assert misattributed(torch, graph, PROPOSALS, lambda: [torch, graph]) == ([], 1)
