"""What the server tells about itself: log lines for people, or JSON for machines."""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from boxwright.settings import Settings
from boxwright.telemetry import request_ids, tracing

LINE = "%(asctime)s %(levelname)-7s %(message)s"


class TextLines(logging.Formatter):
    """Lines for people; those of a call end with its id."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  Python's own name.
        """Return the record as a line, less its traceback."""
        ids = "".join(f" {key}={value}" for key, value in _ids().items())
        return super().formatMessage(record) + ids


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ids(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Leave out calls that the server's stop cut short: grpcio tells each with a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def set_up_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send what is logged to `stream`, or to standard error, as the settings say."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.addFilter(is_worth_telling)
    json_lines = settings.log_format == "json"
    handler.setFormatter(JsonLines() if json_lines else TextLines(LINE))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)


def _ids() -> dict[str, str]:
    """Return what tells the lines of one call from those of others; nothing outside of calls."""
    ids = {"request_id": request_ids.CURRENT.get(), "trace_id": tracing.trace_id()}
    return {key: value for key, value in ids.items() if value}
