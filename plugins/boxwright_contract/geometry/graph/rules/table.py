"""Which rule is whose."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.join import joined
from boxwright_contract.geometry.graph.node import Node
from boxwright_contract.geometry.graph.rules import (
    moving,
    products,
    reduction,
    resize,
    shaping,
    transposed,
    windows,
)
from boxwright_contract.geometry.graph.tensor import Seen

Rule: TypeAlias = Callable[[Node], Seen | list[Seen]]

ELEMENT_WISE = (
    "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr "
    "BitwiseXor Ceil Celu Clip Cos Cosh Div Elu Equal Erf "
    "Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu "
    "Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow "
    "Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish "
    "Tan Tanh ThresholdedRelu Where Xor"
)
FIRST_INPUT = "Cast CastLike DequantizeLinear Dropout QuantizeLinear"
REDUCTIONS = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"
SECOND_LIKE_FIRST = ("Dropout", "MaxPool", "TopK")
"""Operators all of whose outputs see the same and have the same shape."""


def element_wise(node: Node) -> Seen:
    """Each element sees what the elements of the operands at its place see."""
    return joined([value for value in node.inputs if value is not None])


def first_input(node: Node) -> Seen:
    """What comes out has the places of the first input; the others are numbers or types."""
    if any(isinstance(value, Seen) and value.rank for value in node.inputs[1:]):
        raise BadInput("more than its first input depends on the image.")
    scalars = [value for value in node.inputs[1:] if isinstance(value, Seen)]
    return joined([node.seen(0), *scalars])


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(ELEMENT_WISE.split(), element_wise),
    **{f"Reduce{kind}": reduction.reduce for kind in REDUCTIONS.split()},
    **dict.fromkeys(("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"), reduction.global_pool),
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool"), windows.pool),
    **dict.fromkeys(("Conv", "ConvInteger"), windows.conv),
    **dict.fromkeys(("Hardmax", "LogSoftmax", "Softmax"), reduction.softmax),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), reduction.layer_norm),
    **dict.fromkeys(("MatMul", "MatMulInteger"), products.matmul),
    **dict.fromkeys(("ArgMax", "ArgMin"), reduction.arg),
    **dict.fromkeys(("Resize", "Upsample"), resize.resize),
    **dict.fromkeys(FIRST_INPUT.split(), first_input),
    "Attention": products.attention,
    "BatchNormalization": reduction.batch_norm,
    "Concat": moving.concat,
    "ConvTranspose": transposed.conv_transpose,
    "CumSum": reduction.cumulative,
    "DepthToSpace": shaping.depth_to_space,
    "DynamicQuantizeLinear": reduction.dynamic_quantize,
    "Einsum": products.einsum,
    "Expand": shaping.expand,
    "Flatten": shaping.flatten,
    "Gather": moving.gather,
    "Gemm": products.gemm,
    "GroupNormalization": reduction.group_norm,
    "InstanceNormalization": reduction.instance_norm,
    "LRN": reduction.local_response,
    "LpNormalization": reduction.lp_normalization,
    "MeanVarianceNormalization": reduction.mean_variance,
    "Pad": moving.pad,
    "QLinearConv": windows.quantized_conv,
    "QLinearMatMul": products.quantized_matmul,
    "Reshape": shaping.reshape,
    "Slice": moving.slice_,
    "SpaceToDepth": shaping.space_to_depth,
    "Split": moving.split,
    "Squeeze": shaping.squeeze,
    "Tile": shaping.tile,
    "TopK": reduction.top_k,
    "Transpose": shaping.transpose,
    "Unsqueeze": shaping.unsqueeze,
}
