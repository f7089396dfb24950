"""Tells what of a dashboard Grafana's own SDK does not know. Runs in an environment of the SDK.

JSON of the dashboard comes in; JSON of what was lost or changed on the way through goes out.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any


def losses(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield the places of `before` that are another in `after`, which may have more."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            yield from losses(value, after.get(name), f"{place}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (value, other) in enumerate(zip(before, after, strict=True)):
            yield from losses(value, other, f"{place}[{at}]")
    elif before != after:
        yield f"{place}: {before}"


def main() -> None:
    sdk = "grafana_foundation_sdk"
    importlib.import_module(f"{sdk}.cog.plugins").register_default_plugins()
    encoder = importlib.import_module(f"{sdk}.cog.encoder").JSONEncoder()
    dashboards = importlib.import_module(f"{sdk}.models.dashboard")
    board = json.load(sys.stdin)
    known = json.loads(encoder.encode(dashboards.Dashboard.from_json(board)))
    sys.stdout.write(json.dumps(list(losses(board, known))))


if __name__ == "__main__":
    main()
