"""What the server logs, for people and for machines."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from boxwright.settings import Settings
from boxwright.telemetry.logs import set_up_logging


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(level)


def test_lines_for_people_have_time_level_and_message(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(settings)
    logging.getLogger("boxwright").info("loaded %s", "people/1")
    logging.getLogger("boxwright").debug("not this")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO    loaded people/1")


def test_lines_for_machines_are_json_with_the_traceback_inside(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(replace(settings, log_format="json"))
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("boxwright").exception("it failed")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == (
        "error",
        "boxwright",
        "it failed",
    )
    assert "ValueError: no" in entry["exception"]


def test_a_call_that_the_stop_cut_short_is_no_news(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(settings)
    for error in (asyncio.CancelledError(), ValueError("this is")):
        try:
            raise error
        except BaseException:
            logging.getLogger("grpc").exception("in a call")
    told = capsys.readouterr().err
    assert "CancelledError" not in told
    assert "ValueError: this is" in told
