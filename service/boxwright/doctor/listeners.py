"""Who listens on a TCP port, as far as Linux tells this user."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LISTENS = "0A"
LONGEST_COMMAND = 80


@dataclass(frozen=True)
class Listener:
    """A process that listens."""

    process: int
    command: tuple[str, ...]

    @property
    def is_boxwright(self) -> bool:
        """Whether it is a server of ours."""
        return "serve" in self.command and any("boxwright" in word for word in self.command)

    def __str__(self) -> str:
        """Return it as people look for it."""
        return f"process {self.process} ({' '.join(self.command)[:LONGEST_COMMAND]})"


def listener(port: int, proc: Path = PROC) -> Listener | None:
    """Return a process that listens on a port of any address. None: Linux does not tell."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return None
    for process in (int(folder.name) for folder in proc.iterdir() if folder.name.isdecimal()):
        try:
            if any(_link(file) in sockets for file in (proc / f"{process}/fd").iterdir()):
                words = (proc / f"{process}/cmdline").read_bytes().split(b"\0")
                return Listener(process, tuple(word.decode(errors="replace") for word in words))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return None


def _link(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:  # it was closed meanwhile, and the next may be the one
        return ""


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for _, local, _, state, *rest in map(str.split, lines):
            if state == LISTENS and int(local.rpartition(":")[2], 16) == port:
                yield rest[5]
