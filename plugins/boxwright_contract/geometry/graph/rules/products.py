"""Products of matrices, whose elements see a row and a column: attention is made of them."""

from collections.abc import Sequence

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.join import joined
from boxwright_contract.geometry.graph.node import Node, as_seen
from boxwright_contract.geometry.graph.tensor import Seen


def matmul(node: Node, left: int = 0, right: int = 1) -> Seen:
    """MatMul, MatMulInteger."""
    return _product(node.seen(left), node.seen(right), node.index)


def quantized_matmul(node: Node) -> Seen:
    """QLinearMatMul: a and its scale and zero point, then those of b."""
    return matmul(node, 0, 3)


def gemm(node: Node) -> Seen:
    """Gemm."""
    a, b = node.seen(0), node.seen(1)
    a = a.permuted((1, 0)) if node.number("transA", 0) and a.rank == 2 else a
    b = b.permuted((1, 0)) if node.number("transB", 0) and b.rank == 2 else b
    made = _product(a, b, node.index)
    bias = node.given(2)
    return made if bias is None else joined([made, bias])


def _product(a: Seen, b: Seen, node: int) -> Seen:
    if a.rank == 0 or b.rank == 0 or a.shape[-1] != b.shape[max(b.rank - 2, 0)]:
        raise BadInput(f"{list(a.shape)} and {list(b.shape)} cannot be multiplied.")
    rows = a if a.rank > 1 else a.reshaped((1, *a.shape))
    columns = b if b.rank > 1 else b.reshaped((*b.shape, 1))
    made = joined(
        [rows.over_axes([rows.rank - 1], node), columns.over_axes([columns.rank - 2], node)]
    )
    shape = list(made.shape)
    if b.rank == 1:
        del shape[-1]
    if a.rank == 1:
        del shape[-1 if b.rank == 1 else -2]
    return made.reshaped(shape)


def einsum(node: Node) -> Seen:
    """Einsum: what is summed is mixed, what is left is joined. No ellipsis, no diagonal."""
    equation = node.text("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    labels = left.split(",")
    if not arrow:
        every = "".join(labels)
        right = "".join(sorted(label for label in set(every) if every.count(label) == 1))
    tensors = [as_seen(value) for value in node.inputs if value is not None]
    fits = [len(own) == x.rank == len(set(own)) for own, x in zip(labels, tensors, strict=False)]
    if len(labels) != len(tensors) or not all(fits) or "." in equation:
        raise BadInput(f"its equation {equation!r} cannot be followed for its inputs.")
    if not set(right) <= set("".join(labels)):
        raise BadInput(f"its equation {equation!r} makes an axis of nothing.")
    return joined(
        [_spread(x, own, right, node.index) for own, x in zip(labels, tensors, strict=True)]
    )


def _spread(x: Seen, labels: str, kept: str, node: int) -> Seen:
    """Return `x` with the axes of `kept`, of length 1 where it has none."""
    summed = [axis for axis, label in enumerate(labels) if label not in kept]
    held = [labels.index(label) for label in kept if label in labels]
    moved = x.over_axes(summed, node).permuted([*held, *summed])
    sizes = iter(moved.shape)
    return moved.reshaped([next(sizes) if label in labels else 1 for label in kept])


def attention(node: Node) -> Seen:
    """Attention: each query sees itself, and all keys and values."""
    if len(node.proto.output) > 1 and any(node.proto.output[1:]):
        raise BadInput("only its first output can be followed.")
    if any(node.given(place) is not None for place in (4, 5, 6)):
        raise BadInput("it takes keys of the past, which cannot be followed.")
    q, k, v = (node.seen(place) for place in range(3))
    if {q.rank, k.rank, v.rank} == {3}:
        queries, keys = node.number("q_num_heads", 0), node.number("kv_num_heads", 0)
        return _merged_heads(
            _attended(node, [_heads(q, queries), _heads(k, keys), _heads(v, keys)])
        )
    if {q.rank, k.rank, v.rank} != {4}:
        raise BadInput("its inputs are neither all of rank 3 nor all of rank 4.")
    return _attended(node, [q, k, v])


def _attended(node: Node, parts: Sequence[Seen]) -> Seen:
    q, k, v = parts
    shared = q.shape[1] // k.shape[1]
    if k.shape[1] != v.shape[1] or k.shape[1] * shared != q.shape[1]:
        raise BadInput(f"{q.shape[1]} and {k.shape[1]} heads do not go together.")
    keys = _repeated(k.over_axes([2, 3], node.index), shared)
    values = _repeated(v.over_axes([2], node.index), shared)
    return joined([q.over_axes([3], node.index), keys, values])


def _repeated(x: Seen, times: int) -> Seen:
    batch, heads, *rest = x.shape
    wide = x.reshaped((batch, heads, 1, *rest)).expanded((batch, heads, times, *rest))
    return wide.reshaped((batch, heads * times, *rest))


def _heads(x: Seen, heads: int) -> Seen:
    batch, length, width = x.shape
    if heads < 1 or width % heads:
        raise BadInput(f"a width of {width} cannot be divided into {heads} heads.")
    return x.reshaped((batch, length, heads, width // heads)).permuted((0, 2, 1, 3))


def _merged_heads(x: Seen) -> Seen:
    batch, heads, length, width = x.shape
    return x.permuted((0, 2, 1, 3)).reshaped((batch, length, heads * width))
