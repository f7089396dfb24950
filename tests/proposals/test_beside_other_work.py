"""Where and at which size proposals are made, and what goes on meanwhile."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.client import Client
from boxwright.server import Address, serve_in_background
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


@contextmanager
def served(folder: Path, sources: Path, **changes: Any) -> Iterator[Client]:
    settings = Settings(models=folder, port=0, device="cpu", threads=1, drain_delay_s=0, **changes)
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
        with pytest.raises(UnknownName, match="no proposal source named 'faraway'"):
            client.detect(WHITE)
    assert "far/1: its proposal source 'faraway' is not installed" in caplog.text
