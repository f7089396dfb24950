"""How much memory this process may use, containers' limits included."""

import os
from pathlib import Path

from boxwright.device.cgroup import OURS, Groups, allowance


def memory_limit_bytes(groups: Groups = OURS) -> int:
    """Return the machine's memory, or its container's limit if that is less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(machine, allowance(groups).memory_bytes or machine)


def half_is_free(groups: Groups = OURS) -> bool:
    """Tell whether this process holds less than half of the memory that it may use."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux
        return True
    return 2 * pages * os.sysconf("SC_PAGE_SIZE") < memory_limit_bytes(groups)
