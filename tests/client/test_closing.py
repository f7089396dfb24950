"""A client that is closed, or told odd limits: it says so, and never hangs."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.client import Client
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadInput, Unreachable

IMAGE = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture
def slow(make_bundle: Callable[..., Path], settings: Settings, tmp_path: Path) -> Iterator[Address]:
    """A server whose answers take a while."""
    make_bundle(tmp_path / "slow" / "1", multiplications=30)
    with serve_in_background(replace(settings, models=tmp_path)) as address:
        yield address


def test_a_call_in_flight_tells_that_its_client_was_closed(slow: Address) -> None:
    client = Client(str(slow))
    with ThreadPoolExecutor(2) as pool:
        calls: list[Future[Any]] = [
            pool.submit(client.detect, IMAGE),
            pool.submit(lambda: list(client.detect_stream([IMAGE]))),
        ]
        assert client.ready()
        client.close()
        for call in calls:
            with pytest.raises(Unreachable, match=r"the client was closed.*Open another"):
                call.result(timeout=10)


def test_a_closed_client_tells_that_it_is(address: Address) -> None:
    client, unused = Client(str(address)), Client(str(address))
    client.detect(IMAGE)
    for each in (client, unused):
        each.close()
        with pytest.raises(Unreachable, match="the client was closed"):
            each.models()
    for ask in (lambda: client.detect(IMAGE), lambda: list(client.detect_stream([IMAGE]))):
        with pytest.raises(Unreachable, match="the client was closed"):
            ask()
    assert not client.ready()


def test_a_client_may_wait_for_ever(address: Address) -> None:
    with Client(str(address), timeout_s=float("inf")) as client:
        client.detect(IMAGE)
        assert len(list(client.detect_stream([IMAGE] * 3))) == 3


@pytest.mark.parametrize("window", [0, -1])
def test_a_stream_without_room_for_an_image_is_refused(address: Address, window: int) -> None:
    with (
        Client(str(address)) as client,
        pytest.raises(BadInput, match=rf"window is {window}.*at least 1"),
    ):
        client.detect_stream([IMAGE], window=window)
