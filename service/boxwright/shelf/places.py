"""Where models lie, models/<name>/<version>/, and how their files look from outside."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from boxwright_contract.card import CARD_FILE

ALIASES_FILE = "aliases.json"
"""In models/<name>/: names that stand for versions."""

Files: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Name, bytes, time of change and inode of each: while they are the same, so are the contents."""


@dataclass(frozen=True)
class Look:
    """What there was in a folder of models at one moment."""

    versions: Mapping[Path, Files] = field(default_factory=dict)
    """By folder, which ends in <name>/<version>."""
    aliases: Mapping[Path, Files] = field(default_factory=dict)
    """By file, which ends in <name>/aliases.json."""
    closed: Mapping[Path, str] = field(default_factory=dict)
    """Folders of models that cannot be read, and why; nobody knows what they hold."""

    def settled_since(self, before: "Look") -> "Look":
        """Return what was there already, and looked the same."""
        return Look(
            {
                place: its
                for place, its in self.versions.items()
                if before.versions.get(place) == its
            },
            {file: its for file, its in self.aliases.items() if before.aliases.get(file) == its},
        )


def look(folder: Path) -> Look:
    """Return what there is in a folder of models now, or in that of one model.

    Where <version>/ lies in the folder itself, as KServe mounts one model, the folder's name is the
    model's.

    Raises:
        OSError: The folder cannot be read.
    """
    versions: dict[Path, Files] = {}
    aliases: dict[Path, Files] = {}
    closed: dict[Path, str] = {}
    for model in _folders(folder):
        try:
            if (model / CARD_FILE).is_file():  # the folder is itself that of one model
                whole = Path(os.path.abspath(folder))  # noqa: PTH100  A link keeps its name.
                versions[whole / model.name] = files_in(model)
                aliases |= _aliases_in(whole)
                continue
            versions |= {version: files_in(version) for version in _folders(model)}
            aliases |= _aliases_in(model)
        except FileNotFoundError:
            continue  # it went while we looked: the next look tells
        except OSError as error:
            closed[model] = error.strerror or str(error)
    return Look(versions, aliases, closed)


def files_in(folder: Path) -> Files:
    """Return how the files in a folder look from outside."""
    return tuple(each for file in sorted(folder.iterdir()) for each in files_of(file))


def files_of(file: Path) -> Files:
    """Return how one file looks from outside, or a link that leads to none."""
    try:
        told = file.stat()
    except OSError:
        told = file.lstat()
    return ((file.name, told.st_size, told.st_mtime_ns, told.st_ino),)


def _aliases_in(model: Path) -> dict[Path, Files]:
    return {file: files_of(file) for file in (model / ALIASES_FILE,) if file.is_file()}


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
