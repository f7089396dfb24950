"""An exportable module to an ONNX file that any runtime can take."""

from pathlib import Path

import onnx
import torch
from torch import nn
from torch.export import Dim

from boxwright_contract.card import Precision
from boxwright_contract.errors import BadPlugin
from boxwright_workshop.float16 import store_half
from boxwright_workshop.tracing import traced

INPUTS = ("image", "image_size")
OUTPUTS = ("boxes", "scores", "labels", "count", "origin")
FORBIDDEN = ("If", "Loop", "Scan", "NonZero", "Sequence", "SplitToSequence", "ConcatFromSequence")
"""Beginnings of operator names that the OpenVINO provider, batching or TensorRT refuse."""


def export_graph(module: nn.Module, path: Path, divisor: int, precision: Precision) -> None:
    """Write the graph of an exportable module, for any N and any H and W that `divisor` divides.

    Args:
        module: In eval mode, on the CPU: (image, image_size) to `OUTPUTS`.
        path: The file to write.
        divisor: Canvas sides are multiples of it.
        precision: Of the stored parameters. For float16 they must have been rounded before.

    Raises:
        BadPlugin: The graph is bound to one size or holds an operator that it may not hold.
    """
    example = (
        torch.zeros(2, 3 * divisor, 5 * divisor, 3, dtype=torch.uint8),
        torch.tensor([[2 * divisor, 5 * divisor], [3 * divisor, 4 * divisor]], dtype=torch.int32),
    )
    n, height, width = Dim("n", min=1), Dim("h", min=1), Dim("w", min=1)
    model = traced(
        module,
        example,
        INPUTS,
        OUTPUTS,
        ({0: n, 1: divisor * height, 2: divisor * width}, {0: n}),
    )
    strip(model)
    check(model)
    if precision == "float16":
        store_half(model)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter noted for itself, in place.

    That includes the shapes between nodes: those after NonMaxSuppression are only upper bounds,
    and ONNX Runtime would plan its memory by them. It infers the others again.
    """
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    graph.ClearField("value_info")


def check(model: onnx.ModelProto) -> None:
    """Raise BadPlugin if a graph is not what every runtime takes, naming what is wrong."""
    wrong = [
        f"the operator {node.op_type} at '{node.name}'"
        for node in model.graph.node
        if node.domain not in ("", "ai.onnx") or node.op_type.startswith(FORBIDDEN)
    ]
    free = {"image": 3, "image_size": 1} | dict.fromkeys(OUTPUTS, 1)
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim[: free[value.name]]
        wrong += [
            f"axis {axis} of '{value.name}', fixed at {dim.dim_value}"
            for axis, dim in enumerate(dims)
            if not dim.dim_param
        ]
    if wrong:
        raise BadPlugin(
            f"the exported graph cannot be served: it holds {'; '.join(wrong)}. "
            "Rewrite the detector's exportable form without data-dependent shapes or control flow, "
            "and take sizes from x.shape, never from len(x)."
        )
