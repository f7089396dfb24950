"""A model on disk, read and checked: models/<name>/<version>/ with its graphs and their card."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from boxwright.shelf.aliases import NUMBER
from boxwright_contract.card import CARD_FILE, CONCLUSION_FILE, GRAPH_FILE, Card, decode
from boxwright_contract.errors import BadBundle
from boxwright_contract.precision_record import graph_file


@dataclass(frozen=True)
class Bundle:
    """Graphs whose bytes are those that their card was written for."""

    name: str
    version: int
    card: Card
    graph: Path
    conclusion: Path | None = None
    """The second graph, where proposals come in chunks."""

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
        BadBundle: A file is missing or unreadable, the card says what cannot be, or a graph has
            other bytes.
    """
    if not NUMBER.fullmatch(folder.name):
        raise BadBundle(
            f"the folder {folder} is not named by a version. Name it by a number, as 1."
        )
    try:
        return _read(folder)
    except OSError as error:
        raise BadBundle(f"{folder} cannot be read: {error}. Mend it, or remove it.") from error


def _read(folder: Path) -> Bundle:
    card_file = _there(folder / CARD_FILE)
    graph = _there(folder / GRAPH_FILE)
    card = decode(card_file.read_bytes(), str(card_file))
    _check_proposals(card, card_file)
    _check_bytes(graph, card.graph_sha256)
    conclusion = None
    if card.chunk is not None:
        conclusion = _there(folder / CONCLUSION_FILE)
        _check_bytes(conclusion, card.chunk.conclusion_sha256)
    for precision, promised in {(its.precision, its.graph_sha256) for its in card.precisions}:
        if promised:
            _check_bytes(_there(folder / graph_file(precision)), promised)
    return Bundle(folder.parent.name, int(folder.name), card, graph, conclusion)


def _there(file: Path) -> Path:
    if not file.is_file():
        raise BadBundle(f"{file} is missing. Export the model again, or remove {file.parent}.")
    return file


def _check_bytes(graph: Path, promised: str) -> None:
    with graph.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != promised:
        raise BadBundle(
            f"{graph} was altered: its SHA-256 is {found}, its card says {promised}. "
            "Copy the folder again from where it was exported."
        )


def _check_proposals(card: Card, file: Path) -> None:
    """Refuse a card that does not say how its model gets its proposals, or says what cannot be."""
    rule, chunk = card.proposals, card.chunk
    fault = ""
    if card.needs_proposals and rule is None:
        fault = "it needs proposals, but has no rule for them"
    elif not card.needs_proposals and (rule or chunk):
        fault = "it needs no proposals, but tells how they come"
    elif rule and min(rule.limit, rule.longest_side_px) < 1:
        fault = f"the limit and the longest side of its rule are not at least 1: {rule}"
    elif chunk and min(chunk.most, chunk.numbers) < 1:
        fault = f"the numbers of its chunks are not at least 1: {chunk}"
    if fault:
        raise BadBundle(f"{file} contradicts itself: {fault}. Export the model again.")
