"""Where and at which size proposals are made, and what goes on meanwhile."""

import gc
import logging
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from boxwright import imaging, pipeline
from boxwright.client import Client, FromModel
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import DeadlinePassed, UnknownName
from boxwright_contract.proposal_rule import ProposalRule

MakeBundle = Callable[..., Path]
WHITE = np.full((64, 96, 3), 255, np.uint8)


@pytest.fixture
def plugin(address: Address) -> Iterator[Any]:
    """The module of the source that can be held up; it is let go at the end."""
    module = sys.modules["quarters"]
    module.asked.clear()
    yield module
    module.gate.set()


def test_other_requests_are_answered_while_proposals_are_made(
    plugin: Any, client: Client, address: Address
) -> None:
    plugin.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(client.detect, WHITE, model="whole") for _ in range(2)]
        while len(plugin.asked) < 2:
            time.sleep(0.01)
        assert client.detect(WHITE, model="bright").detections
        assert client.detect(WHITE, model="chunked", proposals=[(0, 0, 9, 9)]).detections
        assert not any(each.done() for each in held)
        plugin.gate.set()
        assert all(each.result().detections for each in held)


def test_proposals_are_made_on_threads_of_their_own(plugin: Any, client: Client) -> None:
    client.detect(WHITE, model="whole")
    ((thread, shape),) = plugin.asked
    assert thread.startswith("boxwright-propose")
    assert shape == (64, 96, 3)


def test_nothing_is_proposed_for_a_caller_that_gave_up(
    plugin: Any, client: Client, address: Address
) -> None:
    plugin.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(client.detect, WHITE, model="whole") for _ in range(2)]
        while len(plugin.asked) < 2:
            time.sleep(0.01)
        with Client(str(address), timeout_s=0.2) as hasty, pytest.raises(DeadlinePassed):
            hasty.detect(WHITE, model="whole")
        plugin.gate.set()
        for each in held:
            each.result()
    assert len(plugin.asked) == 2


def test_what_a_model_finds_is_proposed_while_sources_are_busy(
    plugin: Any, client: Client, address: Address
) -> None:
    plugin.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(client.detect, WHITE, model="whole") for _ in range(2)]
        while len(plugin.asked) < 2:
            time.sleep(0.01)
        with Client(str(address), timeout_s=5) as hasty:
            assert hasty.detect(WHITE, model="whole", proposals=FromModel("bright")).detections
        plugin.gate.set()
        assert all(each.result().detections for each in held)


def test_a_large_photo_is_not_kept_while_regions_are_proposed(
    plugin: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[weakref.ref[Any]] = []

    def noted(*arguments: Any) -> imaging.Opened:
        opened = imaging.read(*arguments)
        read.append(weakref.ref(opened.pixels))
        return opened

    monkeypatch.setattr(pipeline, "read", noted)
    photo = cv2.imencode(".png", np.zeros((1200, 1600, 3), np.uint8))[1].tobytes()
    plugin.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.detect, photo, model="whole")
        while not plugin.asked:
            time.sleep(0.01)
        gc.collect()
        assert [each() is None for each in read] == [True]
        assert plugin.asked[0][1] == (750, 1000, 3)
        plugin.gate.set()
        held.result()


@contextmanager
def served(folder: Path, sources: Path, **changes: Any) -> Iterator[Client]:
    settings = Settings(
        models=folder, port=0, device="cpu", threads=1, drain_delay_s=0, warm_up_s=0, **changes
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sources))
        with serve_in_background(settings) as address, Client(str(address)) as client:
            yield client


def test_an_operator_can_lower_the_size_and_the_number(
    plugin: Any, proposing_models: Path, sources: Path
) -> None:
    tall = np.full((640, 320, 3), 255, np.uint8)
    limits = {"proposals_side_px": 100, "max_proposals": 3}
    with served(proposing_models, sources, **limits) as client:
        result = client.detect(tall, model="whole", with_proposals=True)
        told = client.model("whole").proposals
    ((_, shape),) = plugin.asked
    assert shape == (100, 50, 3)
    assert result.proposals is not None
    assert result.proposals.boxes_px is not None
    assert [*map(list, result.proposals.boxes_px)] == [
        [0, 0, 160, 320],
        [160, 0, 320, 320],
        [0, 320, 160, 640],
    ]
    assert told is not None
    assert (told.limit, told.longest_side_px) == (3, 100)


def test_a_model_whose_source_is_not_installed_is_served_with_a_warning(
    make_proposing: MakeBundle, tmp_path: Path, sources: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_proposing(tmp_path / "far" / "1", proposals=ProposalRule(source="faraway"))
    caplog.set_level(logging.WARNING)
    with served(tmp_path, sources) as client:
        assert client.detect(WHITE, proposals=[(0, 0, 9, 9)]).detections
        with pytest.raises(UnknownName) as caught:
            client.detect(WHITE)
        with pytest.raises(UnknownName, match="no proposal source named 'faraway'"):
            client.detect(WHITE, proposals="faraway")
    assert str(caught.value) == (
        "far/1 gets its proposals from 'faraway', which is not installed here. Name another source "
        "in `proposals`, send boxes, or have the operator install its plugin."
    )
    assert "far/1: its proposal source 'faraway' is not installed" in caplog.text


def test_a_server_has_stopped_only_when_its_sources_have(
    plugin: Any, proposing_models: Path, sources: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = served(proposing_models, sources, drain_grace_s=0.1)
    client = server.__enter__()
    plugin.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(client.detect, WHITE, model="whole")
        while not plugin.asked:
            time.sleep(0.01)
        end = pool.submit(server.__exit__, None, None, None)
        assert held.exception(), "the drain did not end the call"
        time.sleep(0.3)
        assert "stopped" not in caplog.messages
        plugin.gate.set()
        end.result()
    assert caplog.messages[-1] == "stopped"
