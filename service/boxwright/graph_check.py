"""Whether a graph takes and gives what its card promises.

Shape shorthand: N images, H and W canvas sides in pixels, P proposals, D most detections.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from boxwright.bundle import Bundle
from boxwright_contract.card import Card
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


def promised_inputs(card: Card) -> tuple[Tensor, ...]:
    """Return the inputs that a graph with this card takes."""
    canvas = (
        Tensor("image", "tensor(uint8)", ("N", "H", "W", 3)),
        Tensor("image_size", "tensor(int32)", ("N", 2)),
    )
    proposals = (
        Tensor("proposals", "tensor(float)", ("N", "P", 4)),
        Tensor("proposal_count", "tensor(int32)", ("N",)),
    )
    return canvas + proposals if card.needs_proposals else canvas


def promised_outputs(card: Card) -> tuple[Tensor, ...]:
    """Return the outputs that a graph with this card gives."""
    rows = card.most_detections
    return (
        Tensor("boxes", "tensor(float)", ("N", rows, 4)),
        Tensor("scores", "tensor(float)", ("N", rows)),
        Tensor("labels", "tensor(int32)", ("N", rows)),
        Tensor("count", "tensor(int32)", ("N",)),
        Tensor("origin", "tensor(int32)", ("N", rows, 3)),
    )


def check_graph(bundle: Bundle, inputs: Iterable[Tensor], outputs: Iterable[Tensor]) -> None:
    """Compare a graph with its card.

    Raises:
        BadBundle: They differ; the message holds each difference.
    """
    lines = [
        *_differences("input", promised_inputs(bundle.card), inputs),
        *_differences("output", promised_outputs(bundle.card), outputs),
    ]
    if lines:
        raise mismatch(bundle, lines)


def mismatch(bundle: Bundle, differences: Iterable[str]) -> BadBundle:
    """Return the error that prints the differences between a graph and its card."""
    lines = "".join(f"\n    {line}" for line in differences)
    return BadBundle(
        f"the graph of {bundle} is not what its card says. Export the model again.{lines}"
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
