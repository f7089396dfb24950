"""What this process's control groups let it have, in either version: cores, memory, processes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

UNLIMITED = 1 << 60
"""Version 1 writes no limit of memory as a number that no machine has."""


@dataclass(frozen=True)
class Groups:
    """Where Linux tells of a process's control groups."""

    root: Path = Path("/sys/fs/cgroup")
    membership: Path = Path("/proc/self/cgroup")
    """Lines of NUMBER:CONTROLLERS:PATH; version 2 has no controllers there."""


OURS = Groups()


@dataclass(frozen=True)
class Allowance:
    """What the groups of a process let it have, all of them together. None: no limit."""

    cores: float | None = None
    memory_bytes: int | None = None
    processes: int | None = None
    """Threads count as processes."""


def allowance(groups: Groups = OURS) -> Allowance:
    """Return the least that any group around this process allows; what is unreadable, does not."""
    folders = list(_folders(groups))
    memory = ("memory.max", "memory.limit_in_bytes")
    return Allowance(
        cores=min(filter(None, map(_cores, folders)), default=None),
        memory_bytes=_least(folders, memory),
        processes=_least(folders, ("pids.max",)),
    )


def _folders(groups: Groups) -> Iterator[Path]:
    """Yield the folders of this process's groups, and of those around them."""
    for line in _text(groups.membership).splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            top = groups.root / controller
            inside = top / path.strip("/")
            yield from (inside, *(outer for outer in inside.parents if outer.is_relative_to(top)))


def _cores(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = (_text(folder / f"cpu.cfs_{what}_us") for what in ("quota", "period"))
    if not (quota.isdecimal() and period.isdecimal()):  # max, or -1
        return None
    return int(quota) / int(period)


def _least(folders: Iterable[Path], files: Iterable[str]) -> int | None:
    texts = [_text(folder / file) for folder in folders for file in files]
    numbers = [int(text) for text in texts if text.isdecimal()]
    return min((number for number in numbers if number < UNLIMITED), default=None)


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
