"""Whether the graphs of a bundle take and give what its card promises.

Shape shorthand: N images, H and W canvas sides in pixels, P proposals, D most detections.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from boxwright.shelf.bundle import Bundle
from boxwright_contract.card import CONCLUSION_FILE, GRAPH_FILE, Card
from boxwright_contract.errors import BadBundle

Shape = tuple[int | str | None, ...]


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph. A dimension that is not a number can be any number."""

    name: str
    type: str
    """As ONNX Runtime names it: tensor(float)."""
    shape: Shape

    def __str__(self) -> str:
        """Return it as people write it: boxes tensor(float) (N, 100, 4)."""
        return f"{self.name} {self.type} ({', '.join(map(str, self.shape))})"

    def fits(self, promised: "Tensor") -> bool:
        """Whether this tensor of a graph is what was promised.

        What was promised as free must be free; a number may be found out when the graph runs.
        """
        return (
            self.type == promised.type
            and len(self.shape) == len(promised.shape)
            and all(
                found == wanted or not isinstance(found, int)
                for found, wanted in zip(self.shape, promised.shape, strict=True)
            )
        )


@dataclass(frozen=True)
class Promise:
    """What a graph takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


IMAGE = Tensor("image", "tensor(uint8)", ("N", "H", "W", 3))
IMAGE_SIZE = Tensor("image_size", "tensor(int32)", ("N", 2))
PROPOSALS = Tensor("proposals", "tensor(float)", ("N", "P", 4))
PROPOSAL_COUNT = Tensor("proposal_count", "tensor(int32)", ("N",))


def promises(card: Card) -> dict[str, Promise]:
    """Return what each graph of a bundle with this card takes and gives, by its file."""
    canvas = (IMAGE, IMAGE_SIZE)
    inputs = (*canvas, PROPOSALS, PROPOSAL_COUNT) if card.needs_proposals else canvas
    if card.chunk is None:
        return {GRAPH_FILE: Promise(inputs, detections(card))}
    regions = Tensor("regions", "tensor(float)", ("N", "P", card.chunk.numbers))
    return {
        GRAPH_FILE: Promise(inputs, (regions,)),
        CONCLUSION_FILE: Promise(
            (regions, PROPOSALS, PROPOSAL_COUNT, IMAGE_SIZE), detections(card)
        ),
    }


def detections(card: Card) -> tuple[Tensor, ...]:
    """Return what a model with this card gives in the end."""
    rows = card.most_detections
    return (
        Tensor("boxes", "tensor(float)", ("N", rows, 4)),
        Tensor("scores", "tensor(float)", ("N", rows)),
        Tensor("labels", "tensor(int32)", ("N", rows)),
        Tensor("count", "tensor(int32)", ("N",)),
        Tensor("proposal", "tensor(int32)", ("N", rows))
        if card.needs_proposals
        else Tensor("origin", "tensor(int32)", ("N", rows, 3)),
    )


def check_graph(bundle: Bundle, file: str, found: Promise) -> None:
    """Compare a graph, that is in `file`, with its card.

    Raises:
        BadBundle: They differ; the message holds each difference.
    """
    promised = promises(bundle.card)[file]
    lines = [
        *_differences("input", promised.inputs, found.inputs),
        *_differences("output", promised.outputs, found.outputs),
    ]
    if lines:
        raise mismatch(bundle, file, lines)


def mismatch(bundle: Bundle, file: str, differences: Iterable[str]) -> BadBundle:
    """Return the error that prints the differences between a graph and its card."""
    lines = "".join(f"\n    {line}" for line in differences)
    return BadBundle(
        f"{file} of {bundle} is not what its card says. Export the model again.{lines}"
    )


def _differences(role: str, promised: tuple[Tensor, ...], found: Iterable[Tensor]) -> Iterable[str]:
    there = {tensor.name: tensor for tensor in found}
    for wanted in promised:
        tensor = there.pop(wanted.name, None)
        if tensor is None:
            yield f"{role}: the card says {wanted}, the graph has none"
        elif not tensor.fits(wanted):
            yield f"{role}: the card says {wanted}, the graph has {tensor}"
    for extra in there.values():
        yield f"{role}: the graph has {extra}, the card does not"
