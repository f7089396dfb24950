"""A card is read back as it was written, and anything else is refused by name."""

import json
from typing import Any

import pytest

from boxwright_contract import card
from boxwright_contract.card import (
    AccuracyRecord,
    Card,
    LevelRecord,
    ParityRecord,
    PluginRecord,
    WeightsRecord,
)
from boxwright_contract.errors import BadBundle
from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.input_rule import InputRule
from boxwright_contract.parts import RegionLevel

WHERE = "models/people/1/model.json"
SIDE = AxisField(16, (-107, -99), (98, 106))
P3 = LevelRecord(
    level=RegionLevel(name="P3", channels=64, stride=8, anchors_px=((-16.0, -16.0, 16.0, 16.0),)),
    field=Field(axes=(SIDE, None), whole_through=("gate",), exact_at_border=False),
    effective_field=EffectiveField(sigma_px=(21.5, 20.25), box95_px=(85, 81), images=64),
)
CARD = Card(
    detector=PluginRecord(name="faster_rcnn", distribution="boxwright", version="0.1.0"),
    backbone=PluginRecord(name="tiny", distribution="boxwright-tiny", version="1.2"),
    classes=("person", "Würfel"),
    input=InputRule(short_side_px=320, long_side_px=448, divisor=32),
    most_detections=100,
    min_score=0.5,
    levels=(
        P3,
        LevelRecord(
            level=RegionLevel(name="P4", channels=64, stride=16), field=None, field_unknown="odd"
        ),
    ),
    precision="float16",
    weights=WeightsRecord(origin="trained here", licence="Apache-2.0"),
    parity=ParityRecord(
        reference="torch",
        image_sizes=150,
        images=150,
        detections=900,
        worst_box_px=0.0003,
        worst_score=4e-6,
    ),
    accuracy=(AccuracyRecord(dataset="people", images=293, ap=0.3, ap50=0.55),),
    made_with={"torch": "2.15.0"},
    graph_sha256="0" * 64,
)


def changed(**fields: Any) -> bytes:
    """Return the card as JSON with some fields changed, or left out where None."""
    content = json.loads(card.encode(CARD)) | fields
    return json.dumps({key: value for key, value in content.items() if value is not None}).encode()


def test_a_card_is_read_back_as_it_was_written() -> None:
    assert card.decode(card.encode(CARD), WHERE) == CARD


def test_a_card_is_written_for_people() -> None:
    lines = card.encode(CARD).decode().splitlines()
    assert lines[0] == "{"
    assert '  "format": 2,' in lines
    assert "Würfel" in card.encode(CARD).decode()


def test_what_a_card_leaves_out_has_its_default() -> None:
    assert card.decode(changed(precision=None), WHERE).precision == "float32"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not a model card: .* Export the model again."),
        (b"not JSON", "is not a model card"),
        (b"\xff\xfe\x00", "is not a model card"),
        (b"[]", "Expected `object`, got `array`"),
        (changed(classes=None), "missing required field `classes`"),
        (changed(min_score="high"), r"Expected `float`, got `str` - at `\$.min_score`"),
        (changed(precision="int8"), r"Invalid enum value 'int8' - at `\$.precision`"),
        (changed(levels=[{"level": {"name": "P3"}}]), r"missing required field `channels`"),
        (changed(format=None), r"missing required field `format`"),
        (
            changed(format=1, levels=[]),
            "has card format 1; this Boxwright reads 2. Export the model",
        ),
    ],
)
def test_what_is_not_a_card_is_refused_by_name(text: bytes, said: str) -> None:
    with pytest.raises(BadBundle, match=f"^{WHERE} .*{said}"):
        card.decode(text, WHERE)


def test_a_card_that_was_read_is_written_whole() -> None:
    short = json.loads(card.encode(CARD))
    del short["input"]["interpolation"]
    again = card.encode(card.decode(json.dumps(short).encode(), WHERE))
    assert json.loads(again)["input"]["interpolation"] == "bilinear"
