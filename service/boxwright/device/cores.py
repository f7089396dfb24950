"""How many processor cores this process may use, containers' limits included."""

import os

from boxwright.device.cgroup import allowance


def pinned() -> int:
    """Return the cores of this process's affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available() -> int:
    """Return the cores of this process's affinity, or its container's quota if that is less."""
    quota = allowance().cores
    return pinned() if quota is None else min(pinned(), max(1, round(quota)))
