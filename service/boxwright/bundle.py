"""A model on disk, read and checked: models/<name>/<version>/ with a graph and its card."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from boxwright_contract.card import CARD_FILE, GRAPH_FILE, Card, decode
from boxwright_contract.errors import BadBundle


@dataclass(frozen=True)
class Bundle:
    """A graph whose bytes are those that its card was written for."""

    name: str
    version: int
    card: Card
    graph: Path

    @property
    def architecture(self) -> str:
        """Detector and backbone, as in faster_rcnn+resnet50."""
        return f"{self.card.detector.name}+{self.card.backbone.name}"

    def __str__(self) -> str:
        """Return it as people write it: name/version."""
        return f"{self.name}/{self.version}"


def read(folder: Path) -> Bundle:
    """Return the bundle in `folder`, whose path ends in <name>/<version>.

    Raises:
        BadBundle: A file is missing, the card cannot be read, or the graph has other bytes.
    """
    if not folder.name.isdecimal():
        raise BadBundle(
            f"the folder {folder} is not named by a version. Name it by a number, as 1."
        )
    graph, card_file = folder / GRAPH_FILE, folder / CARD_FILE
    for file in (card_file, graph):
        if not file.is_file():
            raise BadBundle(f"{file} is missing. Export the model again, or remove {folder}.")
    card = decode(card_file.read_bytes(), str(card_file))
    found = _sha256(graph)
    if found != card.graph_sha256:
        raise BadBundle(
            f"{graph} was altered: its SHA-256 is {found}, its card says {card.graph_sha256}. "
            "Copy the folder again from where it was exported."
        )
    return Bundle(folder.parent.name, int(folder.name), card, graph)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
