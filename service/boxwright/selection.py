"""Which of the boxes that a model found are wanted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.query import Query
from boxwright_contract.card import Card
from boxwright_contract.errors import BadInput, UnknownName


@dataclass(frozen=True)
class Selection:
    """What a query wants of a model's answer."""

    min_score: float
    most: int
    labels: frozenset[int]
    """Empty: all."""

    @classmethod
    def of(cls, query: Query, card: Card) -> "Selection":
        """Return the query's wishes, filled up with the card's defaults.

        Raises:
            BadInput: A score outside 0 to 1, or no detections at all are asked for.
            UnknownName: The model has no such class.
        """
        min_score = card.min_score if query.min_score is None else query.min_score
        if not 0 <= min_score <= 1:
            raise BadInput(f"min_score is {min_score}. Send a number from 0 to 1, or leave it out.")
        most = card.most_detections if query.max_detections is None else query.max_detections
        if most < 1:
            raise BadInput(f"max_detections is {most}. Ask for at least 1, or leave it out.")
        for name in query.classes:
            if name not in card.classes:
                raise UnknownName.among("class", name, card.classes)
        return cls(min_score, most, frozenset(map(card.classes.index, query.classes)))

    def rows(self, scores: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the rows that are wanted, in order, of detections that come best first."""
        wanted = scores >= np.float32(self.min_score)
        if self.labels:
            wanted &= np.isin(labels, list(self.labels))
        return np.flatnonzero(wanted)[: self.most]
