"""Operators that mix all positions along some axes."""

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.join import joined
from boxwright_contract.geometry.graph.node import Node, as_seen
from boxwright_contract.geometry.graph.rules.channels import along_channels
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.tensor import Seen


def reduce(node: Node) -> Seen:
    """ReduceMean and its like."""
    x = node.seen(0)
    given = node.integers(1, "axes")
    if not given and node.number("noop_with_empty_axes", 0):
        return x
    axes = [x.axis(axis) for axis in given] if given else list(range(x.rank))
    return _kept(node, x.over_axes(axes, node.index), axes)


def arg(node: Node) -> Seen:
    """ArgMax, ArgMin."""
    x = node.seen(0)
    axes = [x.axis(node.number("axis", 0))]
    return _kept(node, x.over_axes(axes, node.index), axes)


def _kept(node: Node, x: Seen, axes: list[int]) -> Seen:
    if node.number("keepdims", 1):
        return x
    return x.reshaped([size for axis, size in enumerate(x.shape) if axis not in axes])


def global_pool(node: Node) -> Seen:
    """GlobalAveragePool and its like: all but batch and channels."""
    x = node.seen(0)
    return x.over_axes(range(2, x.rank), node.index)


def top_k(node: Node) -> Seen:
    """TopK: whatever is taken depends on all along the axis."""
    x = node.seen(0)
    axis = x.axis(node.number("axis", -1))
    count = node.integers(1, "k")
    if not count or not 1 <= count[0] <= x.shape[axis]:
        raise BadInput(f"it takes {count} of an axis of {x.shape[axis]}.")
    wanted = [count[0] if each == axis else size for each, size in enumerate(x.shape)]
    return x.over_axes([axis], node.index).expanded(wanted)


def cumulative(node: Node) -> Seen:
    """CumSum: each position sees those before it."""
    x = node.seen(0)
    given = node.integers(1)
    axis = x.axis(given[0] if given else 0)
    length = x.shape[axis]
    count = np.arange(1, length + 1, dtype=np.int64) - node.number("exclusive", 0)
    if node.number("reverse", 0):
        count = count[::-1]
        first = length - count
    else:
        first = np.zeros_like(count)
    cut = np.zeros(length, np.bool_)
    return x.over_runs(axis, Runs(first=np.where(count > 0, first, 0), count=count, cut=cut))


def softmax(node: Node) -> Seen:
    """Softmax, LogSoftmax, Hardmax: until operator set 12 over all axes from the given one on."""
    x = node.seen(0)
    if node.opset >= 13:
        return x.mixing([x.axis(node.number("axis", -1))], node.index)
    return x.mixing(range(x.axis(node.number("axis", 1)), x.rank), node.index)


def lp_normalization(node: Node) -> Seen:
    """LpNormalization along one axis."""
    x = node.seen(0)
    return x.mixing([x.axis(node.number("axis", -1))], node.index)


def layer_norm(node: Node) -> list[Seen]:
    """LayerNormalization, RMSNormalization: over all axes from the given one on; its statistics."""
    x = node.seen(0)
    axes = range(x.axis(node.number("axis", -1)), x.rank)
    statistic = x.over_axes(axes, node.index)
    return [_affine(node, x.mixing(axes, node.index)), statistic, statistic]


def instance_norm(node: Node) -> Seen:
    """InstanceNormalization: over the whole image, channel by channel, then scaled and shifted."""
    x = node.seen(0)
    made = x.mixing(range(2, x.rank), node.index)
    return along_channels(made, [node.given(1), node.given(2)])


def group_norm(node: Node) -> Seen:
    """GroupNormalization: over the whole image and a group's channels, then scaled and shifted."""
    x = node.seen(0)
    groups = node.number("num_groups", 0)
    if groups < 1 or x.shape[1] % groups:
        raise BadInput(f"{x.shape[1]} channels cannot be divided into {groups} groups.")
    apart = x.reshaped((x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    made = apart.mixing(range(2, apart.rank), node.index)
    given = [as_seen(value) for value in (node.given(1), node.given(2)) if value is not None]
    if node.opset >= 21:  # one for each channel; before, one for each group
        return along_channels(made.reshaped(x.shape), given)
    return along_channels(made, given).reshaped(x.shape)


def mean_variance(node: Node) -> Seen:
    """MeanVarianceNormalization."""
    x = node.seen(0)
    axes = node.numbers("axes")
    return x.mixing([x.axis(a) for a in ([0, 2, 3] if axes is None else axes)], node.index)


def batch_norm(node: Node) -> Seen:
    """BatchNormalization with the statistics of training: a scale and a shift of each channel."""
    if node.number("training_mode", 0) or any(node.proto.output[1:]):
        raise BadInput("it is in training mode, where it mixes images. Export in eval mode.")
    return along_channels(node.seen(0), [node.given(place) for place in range(1, 5)])


def local_response(node: Node) -> Seen:
    """LRN: a window of channels."""
    x = node.seen(0)
    size = node.number("size", 1)
    if size < 1:
        raise BadInput(f"its size is {size}.")
    first = np.arange(x.shape[1], dtype=np.int64) - (size - 1) // 2
    runs = Runs.of(first, np.full_like(first, size), x.shape[1])
    return x.over_runs(1, runs.uncut())


def dynamic_quantize(node: Node) -> list[Seen]:
    """DynamicQuantizeLinear: the scale and the zero point depend on the whole tensor."""
    x = node.seen(0)
    every = range(x.rank)
    scale = x.over_axes(every, node.index).reshaped(())
    return [x.mixing(every, node.index), scale, scale]


def _affine(node: Node, x: Seen) -> Seen:
    rest = [as_seen(v) for v in node.inputs[1:] if isinstance(v, Seen) and v.terms]
    return joined([x, *rest]) if rest else x
