"""Runs over the nodes that the wanted tensors depend on."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx.checker import ValidationError
from onnx.defs import SchemaError
from onnx.shape_inference import InferenceError

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.graph import Graph, label, subgraphs, used_by
from boxwright_contract.geometry.graph.image import Image
from boxwright_contract.geometry.graph.known import Known, computed, of_array, of_tensor
from boxwright_contract.geometry.graph.limits import MOST_WORK
from boxwright_contract.geometry.graph.node import Node, Value
from boxwright_contract.geometry.graph.rules.table import RULES, SECOND_LIKE_FIRST
from boxwright_contract.geometry.graph.tensor import Seen

MALFORMED = (
    ArithmeticError,
    AttributeError,
    InferenceError,
    LookupError,
    MemoryError,
    RuntimeError,
    SchemaError,
    TypeError,
    ValidationError,
    ValueError,
)
"""What broken attributes and inputs raise."""
OF_THE_SHAPE = ("EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size")
"""Operators to which the pixels make no difference."""


def walk(
    graph: Graph, image: Image, tensors: Sequence[str], sides: tuple[int, ...]
) -> dict[str, Value]:
    """Return what the elements of tensors see of an image with these sides.

    Args:
        graph: It need not be understood where the tensors do not depend on it.
        image: Its input.
        tensors: Names of values in it.
        sides: Of the image, in pixels.

    Raises:
        UnknownName: There is no such tensor.
        BadInput: A node cannot be followed; the message names it and its operator.
    """
    order = graph.needed_for(tensors)
    values: dict[str, Value] = {**image.others(graph, sides), image.name: image.seen(sides)}
    left = Counter(name for index in order for name in used_by(graph.nodes[index]))
    left.update(tensors)
    work = 0
    for index in order:
        proto = graph.nodes[index]
        for name in used_by(proto):
            if name in graph.weights:
                values.setdefault(name, of_tensor(graph.weights[name]))
        made = _followed(graph, proto, index, values)
        values.update(zip(proto.output, made, strict=False))
        work += sum(_work(value) for value in made)
        if work > MOST_WORK:
            raise BadInput(
                f"up to {label(proto)} it took over the limit of {MOST_WORK} numbers. Ask "
                "for tensors nearer to the image, or probe with smaller sides."
            )
        for name in used_by(proto):
            left[name] -= 1
            if not left[name]:
                values.pop(name, None)
    return {name: values[name] for name in tensors}


def _followed(
    graph: Graph, proto: onnx.NodeProto, index: int, values: Mapping[str, Value]
) -> list[Value]:
    inputs = [values[name] if name else None for name in proto.input]
    known = [value for value in inputs if not isinstance(value, Seen)]
    free = len(known) == len(inputs)
    if subgraphs(proto):
        free = free and not any(isinstance(values.get(name), Seen) for name in used_by(proto))
    of_the_shape = proto.op_type in OF_THE_SHAPE and proto.domain in ("", "ai.onnx")
    if free and not of_the_shape:
        return [*_computed(graph, proto, known)]
    try:
        if of_the_shape:
            return [_of_shape(Node(proto, index, graph.opsets[""], tuple(inputs)))]
        return _ruled(graph, proto, index, inputs)
    except BadInput as error:
        raise BadInput(f"{label(proto)}: {error}") from error
    except MALFORMED as error:
        raise BadInput(
            f"{label(proto)} is malformed: {error or type(error).__name__}. "
            "Check the file with onnx.checker."
        ) from error


def _computed(graph: Graph, proto: onnx.NodeProto, inputs: Sequence[Known | None]) -> list[Known]:
    try:
        return computed(proto, inputs, graph.opsets)
    except MALFORMED as error:
        why = f"It depends on {label(proto)}, which fails: {error or type(error).__name__}."
        return [Known(0, None, why=why) for _ in proto.output]


def _ruled(
    graph: Graph, proto: onnx.NodeProto, index: int, inputs: Sequence[Value | None]
) -> list[Value]:
    node = Node(proto, index, graph.opsets[""], tuple(inputs))
    rule = RULES.get(proto.op_type) if proto.domain in ("", "ai.onnx") else None
    if rule is None:
        raise BadInput(
            "what this operator sees is not known before it runs, or not known at all. "
            f"{node.before}"
        )
    found = rule(node)
    if node.unread:
        raise BadInput(
            f"its input {node.unread[0]} depends on the image, which is not followed there. "
            f"{node.before}"
        )
    if isinstance(found, list):
        return [*found]
    if any(proto.output[1:]) and proto.op_type not in SECOND_LIKE_FIRST:
        raise BadInput(
            "only its first output can be followed. Export the graph without the others."
        )
    return [found] * len(proto.output)


def _of_shape(node: Node) -> Known:
    [value] = node.values
    if value is None or (isinstance(value, Known) and value.sizes is None):
        return Known(0, None, why="It depends on a shape that only running gives.")
    shape = value.shape
    if node.proto.op_type == "Shape":
        end = node.attributes.get("end")
        return of_array(np.array(shape[node.number("start", 0) : end], np.int64))
    if node.proto.op_type == "Size":
        return of_array(np.array(np.prod(shape, dtype=object), np.int64))
    return Known(onnx.TensorProto.FLOAT, shape)


def _work(value: Value) -> int:
    if isinstance(value, Known):
        return 0
    held = sum(span.lo.size for term in value.terms for span in term.spans)
    return held + sum(factor.size for factor in value.factors)
