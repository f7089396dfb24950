"""How much a graph computes for one image, and a graph that does nothing but multiply matrices."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from boxwright_contract.card import GRAPH_FILE

SIDE = 2048
"""Of the matrices: large enough that nothing but the product counts."""


def matmul_graph(file: Path) -> None:
    """Write a graph that multiplies `factor` (SIDE, SIDE) by a constant of that shape."""
    random = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
    shape = [SIDE, SIDE]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["factor", "constant"], ["product"])],
        "product",
        [helper.make_tensor_value_info("factor", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(random, "constant")],
    )
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), file)


def operations(bundle: Path, canvas: tuple[int, int]) -> int:
    """Return the multiplications and additions of convolutions and products, for one image."""
    model = onnx.load(bundle / GRAPH_FILE)
    weights = {each.name: tuple(each.dims) for each in model.graph.initializer}
    counted = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    wanted = {name for node in counted for name in (*node.input[:2], node.output[0])}
    wanted -= {*weights, *(each.name for each in model.graph.input)}
    there = {each.name for each in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted - there))
    shapes = _shapes(model, sorted(wanted), canvas)
    return sum(_of_node(node, {**weights, **shapes}) for node in counted)


def _shapes(
    model: onnx.ModelProto, names: list[str], canvas: tuple[int, int]
) -> Mapping[str, tuple[int, ...]]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    image: NDArray[np.uint8] = np.zeros((1, *canvas, 3), np.uint8)
    values = session.run(names, {"image": image, "image_size": np.array([canvas], np.int32)})
    return {name: value.shape for name, value in zip(names, values, strict=True)}


def _of_node(node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> int:
    made = math.prod(shapes[node.output[0]])
    if node.op_type == "Conv":
        return 2 * made * math.prod(shapes[node.input[1]][1:])
    transposed = any(each.name == "transA" and each.i for each in node.attribute)
    return 2 * made * shapes[node.input[0]][0 if transposed else -1]
