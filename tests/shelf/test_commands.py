"""`boxwright admin`, and what `boxwright models` tells of aliases."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.client import Client

Put = Callable[..., Path]
Serve = Callable[..., AbstractContextManager[Client]]


def boxwright(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_models_are_loaded_unloaded_and_named_from_the_command_line(put: Put, serve: Serve) -> None:
    put("bright/1")
    with serve(watch_s=0, admin=True) as client:
        at = ("--server", client.address)
        put("bright/2")
        assert boxwright("admin", "load", "bright", *at).stdout == "served of bright: 2, 1\n"
        named = boxwright("admin", "alias", "bright", "stable", "2", *at)
        assert named.stdout == "bright/stable is now bright/2\n"
        listed = boxwright("models", *at).stdout.splitlines()
        assert ["bright", "2", "bright_areas+nothing", "3", "stable"] in map(str.split, listed)
        left = boxwright("admin", "unload", "bright", "2", *at)
        assert left.stdout == "served of bright: 1\n"
        gone = boxwright("admin", "unalias", "bright", "stable", *at)
        assert gone.stdout == "bright/stable stands for nothing now\n"
        assert boxwright("admin", "unload", "bright", *at).stdout == "served of bright: nothing\n"


def test_what_cannot_be_done_is_told_with_its_exit_code(put: Put, serve: Serve) -> None:
    put("bright/1")
    with serve(watch_s=0) as client:
        refused = boxwright("admin", "load", "bright", "--server", client.address)
    assert refused.exit_code == 2
    assert "Start it with --admin" in refused.stderr
    with serve(watch_s=0, admin=True) as client:
        unknown = boxwright("admin", "load", "none", "--server", client.address)
    assert unknown.exit_code == 2
    assert "no model named 'none'" in unknown.stderr
