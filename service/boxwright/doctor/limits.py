"""The system's limits of a process: open files and threads, against what a full server has."""

import resource
from collections.abc import Iterator

from boxwright.device import cgroup, cores
from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.models import versions
from boxwright.settings import Settings
from boxwright.telemetry.metrics_port import MOST_READERS
from boxwright.transport import MOST_FILES, OTHER_FILES, most_files

LIMITS = Concern("limits")

OTHER_THREADS = 24
"""Of a server: gRPC's own, metrics, the event loop; measured, and generous."""


def look(settings: Settings, groups: cgroup.Groups = cgroup.OURS) -> Iterator[Finding]:
    """Tell which limits a full server would meet."""
    yield _files(settings)
    yield _threads(settings, cgroup.allowance(groups).processes)


def _files(settings: Settings) -> Finding:
    files = most_files()
    busy = settings.max_requests + settings.max_streams + MOST_READERS
    wanted = min(busy + OTHER_FILES, MOST_FILES)
    if files >= wanted:
        return LIMITS.ok(f"{files} open files: room for {files - OTHER_FILES} connections")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return LIMITS.warning(
        f"the process may have {hard} files open; {settings.max_requests} requests, "
        f"{settings.max_streams} streams and readers of metrics, each on a connection of its own, "
        f"need {wanted}",
        f"Raise it: ulimit -n {MOST_FILES}, --ulimit nofile={MOST_FILES}:{MOST_FILES} of a "
        f"container, LimitNOFILE={MOST_FILES} of a systemd unit.",
    )


def _threads(settings: Settings, allowed: int | None) -> Finding:
    threads = settings.threads or cores.available()
    models = len(versions(settings.models))
    wanted = OTHER_THREADS + threads * (models + 2)
    if allowed is None:
        return LIMITS.ok("the container has no limit of threads")
    if allowed >= wanted:
        return LIMITS.ok(f"the container may have {allowed} threads; about {wanted} are needed")
    return LIMITS.problem(
        f"the container may have {allowed} threads, and about {wanted} are needed",
        f"Raise its limit of processes (--pids-limit) to at least {wanted}, or set "
        "BOXWRIGHT_THREADS (--threads) lower.",
    )
