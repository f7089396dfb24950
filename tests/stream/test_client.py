"""Client.detect_stream against live servers."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.client import Client, Frame, ImageLike, Result
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import (
    BadImage,
    BadInput,
    DeadlinePassed,
    Overloaded,
    TooLarge,
    UnknownName,
    Unreachable,
)

Image = Callable[[int], NDArray[np.uint8]]


@pytest.fixture
def client(address: Address) -> Iterator[Client]:
    with Client(str(address)) as client:
        yield client


def length(frame: Frame) -> float:
    """Return the length of the red line that was found."""
    assert isinstance(frame.outcome, Result), frame.outcome
    return frame.outcome.detections[0].box_px[2]


def stream_threads() -> int:
    return sum(thread.name == "boxwright-stream" for thread in threading.enumerate())


@pytest.mark.parametrize("window", [1, 8])
def test_frames_come_in_the_order_of_the_images(client: Client, image: Image, window: int) -> None:
    frames = client.detect_stream(map(image, range(1, 80)), window=window)
    assert [(each.index, length(each)) for each in frames] == [(n - 1, n) for n in range(1, 80)]


def test_frames_as_they_are_ready_tell_their_images(client: Client, image: Image) -> None:
    frames = list(client.detect_stream(map(image, range(1, 80)), in_order=False))
    assert sorted(each.index for each in frames) == list(range(79))
    assert all(length(each) == each.index + 1 for each in frames)


@pytest.mark.parametrize("in_order", [True, False])
def test_what_cannot_be_sent_or_seen_is_an_error_in_its_place(
    client: Client, image: Image, in_order: bool, tmp_path: Path
) -> None:
    images: list[ImageLike] = [
        tmp_path / "none.png",
        image(1),
        b"no image",
        image(3)[..., :1],
        bytes((1 << 20) + 1),  # over the limit of a message
        image(5),
        bytes((1 << 20) + 2),
    ]
    frames = list(client.detect_stream(images, in_order=in_order))
    if in_order:
        assert [each.index for each in frames] == list(range(7))
    kinds = {each.index: type(each.outcome) for each in frames}
    assert [kinds[index] for index in range(7)] == [
        BadImage, Result, BadImage, BadInput, TooLarge, Result, TooLarge,
    ]  # fmt: skip


def test_options_are_those_of_detect(client: Client, image: Image) -> None:
    both = image(5)
    both[9, :7, 1] = 255

    def labels(**options: object) -> list[str]:
        (frame,) = client.detect_stream([both], **options)  # type: ignore[arg-type]
        assert isinstance(frame.outcome, Result)
        return [each.label for each in frame.outcome.detections]

    assert labels() == ["red", "green"]
    assert labels(classes=["green"], version="9") == ["green"]
    assert labels(max_detections=1) == ["red"]
    (frame,) = client.detect_stream([both], model="brigth")
    assert isinstance(frame.outcome, UnknownName)


def test_images_are_taken_no_further_than_the_window(client: Client, image: Image) -> None:
    taken = []

    def video() -> Iterator[NDArray[np.uint8]]:
        for number in itertools.count(1):
            taken.append(number)
            yield image(number % 90 + 1)

    frames = client.detect_stream(video(), window=3)
    assert taken == []
    for answered in range(1, 20):
        next(frames)
        time.sleep(0.01)
        assert len(taken) <= answered + 3
    frames.close()
    time.sleep(0.2)
    settled = len(taken)
    time.sleep(0.2)
    assert len(taken) == settled
    assert stream_threads() == 0


def test_an_answer_does_not_wait_for_the_next_image(client: Client, image: Image) -> None:
    answered = threading.Event()

    def camera() -> Iterator[NDArray[np.uint8]]:
        yield image(1)
        assert answered.wait(30), "the first answer waits for the second image"
        yield image(2)

    frames = client.detect_stream(camera())
    assert length(next(frames)) == 1
    answered.set()
    assert [length(each) for each in frames] == [2]


def test_what_the_images_raise_comes_after_the_answers_before(client: Client, image: Image) -> None:
    def video() -> Iterator[NDArray[np.uint8]]:
        yield image(1)
        yield image(2)
        raise LookupError("the camera is gone")

    frames = client.detect_stream(video())
    assert [length(next(frames)), length(next(frames))] == [1, 2]
    with pytest.raises(LookupError, match="the camera is gone"):
        next(frames)


def test_streams_of_several_threads_do_not_mix(client: Client, image: Image) -> None:
    seen: dict[int, list[float]] = {}

    def follow(length_px: int) -> None:
        frames = client.detect_stream(image(length_px) for _ in range(20))
        seen[length_px] = [length(each) for each in frames]

    threads = [threading.Thread(target=follow, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {number: [number] * 20 for number in range(1, 7)}


def test_a_server_that_does_not_answer_in_time_is_told(slow: Settings, image: Image) -> None:
    with (
        serve_in_background(slow) as address,
        Client(str(address), timeout_s=0.05) as client,
        pytest.raises(DeadlinePassed, match=r"no answer to any of \d images within 0.05 s"),
    ):
        next(client.detect_stream(itertools.repeat(image(1))))


def test_an_image_that_is_long_in_coming_is_not_the_servers_fault(
    address: Address, image: Image
) -> None:
    def camera() -> Iterator[NDArray[np.uint8]]:
        yield image(1)
        time.sleep(2)
        yield image(2)

    with Client(str(address), timeout_s=1) as client:
        assert [length(each) for each in client.detect_stream(camera())] == [1, 2]


def test_where_no_server_answers_that_is_raised(image: Image) -> None:
    with (
        Client("127.0.0.1:1") as client,
        pytest.raises(Unreachable, match="no server answers at"),
    ):
        next(client.detect_stream([image(1)]))


def test_a_stream_too_many_raises_and_tells_when_to_try_again(slow: Settings, image: Image) -> None:
    with (
        serve_in_background(replace(slow, max_streams=1)) as address,
        Client(str(address)) as client,
    ):
        first = client.detect_stream(itertools.repeat(image(1)))
        next(first)
        with pytest.raises(Overloaded) as caught:
            next(client.detect_stream([image(1)]))
        assert caught.value.retry_after_ms == 1000
        first.close()


def test_a_stream_loses_no_image_when_one_server_after_the_other_restarts(
    settings: Settings, image: Image
) -> None:
    with contextlib.ExitStack() as all_servers:

        def start(port: int = 0) -> tuple[Address, threading.Thread]:
            server = all_servers.enter_context(contextlib.ExitStack())
            ran = replace(settings, metrics=False, port=port)
            address = server.enter_context(serve_in_background(ran))
            return address, threading.Thread(target=server.close)

        (first, stop_first), (second, stop_second) = start(), start()
        client = all_servers.enter_context(Client(f"{first},{second}"))
        seen = []
        for frame in client.detect_stream(image(n % 90 + 1) for n in range(200)):
            seen.append((frame.index, length(frame)))
            if frame.index == 50:
                stop_first.start()
            if frame.index == 100:
                stop_first.join()
                start(first.port)
                stop_second.start()
        stop_second.join()
    assert seen == [(n, n % 90 + 1) for n in range(200)]
