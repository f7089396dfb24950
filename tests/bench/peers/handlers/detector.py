"""The work that every peer is given: photos as files -> boxes in their pixels, by our rules.

Decoding, resizing and placing are Boxwright's own functions, so that all do the same. Photos that
come together are decoded side by side, and those of one canvas size run together.
"""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tests.bench.peers.handlers.assignment import Assignment
from tests.bench.peers.handlers.sessions import open_session

from boxwright_contract import card
from boxwright_contract.card import CARD_FILE, GRAPH_FILE, Card
from boxwright_contract.input_rule import InputRule, place
from boxwright_contract.pixels import decode

OUTPUTS = ["boxes", "scores", "labels", "count"]


@dataclass(frozen=True)
class Prepared:
    """A photo at the size that the model takes, and how big it was."""

    pixels: NDArray[np.uint8]
    """(h, w, 3)"""
    height_px: int
    width_px: int


@dataclass(frozen=True)
class Found:
    """The objects in one photo, best first."""

    boxes: NDArray[np.float32]
    """(n, 4): x1, y1, x2, y2 in pixels of the photo."""
    scores: NDArray[np.float32]
    labels: NDArray[np.int32]

    def plain(self) -> Mapping[str, Any]:
        """Return it as JSON has it."""
        return {
            "boxes": self.boxes.tolist(),
            "scores": self.scores.tolist(),
            "labels": self.labels.tolist(),
        }


@dataclass(frozen=True)
class Detector:
    """The model in one session, with what decodes for it."""

    session: ort.InferenceSession
    card: Card
    decoders: ThreadPoolExecutor = field(repr=False)

    @classmethod
    def open(cls, assignment: Assignment) -> "Detector":
        """Return the detector of an assignment."""
        session = open_session(Path(assignment.bundle) / GRAPH_FILE, assignment.execution)
        return cls(session, read_card(assignment), ThreadPoolExecutor(os.cpu_count()))

    def detect(self, photos: Sequence[bytes]) -> list[Found]:
        """Return what is in each photo."""
        rule = self.card.input
        return self.detect_prepared(
            list(self.decoders.map(lambda photo: prepare(photo, rule), photos))
        )

    def detect_prepared(self, photos: Sequence[Prepared]) -> list[Found]:
        """Return what is in each photo: one run for each canvas size."""
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, photo in enumerate(photos):
            groups[self.card.input.canvas(*photo.pixels.shape[:2])].append(position)
        found: dict[int, Found] = {}
        for sides, positions in groups.items():
            group = self.run([photos[position] for position in positions], sides)
            found |= zip(positions, group, strict=True)
        return [found[position] for position in range(len(photos))]

    def run(self, photos: Sequence[Prepared], sides: tuple[int, int]) -> list[Found]:
        """Return what is in each photo, in one run on canvases of `sides`."""
        boxes, scores, labels, count = self.session.run(OUTPUTS, canvases(photos, sides))
        return [
            self._found(photo, boxes[row, :rows], scores[row, :rows], labels[row, :rows])
            for row, (photo, rows) in enumerate(zip(photos, count, strict=True))
        ]

    def _found(
        self,
        photo: Prepared,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        labels: NDArray[np.int32],
    ) -> Found:
        keep = scores >= self.card.min_score
        height, width = photo.pixels.shape[:2]
        edge = np.array([photo.width_px, photo.height_px] * 2, np.float32)
        ratio = edge / np.array([width, height] * 2, np.float32)
        return Found(np.clip(boxes[keep] * ratio, 0, edge), scores[keep], labels[keep])


def read_card(assignment: Assignment) -> Card:
    """Return the card of an assignment's model."""
    file = Path(assignment.bundle) / CARD_FILE
    return card.decode(file.read_bytes(), str(file))


def prepare(photo: bytes, rule: InputRule) -> Prepared:
    """Decode a photo, and resize it."""
    upright = decode(photo)
    return Prepared(rule.resize(upright), *upright.shape[:2])


def canvases(photos: Sequence[Prepared], sides: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """Return what a session is fed for photos of one canvas size."""
    canvas = np.zeros((len(photos), *sides, 3), np.uint8)
    for row, photo in zip(canvas, photos, strict=True):
        place(photo.pixels, row)
    sizes = np.array([photo.pixels.shape[:2] for photo in photos], np.int32)
    return {"image": canvas, "image_size": sizes}
