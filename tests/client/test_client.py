"""The client against a live server."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.client import Client
from boxwright.ports import Address
from boxwright_contract.errors import BadImage, BadInput, TooLarge, UnknownName

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def client(address: Address) -> Iterator[Client]:
    with Client(str(address)) as client:
        yield client


@pytest.fixture
def pixels() -> Pixels:
    """Red and green areas on black, at the size that the model takes."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[10:20, 30:50, 0] = 255
    image[32:64, 0:5, 1] = 204
    return image


def test_detections_have_label_score_box_and_class(client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels)
    red, green = result.detections
    assert (red.label, red.score, red.box_px, red.class_index) == ("red", 1.0, (30, 10, 50, 20), 0)
    assert (green.label, green.box_px, green.class_index) == ("green", (0, 32, 5, 64), 1)
    assert green.score == pytest.approx(0.8)


def test_a_result_tells_size_model_version_and_times(client: Client, pixels: Pixels) -> None:
    result = client.detect(pixels)
    assert (result.height_px, result.width_px) == (64, 96)
    assert (result.model, result.version) == ("bright", "10")
    assert 0 < result.times.inference_ms < result.times.total_ms


def test_a_path_its_bytes_and_its_pixels_give_the_same_detections(
    client: Client, pixels: Pixels, tmp_path: Path
) -> None:
    file = tmp_path / "image.png"
    cv2.imwrite(str(file), pixels[..., ::-1])
    expected = client.detect(pixels).detections
    assert expected
    for image in (file, str(file), file.read_bytes()):
        assert client.detect(image).detections == expected


def test_pixels_need_not_lie_in_one_piece(client: Client, pixels: Pixels) -> None:
    mirrored = client.detect(pixels[:, ::-1]).detections
    assert [found.box_px for found in mirrored] == [(46, 10, 66, 20), (91, 32, 96, 64)]


def test_options_choose_what_comes_back(client: Client, pixels: Pixels) -> None:
    def labels(**options: object) -> list[str]:
        return [found.label for found in client.detect(pixels, **options).detections]  # type: ignore[arg-type]

    assert labels(min_score=0.9) == ["red"]
    assert labels(max_detections=1) == ["red"]
    assert labels(classes=["green"]) == ["green"]
    assert client.detect(pixels, model="bright", version="9").version == "9"


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((8, 8, 3), np.float32), np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8)],
    ids=["floats", "grey", "with alpha"],
)
def test_pixels_of_another_kind_are_refused_before_they_are_sent(wrong: Pixels) -> None:
    with pytest.raises(BadInput, match="send uint8 \\(height, width, 3\\), RGB"):
        Client("127.0.0.1:1").detect(wrong)


def test_a_missing_file_is_named(client: Client) -> None:
    with pytest.raises(BadImage, match=r"'no\.jpg' cannot be read: No such file"):
        client.detect("no.jpg")


def test_the_servers_error_comes_back_as_itself(client: Client, pixels: Pixels) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'bright'"):
        client.detect(pixels, model="brigth")
    with pytest.raises(BadImage):
        client.detect(b"not an image")
    with pytest.raises(TooLarge, match="BOXWRIGHT_MAX_MESSAGE_BYTES"):
        client.detect(bytes(9 << 17))


def test_models_lists_what_is_served_and_why_the_rest_is_not(client: Client) -> None:
    served = {(model.model, model.version): model for model in client.models()}
    assert served["bright", "10"].problem == ""
    assert served["bright", "10"].architecture == "bright_areas+nothing"
    assert served["bright", "10"].class_count == 3
    assert "altered" in served["altered", "1"].problem


def test_model_tells_all_about_one(client: Client) -> None:
    model = client.model("bright", "9")
    assert model.summary.version == "9"
    assert model.classes == ("red", "green", "blue")
    assert model.provider == "CPUExecutionProvider"
    assert model.min_score == pytest.approx(0.75)
    assert model.most_detections == 5
    assert '"graph_sha256"' in model.card_json
    assert [level.stride_px for level in model.levels] == [1]


def test_plugins_lists_backbones_with_their_levels(client: Client) -> None:
    plugins = {plugin.name: plugin for plugin in client.plugins()}
    assert plugins["resnet50"].kind == "backbone"
    assert [level.stride_px for level in plugins["resnet50"].levels] == [4, 8, 16, 32]
    assert plugins["faster_rcnn"].kind == "detector"


def test_a_serving_server_is_ready(client: Client) -> None:
    assert client.ready()


def test_a_proxy_for_the_outside_world_is_not_asked_for_this_machine(
    address: Address, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with Client(str(address)) as client:
        assert client.detect(pixels).detections
