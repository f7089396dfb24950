"""What a detector can be told is refused where it cannot work, however it is told."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.cli.exit_codes import USAGE
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadSettings
from boxwright_workshop.recipe import converted

POOLING = [
    ("neck_channels", 0),
    ("region_cells", 0),
    ("canonical_side_px", 0),
    ("regions_train", 0),
    ("head_channels", -1),
    ("min_score", float("nan")),
]
WRONG: dict[str, list[tuple[str, Any]]] = {
    "rcnn": [
        ("regions_at_once", 0),
        ("regions_train", -4),
        ("positive_share", -1.0),
        ("positive_share", 0.0),
        ("positive_iou", 0.0),
        ("background_iou", (0.5, 0.1)),
        ("background_iou", (-0.5, 0.1)),
        ("context_px", -5),
        ("region_px", -224),
        ("head_channels", 0),
    ],
    "fast_rcnn": [*POOLING, ("singular_values", (4, 0))],
    "faster_rcnn": [
        *POOLING,
        ("candidates", 0),
        ("candidates_train", 0),
        ("proposals", 0),
        ("proposals_train", 0),
        ("min_objectness", 2.0),
        ("anchor_ratios", ()),
        ("anchor_ratios", (1.0, 0.0)),
        ("anchor_sides_px", ((0,), (8,))),
    ],
}
CASES = [
    pytest.param(detector, name, value, id=f"{detector} {name}={value}")
    for detector, wrong in WRONG.items()
    for name, value in wrong
]


@pytest.mark.parametrize(("detector", "name", "value"), CASES)
def test_an_option_out_of_bounds_is_refused_by_name(
    detector: str, name: str, value: object
) -> None:
    kind = Catalog.installed().detector(detector).options
    with pytest.raises(BadSettings, match=rf"^{name} is .*: .*\. (Change|Make) "):
        kind(**{name: value})


@pytest.mark.parametrize(("detector", "name", "value"), CASES)
def test_a_recipe_with_an_option_out_of_bounds_is_refused_by_name(
    detector: str, name: str, value: object
) -> None:
    kind = Catalog.installed().detector(detector).options
    table = json.loads(json.dumps({name: value}))
    with pytest.raises(BadSettings, match=rf"{name}(`|\[| is).*\. (Mend|Make) "):
        converted(table, kind, "the options")


def test_the_command_line_tells_the_option_its_value_and_what_is_allowed() -> None:
    told = CliRunner().invoke(
        app, ["train", "--explain-recipe", "--detector", "rcnn", "--option", "regions_at_once=0"]
    )
    assert told.exit_code == USAGE
    assert "the options of rcnn cannot be used: Expected `int` >= 1" in told.stderr
    assert "`$.regions_at_once`, where 0 stands. Mend that field." in told.stderr
