"""What goes into an exported graph and what comes out: names, types, and which axes are free."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim

from boxwright_contract.parts import Detector

FOUND = {"boxes": 1, "scores": 1, "labels": 1, "count": 1}


@dataclass(frozen=True)
class GraphForm:
    """What an exportable module maps to what."""

    inputs: Mapping[str, Tensor]
    """An example of each, by name, in the order in which the module takes them."""
    axes: Mapping[str, Mapping[int, Any]]
    """Of each input, its free axes as `torch.export` writes them."""
    outputs: Mapping[str, int]
    """Names, in the order in which the module gives them, and how many leading axes are free."""

    @property
    def free(self) -> dict[str, int]:
        """How many leading axes of each input and output are free."""
        return {name: len(axes) for name, axes in self.axes.items()} | dict(self.outputs)


def first_form(detector: Detector, divisor: int) -> GraphForm:
    """Return the form of what `Detector.exportable` gives.

    Args:
        detector: Whose graph it is.
        divisor: Canvas sides are multiples of it.
    """
    n, height, width = Dim("n", min=1), Dim("h", min=1), Dim("w", min=1)
    step = divisor
    sizes = [[2 * step, 5 * step], [3 * step, 4 * step]]
    inputs = {
        "image": torch.zeros(2, 3 * step, 5 * step, 3, dtype=torch.uint8),
        "image_size": torch.tensor(sizes, dtype=torch.int32),
    }
    axes = {"image": {0: n, 1: step * height, 2: step * width}, "image_size": {0: n}}
    if not detector.needs_proposals:
        return GraphForm(inputs, axes, FOUND | {"origin": 1})
    proposals, their_axes = _proposals(n, Dim("p", min=1), float(step))
    outputs = {"regions": 2} if detector.chunked else FOUND | {"proposal": 1}
    return GraphForm(inputs | proposals, axes | their_axes, outputs)


def conclusion_form(numbers: int) -> GraphForm:
    """Return the form of what `Chunked.conclusion` gives; `numbers` is F, of each region."""
    n, p = Dim("n", min=1), Dim("p", min=1)
    proposals, axes = _proposals(n, p, 32.0)
    inputs = {
        "regions": torch.zeros(2, 3, numbers),
        **proposals,
        "image_size": torch.tensor([[64, 160], [96, 128]], dtype=torch.int32),
    }
    return GraphForm(
        inputs, {"regions": {0: n, 1: p}, **axes, "image_size": {0: n}}, FOUND | {"proposal": 1}
    )


def _proposals(n: Any, p: Any, side_px: float) -> tuple[dict[str, Tensor], dict[str, Any]]:  # noqa: ANN401 - torch's own
    """Return an example of proposals of two images, and its free axes."""
    boxes = torch.tensor([[0.0, 0, 1, 1], [0, 0, 2, 1], [1, 0, 2, 2]]) * side_px
    return (
        {
            "proposals": boxes.expand(2, 3, 4).contiguous(),
            "proposal_count": torch.tensor([3, 2], dtype=torch.int32),
        },
        {"proposals": {0: n, 1: p}, "proposal_count": {0: n}},
    )
