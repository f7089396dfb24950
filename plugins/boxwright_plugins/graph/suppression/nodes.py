"""Single nodes of ONNX, for steps that are written out many times.

Torch's own operators become several nodes each where sizes are free, and take the exporter long.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.onnx.ops import symbolic, symbolic_multi_out

FLOAT = 1
"""ONNX's number of float32."""

Shape = Sequence[int]
"""As torch knows it: sizes may be symbols."""


def like(x: Tensor, operator: str, *others: Tensor) -> Tensor:
    """Return `operator` of `x` and `others`, in the type and shape of `x`."""
    return symbolic(operator, (x, *others), dtype=x.dtype, shape=x.shape)


def across(operator: str, x: Tensor, other: Tensor, shape: Shape) -> Tensor:
    """Return `operator` of `x` and `other`, in the type of `x`, broadcast to `shape`."""
    return symbolic(operator, (x, other), dtype=x.dtype, shape=shape)


def compared(operator: str, x: Tensor, other: Tensor, shape: Shape) -> Tensor:
    """Return which elements of `x` and `other`, broadcast to `shape`, compare so."""
    return symbolic(operator, (x, other), dtype=torch.bool, shape=shape)


def chosen(condition: Tensor, x: Tensor, other: Tensor) -> Tensor:
    """Return `x` where `condition`, else `other`, in the type of `x` and the shape of the first."""
    return symbolic("Where", (condition, x, other), dtype=x.dtype, shape=condition.shape)


def floats(x: Tensor) -> Tensor:
    """Return 1.0 where `x` and 0.0 elsewhere."""
    return symbolic("Cast", (x,), {"to": FLOAT}, dtype=torch.float32, shape=x.shape)


def greatest(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the greatest along the last axis, which stays, and where the first such is."""
    shape = (*x.shape[:-1], 1)
    values, positions = symbolic_multi_out(
        "TopK", (x, torch.tensor([1])), dtypes=(x.dtype, torch.int64), shapes=(shape, shape)
    )
    return values, positions


def columns(table: Tensor, positions: Tensor) -> Tensor:
    """Return columns of `table` (F, S) at `positions` (B, R), (F, B, R)."""
    shape = (table.shape[0], *positions.shape)
    return symbolic("Gather", (table, positions), {"axis": 1}, dtype=table.dtype, shape=shape)


def elements(x: Tensor, positions: Tensor) -> Tensor:
    """Return, of each row of `x` (B, S), the elements at its positions (B, R)."""
    return symbolic(
        "GatherElements", (x, positions), {"axis": 1}, dtype=x.dtype, shape=positions.shape
    )


def with_elements(x: Tensor, positions: Tensor, values: Tensor) -> Tensor:
    """Return `x` (B, S) with, in each row, `values` (B, R) at its positions (B, R)."""
    return symbolic(
        "ScatterElements", (x, positions, values), {"axis": 1}, dtype=x.dtype, shape=x.shape
    )


def product(x: Tensor) -> Tensor:
    """Return the product along the first axis, which stays."""
    shape = (1, *x.shape[1:])
    return symbolic("ReduceProd", (x, torch.tensor([0])), dtype=x.dtype, shape=shape)


def without_first(x: Tensor) -> Tensor:
    """Return `x` without its first axis, which is of size 1."""
    return symbolic("Squeeze", (x, torch.tensor([0])), dtype=x.dtype, shape=x.shape[1:])


def parts(x: Tensor, sizes: Sequence[int]) -> Sequence[Tensor]:
    """Return `x` cut along its first axis into `sizes`."""
    return symbolic_multi_out(
        "Split",
        (x, torch.tensor(sizes)),
        {"axis": 0},
        dtypes=(x.dtype,) * len(sizes),
        shapes=[(size, *x.shape[1:]) for size in sizes],
    )


def singly(x: Tensor) -> Sequence[Tensor]:
    """Return the columns of `x` (F, B, M), M times (F, B, 1)."""
    columns = x.shape[-1]
    return symbolic_multi_out(
        "Split",
        (x,),
        {"axis": -1, "num_outputs": columns},
        dtypes=(x.dtype,) * columns,
        shapes=[(*x.shape[:-1], 1)] * columns,
    )
