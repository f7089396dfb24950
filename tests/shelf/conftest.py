"""What tests of the live set share: folders that change, and servers that follow them."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from boxwright.client import Client
from boxwright.device.runtime import Runtime
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract import card

Put = Callable[..., Path]
Wait = Callable[[Callable[[], bool]], None]
Serve = Callable[..., AbstractContextManager[Client]]


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    return Runtime.open("cpu", threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of models."""
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def put(make_bundle: Callable[..., Path], folder: Path, tmp_path: Path) -> Put:
    """Put a bundle into the folder: `put("bright/1", min_score=0.5)`; over the one before."""

    def put(place: str, **changes: Any) -> Path:
        made = make_bundle(tmp_path / "made" / place, **changes)
        shutil.copytree(made, folder / place, dirs_exist_ok=True)
        shutil.rmtree(made)
        return folder / place

    return put


@pytest.fixture(scope="session")
def edit() -> Callable[..., None]:
    """Change a card behind its bundle's back: `edit(folder, min_score=0.5)`."""

    def edit(place: Path, **changes: object) -> None:
        file = place / card.CARD_FILE
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return edit


@pytest.fixture(scope="session")
def wait_until() -> Wait:
    """Wait until something holds, for at most half a minute."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, "it did not come about in 30 s"
            time.sleep(0.01)

    return wait


@pytest.fixture
def serve(folder: Path) -> Serve:
    """Serve the folder; what is called like this yields a client, until its block ends."""

    @contextmanager
    def serving(**changes: Any) -> Iterator[Client]:
        chosen = {"watch_s": 0.02, "device": "cpu", "threads": 2, "warm_up_s": 0, **changes}
        settings = Settings(models=folder, port=0, drain_delay_s=0, metrics=False, **chosen)
        with serve_in_background(settings) as address, Client(str(address)) as client:
            yield client

    return serving
