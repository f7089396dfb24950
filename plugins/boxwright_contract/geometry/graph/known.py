"""Values that do not depend on the image's pixels: weights, shapes, and what is computed of them.

The shape arithmetic of a graph is run as it stands, by ONNX's reference operators. Large weights
are never touched: only their shapes count.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import defs, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.limits import MOST_KNOWN


@dataclass(frozen=True, eq=False)
class Known:
    """A value that is the same for every image of one size."""

    kind: int
    """Of its elements, as onnx.TensorProto numbers them; 0 where even that is unknown."""
    sizes: tuple[int, ...] | None
    """Its shape; None where only running would tell."""
    content: NDArray[Any] | onnx.TensorProto | None = None
    """None where only the shape is known."""
    why: str = ""
    """Not even the shape is known, if so."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the value; BadInput where only running would tell."""
        if self.sizes is None:
            raise BadInput(
                f"the shape of one of its inputs cannot be known before it runs. {self.why}".strip()
            )
        return self.sizes

    @cached_property
    def array(self) -> NDArray[Any] | None:
        """The value itself, if it is known and not large."""
        if self.sizes is None or math.prod(self.sizes) > MOST_KNOWN:
            return None
        if isinstance(self.content, onnx.TensorProto):
            if self.content.data_location == onnx.TensorProto.EXTERNAL:
                return None
            return numpy_helper.to_array(self.content)
        return self.content

    @property
    def type(self) -> onnx.TypeProto:
        """As shape inference takes it."""
        return helper.make_tensor_type_proto(self.kind, self.sizes)


def of_tensor(tensor: onnx.TensorProto) -> Known:
    """Return an initializer."""
    return Known(tensor.data_type, tuple(tensor.dims), tensor)


def of_array(array: NDArray[Any]) -> Known:
    """Return a computed value."""
    return Known(helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array)


def computed(
    node: onnx.NodeProto, inputs: Sequence[Known | None], opsets: Mapping[str, int]
) -> list[Known]:
    """Return the outputs of a node that has no input from the image.

    Their values, where all that goes in and comes out is known and small; else their shapes.
    """
    given = {name: one for name, one in zip(node.input, inputs, strict=True) if one is not None}
    outputs = _inferred(node, given, opsets)
    holds_graph = any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
    large = any(one.sizes is not None and math.prod(one.sizes) > MOST_KNOWN for one in outputs)
    arrays = {name: one.array for name, one in given.items()}
    if holds_graph or large or any(array is None for array in arrays.values()):
        return outputs
    if node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial"):
        return outputs
    names = [name for name in node.output if name]
    with np.errstate(all="ignore"):
        values = ReferenceEvaluator(node, opsets=dict(opsets)).run(names, arrays)
    found = dict(zip(names, values, strict=True))
    return [
        of_array(np.asarray(found[name]))
        if isinstance(found.get(name), np.ndarray | np.generic)
        else one
        for name, one in zip(node.output, outputs, strict=True)
    ]


def _inferred(
    node: onnx.NodeProto, given: Mapping[str, Known], opsets: Mapping[str, int]
) -> list[Known]:
    if any(one.kind == 0 for one in given.values()):
        return [Known(0, None) for _ in node.output]
    schema = defs.get_schema(node.op_type, opsets.get(node.domain, 1), node.domain)
    types = shape_inference.infer_node_outputs(
        schema,
        node,
        {name: one.type for name, one in given.items()},
        {
            name: numpy_helper.from_array(one.array, name)
            for name, one in given.items()
            if one.array is not None and one.array.size <= 1024 and one.array.dtype != object
        },
        opset_imports=[helper.make_opsetid(domain, number) for domain, number in opsets.items()],
    )
    return [_typed(types.get(name)) for name in node.output]


def _typed(kind: onnx.TypeProto | None) -> Known:
    if kind is None or not kind.HasField("tensor_type"):
        return Known(0, None)
    tensor = kind.tensor_type
    dims = tensor.shape.dim
    if not tensor.HasField("shape") or any(not dim.HasField("dim_value") for dim in dims):
        return Known(tensor.elem_type, None)
    return Known(tensor.elem_type, tuple(dim.dim_value for dim in dims))
