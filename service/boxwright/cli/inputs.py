"""What was named on the command line -> image files: files, folders and patterns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boxwright_contract.errors import BadInput

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Of the files that are taken from a folder; a file that is named itself may be called anything."""


@dataclass(frozen=True)
class Input:
    """One file to look at, or why there is none."""

    path: Path
    problem: BadInput | None = None


def expand(names: Iterable[str]) -> list[Input]:
    """Return the files that `names` stand for, each once, in the order of the names."""
    return list(dict.fromkeys(found for name in names for found in _expand(name)))


def _expand(name: str) -> Iterator[Input]:
    path = Path(name)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        problem = f"the folder '{name}' has no images ({', '.join(sorted(SUFFIXES))})."
    elif path.exists() or not any(wildcard in name for wildcard in "*?["):
        found, problem = [path], ""
    else:
        matches = Path(path.anchor).glob(str(path.relative_to(path.anchor)))
        found = sorted(match for match in matches if match.is_file())
        problem = f"the pattern '{name}' matches no file."
    if found:
        yield from map(Input, found)
    else:
        yield Input(path, BadInput(f"{problem} Check the path."))
