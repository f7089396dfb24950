"""How a precision did beside float32, and the card that tells it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import starmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.card import CARD_FILE, Card, encode
from boxwright_contract.precision_record import PrecisionRecord, graph_file
from boxwright_workshop.accuracy import Found

SAME = 0.5
"""IoU from which on two boxes of a class are taken for the same detection."""


def worst_score(ours: Sequence[Found], theirs: Sequence[Found], min_score: float) -> float:
    """Return the largest change of a score between two answers to each of some photos.

    Args:
        ours: For each photo, all that was found, whatever it scores.
        theirs: The same of the other.
        min_score: Only detections of this score, in either, are looked at.

    Returns:
        In 0..1. A detection without one of its class at an IoU of `SAME` in the other counts whole.
    """
    pairs = [*zip(ours, theirs, strict=True), *zip(theirs, ours, strict=True)]
    return max(starmap(lambda one, other: _worst(one, other, min_score), pairs), default=0.0)


def _worst(one: Found, other: Found, min_score: float) -> float:
    boxes, scores, labels = one
    same = (_iou(boxes, other[0]) >= SAME) & (labels[:, None] == other[2])
    nearest = np.where(same, np.abs(scores[:, None] - other[1]), scores[:, None])
    change = nearest.min(1, initial=1.0)
    change = np.minimum(change, scores)
    return float(change.max(initial=0.0, where=scores >= min_score))


def _iou(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (A, B) of boxes (A, 4) and (B, 4)."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    shared = (high - low).clip(0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (ours, theirs)]
    union = areas[0][:, None] + areas[1] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def merged(
    old: Sequence[PrecisionRecord], new: Sequence[PrecisionRecord]
) -> tuple[PrecisionRecord, ...]:
    """Return `new`, and of `old` what it neither replaces nor takes the graph from."""
    measured = {(record.precision, record.device) for record in new}
    graphs = {record.precision: record.graph_sha256 for record in new if record.graph_sha256}
    kept = (
        record
        for record in old
        if (record.precision, record.device) not in measured
        and record.graph_sha256 in ("", graphs.get(record.precision, record.graph_sha256))
    )
    return (*kept, *new)


def write_records(
    folder: Path, card: Card, records: Sequence[PrecisionRecord], int8: Path | None
) -> Card:
    """Write what was measured into the card in `folder`, and the graph beside it if it is offered.

    Each file is whole at any moment. A graph that no record names any more is removed.

    Args:
        folder: The bundle's.
        card: What is there.
        records: What was measured.
        int8: The graph that records of int8 name.
    """
    kept = [replace(each, graph_sha256="") if each.refusal else each for each in records]
    if int8 is not None and any(each.graph_sha256 for each in kept):
        _put(folder / graph_file("int8"), int8.read_bytes())
    card = replace(card, precisions=merged(card.precisions, kept))
    _put(folder / CARD_FILE, encode(card))
    if not any(each.graph_sha256 for each in card.precisions):
        (folder / graph_file("int8")).unlink(missing_ok=True)
    return card


def _put(file: Path, content: bytes) -> None:
    scratch = file.with_name(f".{file.name}.new")
    scratch.write_bytes(content)
    scratch.replace(file)
