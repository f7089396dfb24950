"""Servers that only one test asks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.telemetry.observed import Observed, observe

from boxwright.settings import Settings


@pytest.fixture
def observed(settings: Settings) -> Iterator[Observed]:
    """A server that only this test asks."""
    with observe(settings) as server:
        yield server


@pytest.fixture
def slow(
    settings: Settings, make_bundle: Callable[..., Path], tmp_path: Path
) -> Iterator[Observed]:
    """A server with a single slow model and little room."""
    make_bundle(tmp_path / "slow" / "1", multiplications=10)
    with observe(settings, models=tmp_path, max_batch=1, lanes=1, max_requests=4) as server:
        yield server
