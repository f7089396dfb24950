"""What a graph is fed for photos, to learn the ranges of its activations."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.card import Card
from boxwright_workshop.annotations import Photo
from boxwright_workshop.examples import plain
from boxwright_workshop.proposals import with_proposals


def feeds(card: Card, photos: Iterable[Photo]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield what the graph of a model with this card takes, for each photo.

    Of proposals in chunks it is the first chunk.

    Raises:
        UnknownName: The source of its proposals is not installed.
        BadDataset: A photo is damaged.
    """
    for photo in with_proposals(photos, card.proposals):
        batch, _, _ = plain(photo, card.input)
        fed = {"image": batch.canvas.numpy(), "image_size": batch.image_size.numpy()}
        if card.needs_proposals:
            [boxes] = batch.proposals
            most = len(boxes) if card.chunk is None else card.chunk.most
            few = boxes.numpy()[None, :most]
            fed |= {"proposals": few, "proposal_count": np.array([few.shape[1]], np.int32)}
        yield fed
