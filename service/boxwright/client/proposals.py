"""Where a model that needs region proposals is to look: as a caller says it, and on the wire."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxwright.v1 import detection_pb2
from boxwright_contract.errors import BadProposals


@dataclass(frozen=True)
class FromModel:
    """What another served model finds is proposed, whatever the class.

    Models of the detector rpn are made for this.
    """

    name: str


ProposalsLike: TypeAlias = str | FromModel | ArrayLike
"""Name of a proposal source, a model, or boxes (P, 4): x_min, y_min, x_max, y_max, best first."""


def asked(proposals: ProposalsLike | None, most: int | None) -> detection_pb2.Proposals | None:
    """Return the part of a DetectRequest that says where to look; None: as the model's rule says.

    Raises:
        BadProposals: Boxes that are not four numbers each.
    """
    if proposals is None and most is None:
        return None
    return detection_pb2.Proposals(limit=most, **_given_by(proposals))


def _given_by(proposals: ProposalsLike | None) -> dict[str, Any]:
    match proposals:
        case None:
            return {}
        case str():
            return {"source": proposals}
        case FromModel(name):
            return {"model": name}
        case _:
            return {"boxes": detection_pb2.Boxes(edges_px=_edges(proposals).ravel().tolist())}


def _edges(proposals: ArrayLike) -> NDArray[np.float32]:
    try:
        edges = np.asarray(proposals, np.float32)
    except (TypeError, ValueError) as error:
        raise BadProposals(
            f"the proposals are not numbers: {error}. Send (P, 4): x_min, y_min, x_max, y_max."
        ) from error
    if edges.size and (edges.ndim != 2 or edges.shape[1] != 4):
        raise BadProposals(
            f"the proposals came as {edges.shape}. Send (P, 4): x_min, y_min, x_max, y_max."
        )
    return edges
