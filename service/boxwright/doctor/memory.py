"""Memory: what there is, and what the models and the largest images need, roughly."""

import os
from collections.abc import Iterator
from pathlib import Path

from boxwright.device import cgroup, cores
from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.models import versions
from boxwright.settings import Settings
from boxwright.transport import ROOM_OVER_LIMIT

MEMORY = Concern("memory")

MB = 1_000_000
SERVER_BYTES = 210 * MB
"""Of a server without models: measured, as is the next."""
MODEL_BYTES = 160 * MB
"""Of a model, beside its graphs: what a run of an image of 320 px needs."""
COPIES = 2
"""Of each graph: for runs side by side, and for one that is alone."""
COLOURS = 3
ROOMS = 1.75
"""Those of calls without images, of health and of reflection are a fourth of that for images."""


def look(
    settings: Settings,
    groups: cgroup.Groups = cgroup.OURS,
    machine_bytes: int = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
) -> Iterator[Finding]:
    """Compare what there is with what will be needed."""
    limit = cgroup.allowance(groups).memory_bytes
    there, what = machine_bytes, f"the machine has {_told(machine_bytes)}"
    if limit is not None and limit < there:
        there, what = limit, f"the container may have {_told(limit)}"
    graphs = _graphs(settings.models)
    need = SERVER_BYTES + sum(MODEL_BYTES + COPIES * size for size in graphs)
    needed = f"a server of {len(graphs)} model{'s' * (len(graphs) != 1)} needs about {_told(need)}"
    if need > there:
        yield MEMORY.warning(
            f"{what}, and {needed}",
            "Give it more, serve fewer models, or set BOXWRIGHT_LANES (--lanes) to 1.",
        )
        return
    threads = settings.threads or cores.available()
    images = settings.max_pixels * COLOURS * threads
    # A stream has a message that waits for its place, besides those that are in work.
    messages = settings.max_streams + settings.max_requests // 2
    bytes_in = settings.max_inside_bytes * ROOMS + messages * settings.max_message_bytes
    full = need + images + round(bytes_in * ROOM_OVER_LIMIT)
    if full <= there:
        yield MEMORY.ok(
            f"{what}; {needed}, and {_told(full)} when it is full of the largest images"
        )
        return
    yield MEMORY.ok(f"{what}; {needed}")
    yield MEMORY.warning(
        f"{settings.max_inside_bytes} bytes of requests, {messages} messages of streams with "
        f"{settings.max_message_bytes} bytes, and {threads} images of {settings.max_pixels} pixels "
        f"decoded at once, make that {_told(full)}: too much",
        f"Give it {_told(full)}, or set BOXWRIGHT_MAX_STREAMS (--max-streams), "
        "BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes), BOXWRIGHT_MAX_INSIDE_BYTES "
        "(--max-inside-bytes) or BOXWRIGHT_MAX_PIXELS (--max-pixels) lower.",
    )


def _graphs(models: Path) -> list[int]:
    """Return the bytes of the graphs of each version."""
    return [
        sum(size for name, size, *_ in files if name.endswith(".onnx"))
        for files in versions(models).values()
    ]


def _told(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / MB:.0f} MB"
