"""How large an input shows what was asked for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.geometry.graph.graph import Graph, name_of
from boxwright_contract.geometry.graph.image import Image
from boxwright_contract.geometry.graph.level import rows, whole_through
from boxwright_contract.geometry.graph.periodic import exact, periodic_form
from boxwright_contract.geometry.graph.tensor import Seen
from boxwright_contract.geometry.graph.walk import walk

PERIODS = 2
"""How often a pattern must show among clear cells."""
FIRST_SIDE_PX = 512
LAST_SIDE_PX = 2**13
MOST_TRIES = 32
USUAL_STRIDE_PX = 128
"""A graph that scales by what its sides come to has a pattern only where they can be divided."""

Fields: TypeAlias = Mapping[str, tuple[tuple[int, ...], Field | None]]
"""From a tensor to its shape and its field, None where the probe does not show it."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Fields of some tensors of a graph, read from images of one size or another."""

    graph: Graph
    image: Image
    tensors: Sequence[str]
    divisor: int

    def fields(self, sides: tuple[int, ...]) -> Fields:
        """Return what an image with these sides shows."""
        found = walk(self.graph, self.image, self.tensors, sides)
        fields: dict[str, tuple[tuple[int, ...], Field | None]] = {}
        for name, value in found.items():
            if not isinstance(value, Seen):
                raise BadInput(f"the tensor '{name}' does not depend on '{self.image.name}'.")
            try:
                fields[name] = value.shape, self._field(value, sides)
            except BadInput as error:
                raise BadInput(f"the tensor '{name}': {error}") from error
        return fields

    def _field(self, tensor: Seen, sides: tuple[int, ...]) -> Field | None:
        axes: list[AxisField | None] = []
        clean = True
        for row in rows(tensor, sides):
            axis = None if row is None else periodic_form(row, PERIODS)
            if row is not None:
                if axis is None:
                    return None
                clean = clean and exact(row, axis)
            axes.append(axis)
        names = tuple(name_of(self.graph.nodes[at]) for at in sorted(whole_through(tensor)))
        return Field(axes=tuple(axes), whole_through=names, exact_at_border=clean)

    def grown(self) -> Fields:
        """Return the fields that two probes agree on, of which one is half as large again.

        The first is as large as what the graph declares, if that is more than usual.

        Raises:
            BadInput: A node cannot be followed, or some tensor has no field that repeats.
        """
        side = max((FIRST_SIDE_PX, *(self.image.fixed_sides or ())))
        while True:
            found = self.fields(self._divided(side))
            unclear = [name for name in self.tensors if found[name][1] is None]
            if not unclear:
                larger = self.fields(self._divided(side // 2 * 3))
                unclear = [name for name in self.tensors if not _agree(found[name], larger[name])]
            if not unclear:
                return larger
            if side >= LAST_SIDE_PX:
                break
            side *= 2
        raise BadInput(
            f"what the cells of {', '.join(unclear[:3])} see does not repeat along the image, "
            f"not even on one of {side} px a side: the graph scales by factors that depend "
            "on the size (corner alignment, pooling to a fixed grid), or mixes places out of order."
        )

    def _divided(self, side: int) -> tuple[int, ...]:
        """Return sides of at least `side` that usual strides divide."""
        unit = math.lcm(self.divisor, USUAL_STRIDE_PX)
        return (-(-side // unit) * unit,) * len(self.image.sides)

    def unit(self, large: Fields) -> int:
        """Return what sides are tried in multiples of: of the divisor and the largest period."""
        fields = [field for _, field in large.values() if field]
        periods = [axis.period_px for field in fields for axis in field.axes if axis]
        return math.lcm(self.divisor, max(periods, default=1))

    def smallest(self, large: Fields, sides: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return sides, at least as large as `sides`, that show what a large image showed.

        They are multiples of `unit`. None if none were found.
        """
        fields = [field for _, field in large.values() if field]
        unit = self.unit(large)
        needed = [
            max(side, *(self._needed(field, axis) for field in fields))
            for axis, side in enumerate(sides)
        ]
        least = [-(-side // unit) * unit for side in needed]
        for more in range(0, MOST_TRIES * unit, unit):
            tried = tuple(side + more for side in least)
            try:
                found = self.fields(tried)
            except BadInput:
                continue
            if all(found[name][1] is not None for name in self.tensors):
                return tried
        return None

    def _needed(self, field: Field, number: int) -> int:
        axis = field.axes[number]
        if axis is None:
            return 1
        before = max(-(min(axis.first_px) // axis.period_px), 0)
        return max(axis.last_px) + (before + PERIODS) * axis.period_px + 1


def _agree(
    one: tuple[tuple[int, ...], Field | None], other: tuple[tuple[int, ...], Field | None]
) -> bool:
    a, b = one[1], other[1]
    return (
        a is not None and b is not None and a.axes == b.axes and a.whole_through == b.whole_through
    )
