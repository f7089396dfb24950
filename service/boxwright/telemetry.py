"""What the server tells about itself: log lines for people, or JSON for machines."""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime

from boxwright.settings import Settings

LINE = "%(asctime)s %(levelname)-7s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Leave out calls that the server's stop cut short: grpcio tells each with a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def set_up_logging(settings: Settings) -> None:
    """Send what is logged to standard error, as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(is_worth_telling)
    json_lines = settings.log_format == "json"
    handler.setFormatter(JsonLines() if json_lines else logging.Formatter(LINE))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
