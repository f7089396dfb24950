"""A server that cannot start leaves nothing behind, though its error is kept."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings


def test_a_server_that_finds_no_model_leaves_its_ports_free(
    settings: Settings, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    wrong = replace(settings, port=port, metrics=False, models=tmp_path)
    with pytest.raises(BadSettings, match="no model in") as kept, serve_in_background(wrong):
        pass
    with serve_in_background(replace(wrong, models=settings.models)) as address:
        assert address.port == port
    assert kept.value.__traceback__ is not None  # as notebooks keep it, and with it the server
