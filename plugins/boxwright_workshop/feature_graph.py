"""The part of a network that makes feature maps, as an ONNX model to be analysed, not to be run."""

import ast
from collections import Counter
from collections.abc import Sequence

import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from boxwright_contract.geometry.field import Field
from boxwright_contract.geometry.graph.analysis import measure
from boxwright_workshop.tracing import traced

SCOPES = "pkg.torch.onnx.name_scopes"
"""Where the exporter notes the module that a node comes from, and those around it."""


class _Maps(nn.Module):
    """Feature maps in an order, from a network that returns them by name."""

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = tuple(names)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Map (1, 3, H, W) to the maps."""
        maps = self.network(image)
        return tuple(maps[name] for name in self.names)


def measured_fields(network: nn.Module, names: Sequence[str], divisor: int) -> dict[str, Field]:
    """Return what the cells of the feature maps of a network see.

    Args:
        network: Maps (1, 3, H, W) float32 to a dict that holds the named maps; it is not changed
            but for its mode.
        names: Of the maps.
        divisor: Sides of an image must be multiples of it.

    Raises:
        BadPlugin: The graph holds an operator that the analysis does not know.
    """
    model = feature_graph(network, names, divisor)
    found = measure(model, names, image="image", divisor=divisor)
    return {name: found[name].field for name in names}


def feature_graph(network: nn.Module, names: Sequence[str], divisor: int) -> onnx.ModelProto:
    """Return the graph from `image` (1, 3, H, W) to the named maps.

    Its nodes are called by the modules that they come from: layer1.0.conv1.
    """
    height, width = Dim("h", min=1), Dim("w", min=1)
    model = traced(
        _Maps(network.cpu(), names).eval(),
        (torch.zeros(1, 3, 3 * divisor, 5 * divisor),),
        ["image"],
        names,
        ({2: divisor * height, 3: divisor * width},),
    )
    used: Counter[str] = Counter()
    for node in model.graph.node:
        [noted] = [note.value for note in node.metadata_props if note.key == SCOPES] or ["[]"]
        modules = [scope for scope in ast.literal_eval(noted)[:-1] if scope]
        name = modules[-1].removeprefix("network").removeprefix(".") if modules else ""
        used[name := name or node.op_type] += 1
        node.name = name if used[name] == 1 else f"{name}:{used[name]}"
    return model
