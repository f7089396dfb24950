"""An exportable module to an ONNX file that any runtime can take."""

from pathlib import Path

import onnx
from torch import nn

from boxwright_contract.card import Precision
from boxwright_contract.errors import BadPlugin
from boxwright_workshop.float16 import store_half
from boxwright_workshop.graph_form import GraphForm
from boxwright_workshop.tracing import traced

FORBIDDEN = ("If", "Loop", "Scan", "NonZero", "Sequence", "SplitToSequence", "ConcatFromSequence")
"""Beginnings of operator names that the OpenVINO provider, batching or TensorRT refuse."""


def export_graph(module: nn.Module, path: Path, form: GraphForm, precision: Precision) -> None:
    """Write the graph of an exportable module.

    Args:
        module: In eval mode, on the CPU.
        path: The file to write.
        form: What it maps to what.
        precision: Of the stored parameters. For float16 they must have been rounded before.

    Raises:
        BadPlugin: The graph is bound to one size or holds an operator that it may not hold.
    """
    model = traced(
        module,
        tuple(form.inputs.values()),
        tuple(form.inputs),
        tuple(form.outputs),
        tuple(dict(form.axes[name]) for name in form.inputs),
    )
    strip(model)
    check(model, form)
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


def check(model: onnx.ModelProto, form: GraphForm) -> None:
    """Raise BadPlugin if a graph is not what every runtime takes, naming what is wrong."""
    wrong = [
        f"the operator {node.op_type} at '{node.name}'"
        for node in model.graph.node
        if node.domain not in ("", "ai.onnx") or node.op_type.startswith(FORBIDDEN)
    ]
    free = form.free
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
