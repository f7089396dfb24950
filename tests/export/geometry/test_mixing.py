"""Reductions, products of matrices, normalisation and attention, against ONNX Runtime."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from onnx import helper

Check = Callable[..., Any]
PIXELS = (1, 4, 4, 6)
DIMS = ("n", 4, "h", "w")
RANDOM = np.random.default_rng(3)
ONES = np.ones(4, np.float32)


def made(*shape: int) -> Any:
    return RANDOM.uniform(0.5, 1, shape).astype(np.float32)


ONE_NODE: Mapping[str, tuple[str, dict[str, Any], list[Any]]] = {
    "mean of rows": ("ReduceMean", {"keepdims": 0}, [np.array([3])]),
    "sum of all": ("ReduceSum", {}, []),
    "nothing, as told": ("ReduceSum", {"noop_with_empty_axes": 1}, []),
    "largest of columns": ("ReduceMax", {}, [np.array([-2])]),
    "norm of channels": ("ReduceL2", {}, [np.array([1])]),
    "global pool": ("GlobalAveragePool", {}, []),
    "softmax of rows": ("Softmax", {"axis": 3}, []),
    "log of softmax of channels": ("LogSoftmax", {"axis": 1}, []),
    "layers": ("LayerNormalization", {"axis": 3}, [made(6)]),
    "instances": ("InstanceNormalization", {}, [ONES, ONES]),
    "batches": ("BatchNormalization", {}, [ONES, ONES, ONES, ONES]),
    "unit length": ("LpNormalization", {"axis": 2}, []),
    "mean and variance": ("MeanVarianceNormalization", {"axes": [0, 2]}, []),
    "rows times a matrix": ("MatMul", {}, [made(6, 3)]),
    "rows times a vector": ("MatMul", {}, [made(6)]),
    "clipped": ("Clip", {}, [np.array(-5, "f"), np.array(500, "f")]),
    "slopes": ("PRelu", {}, [made(4, 1, 1)]),
    "cubes": ("Pow", {}, [np.array(3, "f")]),
}


@pytest.mark.parametrize(("operator", "attributes", "arrays"), ONE_NODE.values(), ids=ONE_NODE)
def test_one_operator_mixes_along_its_axes(
    check: Check, graph_of: Check, operator: str, attributes: dict[str, Any], arrays: list[Any]
) -> None:
    names = [f"w{place}" for place in range(len(arrays))]
    inputs = ["x", *([""] if operator == "ReduceSum" and not arrays else names)]
    node = helper.make_node(operator, inputs, ["y"], **attributes)
    weights = dict(zip(names, arrays, strict=True))
    check(graph_of([node], DIMS, weights, opset=18), PIXELS)


def test_groups_of_channels_are_normalised_over_the_whole_image(
    check: Check, graph_of: Check
) -> None:
    node = helper.make_node("GroupNormalization", ["x", "w", "w"], ["y"], num_groups=2)
    check(graph_of([node], DIMS, {"w": ONES}, opset=21), PIXELS)


@pytest.mark.parametrize("opset", [11, 13])
def test_softmax_flattened_until_operator_set_12(check: Check, graph_of: Check, opset: int) -> None:
    node = helper.make_node("Softmax", ["x"], ["y"], axis=2)
    check(graph_of([node], DIMS, opset=opset), PIXELS)


def test_the_product_of_an_image_with_itself_sees_a_row_and_a_column(
    check: Check, graph_of: Check
) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["x", "t"], ["y"]),
    ]
    check(graph_of(nodes, DIMS), PIXELS)


@pytest.mark.parametrize(
    ("equation", "shape"),
    [
        ("nchw,kc->nkhw", (3, 4)),
        ("nchw,wv->nchv", (6, 2)),
        ("nchw,c->nhw", (4,)),
        ("nchw,h->wc", (4,)),
    ],
)
def test_sums_in_einstein_notation(
    check: Check, graph_of: Check, equation: str, shape: tuple[int, ...]
) -> None:
    node = helper.make_node("Einsum", ["x", "w"], ["y"], equation=equation)
    check(graph_of([node], DIMS, {"w": made(*shape)}), PIXELS)


def test_everything_after_flattening_sees_everything(check: Check, graph_of: Check) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("Gemm", ["f", "w", "b"], ["y"], transB=1),
    ]
    weights = {"w": made(5, 96), "b": made(5)}
    check(graph_of(nodes, DIMS, weights), PIXELS)


def test_attention_over_tokens(check: Check, graph_of: Check) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=2),
        helper.make_node("Reshape", ["f", "shape"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "wq"], ["q"]),
        helper.make_node("MatMul", ["t", "wk"], ["k"]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "kt"], ["s"]),
        helper.make_node("Mul", ["s", "scale"], ["m"]),
        helper.make_node("Softmax", ["m"], ["p"], axis=-1),
        helper.make_node("MatMul", ["p", "t"], ["y"]),
    ]
    weights = {
        "shape": np.array([1, 4, 24]),
        "wq": made(4, 4) / 50,
        "wk": made(4, 4) / 50,
        "scale": np.array(0.1, np.float32),
    }
    check(graph_of(nodes, DIMS, weights), PIXELS)


@pytest.mark.parametrize("heads", [(2, 2), (2, 1)])
def test_attention_as_one_operator(check: Check, graph_of: Check, heads: tuple[int, int]) -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["t", "small"], ["q"]),
        helper.make_node("MatMul", ["q", "w"], ["k"]),
        helper.make_node(
            "Attention", ["q", "k", "k"], ["y"], q_num_heads=heads[0], kv_num_heads=heads[1]
        ),
    ]
    weights = {
        "shape": np.array([1, 4, 24]),
        "small": np.array(0.02, np.float32),
        "w": made(4, 2 * heads[1]),
    }
    check(graph_of(nodes, DIMS, weights, opset=23), PIXELS)


def test_a_kernel_that_the_image_makes_itself(check: Check, graph_of: Check) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x", "sides"], ["g"], keepdims=1),
        helper.make_node("Reshape", ["g", "shape"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"], group=4),
    ]
    weights = {"sides": np.array([3]), "shape": np.array([4, 1, 2, 2])}
    model = graph_of(nodes, DIMS, weights)
    check(model, PIXELS)
