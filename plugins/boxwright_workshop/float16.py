"""Parameters stored in half precision; the arithmetic stays float32.

Torch rounds its parameters first, and the file then holds the very same numbers in half the space,
so graph and torch can still be compared to the last digits.
"""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

LEAST_SIZE = 1024
"""Smaller tensors are not worth it: biases, scales."""


@torch.no_grad()
def round_parameters(net: nn.Module) -> None:
    """Round every large parameter to the nearest float16, in place; its type stays."""
    for parameter in net.parameters():
        if parameter.numel() >= LEAST_SIZE and parameter.dtype == torch.float32:
            parameter.copy_(parameter.half().float())


def store_half(model: onnx.ModelProto) -> None:
    """Store large float32 initialisers as float16 where nothing is lost, each behind a Cast.

    Runtimes fold such a Cast when they load the graph.
    """
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < LEAST_SIZE:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.float16"))
        cast = onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
        cast.name = f"{name}.cast"
        casts.append(cast)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
