"""How long a command waits for an answer."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.cli.connection import connected
from boxwright_contract.errors import DeadlinePassed


@pytest.mark.parametrize("seconds", ["0", "-1", "0.0001"])
def test_no_time_at_all_is_refused(seconds: str) -> None:
    printed = CliRunner().invoke(app, ["detect", "a.png", "--timeout", seconds])
    assert printed.exit_code == 2
    assert "Invalid value for '--timeout'" in printed.stderr


def test_no_time_at_all_does_not_become_the_default(seeing: Path) -> None:
    with (
        connected(None, seeing, timeout_s=0) as client,
        pytest.raises(DeadlinePassed, match="no answer within 0 s"),
    ):
        client.models()
