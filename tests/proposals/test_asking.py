"""Where proposals come from, and what the answer says about them."""

from typing import Any

import grpc
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.client import Client, FromModel
from boxwright.ports import Address
from boxwright.v1.detection_pb2 import DetectRequest, Proposals, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract.errors import BadInput, ServerFailed, UnknownName
from boxwright_contract.geometry.regions import Edges

Pixels = NDArray[np.uint8]
QUARTERS: tuple[Edges, ...] = ((0, 0, 48, 32), (48, 0, 96, 32), (0, 32, 48, 64), (48, 32, 96, 64))
MODELS = pytest.mark.parametrize("model", ["whole", "chunked"])


@pytest.fixture
def pixels() -> Pixels:
    """Red top right and green bottom left, at the size that the models take."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, 48:, 0] = 255
    image[32:, :48, 1] = 204
    return image


@MODELS
def test_a_model_looks_where_its_own_rule_says(model: str, client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels, model=model, with_proposals=True)
    red, green = result.detections
    assert (red.label, red.score, red.box_px, red.proposal) == ("red", 1.0, (48, 0, 96, 32), 1)
    assert (green.label, green.box_px, green.proposal) == ("green", (0, 32, 48, 64), 2)
    assert result.proposals is not None
    assert (result.proposals.count, result.proposals.given_by) == (4, "quarters")
    assert result.proposals.boxes_px == QUARTERS
    assert result.times.proposals_ms > 0
    assert result.region_px(green) == QUARTERS[2]


@MODELS
def test_a_request_may_bring_its_own_boxes(model: str, client: Client, pixels: Pixels) -> None:
    boxes = [(90, 60, 96, 64), (0, 40, 20, 50), (50, 10, 80, 20), (49, 1, 50, 2), (2, 60, 4, 64)]
    result = client.detect(pixels, model=model, proposals=boxes, max_proposals=10)
    assert [(found.box_px, found.proposal) for found in result.detections] == [
        (boxes[2], 2),
        (boxes[3], 3),
        (boxes[1], 1),
        (boxes[4], 4),
    ]
    assert result.proposals is not None
    assert (result.proposals.count, result.proposals.given_by) == (5, "")
    assert result.proposals.boxes_px is None
    assert result.times.proposals_ms == 0


@MODELS
def test_what_a_model_finds_can_be_proposed(model: str, client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels, model=model, proposals=FromModel("bright"), with_proposals=True)
    assert result.proposals is not None
    assert result.proposals.given_by == "bright"
    assert result.proposals.boxes_px == (QUARTERS[1], QUARTERS[2])
    assert [found.proposal for found in result.detections] == [0, 1]
    assert result.times.proposals_ms > 0


def test_a_source_can_be_named_and_a_limit_given(client: Client, pixels: Pixels) -> None:
    named = client.detect(pixels, model="whole", proposals="quarters", max_proposals=2)
    assert [found.label for found in named.detections] == ["red"]
    limited = client.detect(pixels, model="whole", max_proposals=3, with_proposals=True)
    assert limited.proposals is not None
    assert limited.proposals.boxes_px == QUARTERS[:3]
    found = client.detect(pixels, model="whole", proposals=FromModel("bright"), max_proposals=1)
    assert [each.label for each in found.detections] == ["red"]
    own = client.detect(pixels, model="whole", proposals=list(QUARTERS), max_proposals=2)
    assert [each.label for each in own.detections] == ["red"]


@MODELS
def test_no_proposals_give_an_empty_and_ordinary_answer(
    model: str, client: Client, pixels: Pixels
) -> None:
    none = client.detect(pixels, model=model, proposals=np.zeros((0, 4)), with_proposals=True)
    assert none.detections == ()
    assert none.proposals is not None
    assert (none.proposals.count, none.proposals.boxes_px) == (0, ())
    black = client.detect(pixels * 0, model=model, proposals=FromModel("bright"))
    assert black.detections == ()


@MODELS
@pytest.mark.parametrize(("height", "width"), [(128, 192), (37, 41), (1, 1), (475, 681)])
def test_proposals_are_in_pixels_of_the_image_as_sent(
    model: str, height: int, width: int, client: Client
) -> None:
    white = np.full((height, width, 3), 255, np.uint8)
    boxes = [(0, 0, width, height), (0, 0, width / 2, height)]
    result = client.detect(white, model=model, proposals=boxes, with_proposals=True)
    assert result.proposals is not None
    assert result.proposals.boxes_px == tuple(boxes)
    for found in result.detections:
        assert found.box_px == pytest.approx(boxes[found.proposal or 0], rel=1e-6)
    assert result.detections


def test_a_model_of_feature_maps_tells_nothing_of_proposals(client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels, model="bright", with_proposals=True, with_origins=True)
    assert result.proposals is None
    assert [found.proposal for found in result.detections] == [None, None]
    assert all(found.origin for found in result.detections)
    assert result.times.proposals_ms == 0


def test_origins_are_left_out_of_what_proposals_gave(client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels, model="whole", with_origins=True)
    assert [found.origin for found in result.detections] == [None, None]


def test_a_model_that_needs_none_refuses_them(client: Client, pixels: Pixels) -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {"proposals": "quarters"},
        {"proposals": [(0, 0, 9, 9)]},
        {"max_proposals": 3},
    )
    for wrong in wrongs:
        with pytest.raises(BadInput, match=r"bright/1 .* Leave `proposals` and its limit out"):
            client.detect(pixels, model="bright", **wrong)


def test_unknown_names_are_told_with_the_nearest(client: Client, pixels: Pixels) -> None:
    with pytest.raises(UnknownName, match=r"no proposal source named 'quaters'\. Did you mean"):
        client.detect(pixels, model="whole", proposals="quaters")
    with pytest.raises(UnknownName, match=r"no model named 'brigth'\. Did you mean 'bright'"):
        client.detect(pixels, model="whole", proposals=FromModel("brigth"))


def test_a_proposing_model_must_have_a_name(client: Client, pixels: Pixels) -> None:
    with pytest.raises(BadInput, match=r"the proposals name no model\. Set `proposals\.model`\."):
        client.detect(pixels, model="whole", proposals=FromModel(""))


def test_a_model_that_needs_proposals_cannot_give_them(client: Client, pixels: Pixels) -> None:
    for name in ("whole", "chunked"):
        with pytest.raises(BadInput, match=f"{name}/1 needs proposals itself"):
            client.detect(pixels, model="whole", proposals=FromModel(name))


@pytest.mark.parametrize("limit", [0, 51, 2**32 - 1])
def test_a_limit_that_cannot_be_is_refused(
    limit: int, client: Client, address: Address, pixels: Pixels
) -> None:
    told = (
        rf"limit of proposals is {limit}\. Send one from 1 to 50, .* raise the server's BOXWRIGHT"
    )
    with pytest.raises(BadInput, match=told):
        client.detect(pixels, model="whole", max_proposals=limit)


def test_a_source_that_breaks_its_contract_is_the_servers_fault(
    client: Client, pixels: Pixels
) -> None:
    with pytest.raises(ServerFailed, match="internal error"):
        client.detect(pixels, model="whole", proposals="wild")


def test_the_wire_needs_no_client_of_ours(address: Address, pixels: Pixels) -> None:
    raw = RawImage(height_px=64, width_px=96, rgb=pixels.tobytes())
    asked = Proposals(limit=2)
    with grpc.insecure_channel(str(address)) as channel:
        answer = DetectionServiceStub(channel).Detect(
            DetectRequest(model="chunked", raw=raw, proposals=asked)
        )
    (red,) = answer.detections
    assert (red.HasField("proposal"), red.proposal) == (True, 1)
    assert (answer.proposals.count, answer.proposals.HasField("boxes")) == (2, False)
