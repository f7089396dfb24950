"""Can a backbone be exported, and does its graph say what torch says?"""

import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim

from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.behaviour_checks import TOLERANCE, difference
from boxwright_workshop.conformance.finding import Outcome, failed, passed
from boxwright_workshop.graph_file import FORBIDDEN
from boxwright_workshop.tracing import traced

SHAPES = ((1, 1, 1), (2, 2, 3), (3, 4, 2))
"""Batch, rows and columns, the last two in units of the divisor."""
LARGE_CELLS = (10, 14)
LARGE_PX = (320, 448)
"""One more image is as large as both: what a network does for large images only shows there."""


class Ordered(nn.Module):
    """Levels in an order, from a network that returns them by name."""

    def __init__(self, net: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.net = net
        self.names = tuple(names)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Map (N, 3, H, W) to the levels."""
        levels = self.net(image)
        return tuple(levels[name] for name in self.names)


def graph_answers_as_torch(specimen: BackboneSpecimen) -> Outcome:
    """Export it for any batch and size, and run the graph in ONNX Runtime beside torch."""
    model = exported(specimen)
    odd = [
        f"{node.op_type} at '{node.name}'"
        for node in model.graph.node
        if node.domain not in ("", "ai.onnx") or node.op_type.startswith(FORBIDDEN)
    ]
    if odd:
        return failed(
            f"the graph holds {', '.join(odd)}, which not every runtime takes.",
            "Write those lines without Python's if on tensors and without boolean indexing.",
        )
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "levels.onnx"
        file.write_bytes(model.SerializeToString())
        session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    shapes = (*SHAPES, _large(specimen.divisor))
    worst = 0.0
    for shape in shapes:
        x = specimen.pictures(*shape)
        ran: list[NDArray[np.float32]] = session.run(specimen.names, {"image": x.numpy()})
        graph = {name: torch.from_numpy(y) for name, y in zip(specimen.names, ran, strict=True)}
        torch_levels = specimen.levels(x)
        for name, level in torch_levels.items():
            if graph[name].shape != level.shape:
                return failed(
                    f"on {tuple(x.shape)} the graph's {name} is {tuple(graph[name].shape)}, "
                    f"torch's {tuple(level.shape)}.",
                    "Take sizes from x.shape, as numbers that may change.",
                )
            apart, _ = difference({name: level}, graph)
            if apart > TOLERANCE:
                return failed(
                    f"on {x.shape[3]} x {x.shape[2]} px {name} of the graph is {apart:.2g} of its "
                    "largest value off torch's.",
                    "Look for an operation that is written differently for "
                    "torch.compiler.is_exporting(), or whose result depends on the size it was "
                    "traced at.",
                )
            worst = max(worst, apart)
    return passed(f"{len(shapes)} shapes, within {worst:.1g} of the largest value")


def _large(divisor: int) -> tuple[int, int, int]:
    """Return the shape of a large image that is not square, as in `SHAPES`."""
    rows, columns = (
        max(cells, ceil(side / divisor)) for cells, side in zip(LARGE_CELLS, LARGE_PX, strict=True)
    )
    return 1, rows, columns


def exported(specimen: BackboneSpecimen) -> onnx.ModelProto:
    """Return the graph from `image` (N, 3, H, W) to the levels, for any N, H and W."""
    n, height, width = Dim("n", min=1), Dim("h", min=1), Dim("w", min=1)
    divisor = specimen.divisor
    return traced(
        Ordered(specimen.net, specimen.names).eval(),
        (specimen.pictures(2, 3, 5),),
        ["image"],
        specimen.names,
        ({0: n, 2: divisor * height, 3: divisor * width},),
    )
