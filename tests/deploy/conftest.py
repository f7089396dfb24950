"""What the tests of deploy/ share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.envoys import envoy_before
from tests.deploy.images import built

from boxwright.ports import Address


@pytest.fixture
def envoy(tmp_path: Path) -> Callable[[list[Address]], Any]:
    """Return what runs Envoy before some servers, and tells its port."""

    @contextmanager
    def run(servers: list[Address]) -> Iterator[int]:
        with envoy_before(tmp_path, servers) as running:
            yield running.port

    return run


@pytest.fixture(scope="session")
def cpu_image() -> str:
    """The name of the image for processors, built of this checkout without a network."""
    return built("cpu")
