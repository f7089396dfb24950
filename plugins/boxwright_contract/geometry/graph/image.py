"""The input of a graph that is the image: which it is, and which of its axes are sides."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from boxwright_contract.errors import BadInput, UnknownName
from boxwright_contract.geometry.graph.factors import Factor
from boxwright_contract.geometry.graph.graph import Graph
from boxwright_contract.geometry.graph.known import Known
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.span import Span
from boxwright_contract.geometry.graph.tensor import Seen
from boxwright_contract.geometry.graph.term import Term

MOST_CHANNELS_LAST = 4


@dataclass(frozen=True, kw_only=True)
class Image:
    """The input that positions are counted on."""

    name: str
    dims: tuple[int | str | None, ...]
    """As the graph declares them: a number, or a name, or nothing where any will do."""
    sides: tuple[int, ...]
    """Which axes are sides of the image, in the order y, x."""

    @property
    def fixed_sides(self) -> tuple[int, ...] | None:
        """The sides that the graph declares, if all of them are numbers."""
        found = [self.dims[axis] for axis in self.sides]
        numbers = tuple(dim for dim in found if isinstance(dim, int))
        return numbers if len(numbers) == len(found) else None

    def shape(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        """Return the input's shape with these sides."""
        if len(sides) != len(self.sides) or min(sides, default=0) < 1:
            raise BadInput(
                f"sides {sides} do not fit '{self.name}', which has {len(self.sides)} of at least "
                "1 px."
            )
        shape = [dim if isinstance(dim, int) else 1 for dim in self.dims]
        for axis, side in zip(self.sides, sides, strict=True):
            check_cells(side)
            shape[axis] = side
        return tuple(shape)

    def seen(self, sides: tuple[int, ...]) -> Seen:
        """Return the image itself, each of whose pixels sees itself."""
        shape = self.shape(sides)
        spans = []
        for axis in self.sides:
            around = [1] * len(shape)
            around[axis] = shape[axis]
            place = np.arange(shape[axis], dtype=np.int32).reshape(around)
            cut = np.zeros(around, np.bool_)
            spans.append(Span(lo=place, hi=place, cut=cut, fewest=shape[axis]))
        axes = tuple((Factor(size, axis in self.sides),) for axis, size in enumerate(shape))
        return Seen(axes, (Term(tuple(spans)),))

    def others(self, graph: Graph, sides: tuple[int, ...]) -> Mapping[str, Known]:
        """Return the other inputs of the graph, of which only shapes are known."""
        named = dict(zip(self.dims, self.shape(sides), strict=True))
        found = {}
        for name, kind in graph.inputs.items():
            dims = (named.get(dim, 1) if not isinstance(dim, int) else dim for dim in dims_of(kind))
            found[name] = Known(kind.tensor_type.elem_type, tuple(dims))
        return found


def find_image(graph: Graph, name: str) -> Image:
    """Return the input called `name`, or where that is empty the only one that can be an image.

    Raises:
        UnknownName: No input has that name.
        BadInput: It has no sides, or there is none, or more than one.
    """
    if name and name not in graph.inputs:
        raise UnknownName.among("input", name, graph.inputs)
    ranks = {each: len(dims_of(kind)) for each, kind in graph.inputs.items()}
    most = max(ranks.values(), default=0)
    candidates = [name] if name else [each for each, rank in ranks.items() if rank == most]
    if most < 3 or len(candidates) != 1 or not 3 <= ranks[candidates[0]] <= 5:
        told = ", ".join(f"{each} of rank {rank}" for each, rank in ranks.items()) or "none"
        raise BadInput(
            f"which input is the image is not plain; there are {told}. "
            "Name one of shape (N, C, sides) or (N, sides, C)."
        )
    dims = dims_of(graph.inputs[candidates[0]])
    return Image(name=candidates[0], dims=dims, sides=_sides(dims))


def _sides(dims: tuple[int | str | None, ...]) -> tuple[int, ...]:
    """Return the axes that are sides: all but a batch and the channels."""
    rank = len(dims)
    if rank == 3 and dims[0] in (3, 4):
        return 1, 2  # one image without a batch
    last = dims[-1]
    if isinstance(last, int) and last <= MOST_CHANNELS_LAST:
        first = dims[1]
        if not isinstance(first, int) or first > last:
            return tuple(range(1, rank - 1))
    return tuple(range(2, rank))


def dims_of(kind: onnx.TypeProto) -> tuple[int | str | None, ...]:
    """Return the declared dimensions of a tensor."""
    found: list[int | str | None] = []
    for dim in kind.tensor_type.shape.dim:
        if dim.HasField("dim_value") and dim.dim_value > 0:
            found.append(dim.dim_value)
        else:
            found.append(dim.dim_param or None)
    return tuple(found)
