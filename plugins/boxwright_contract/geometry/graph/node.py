"""One node of a graph, with its attributes, as the rules read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import Factor
from boxwright_contract.geometry.graph.known import Known
from boxwright_contract.geometry.graph.tensor import Seen

Value: TypeAlias = Known | Seen


@dataclass(frozen=True, eq=False)
class Node:
    """A node that has an input from the image."""

    proto: onnx.NodeProto
    index: int
    """Its place in the graph."""
    opset: int
    """The version of its operator set."""
    inputs: tuple[Value | None, ...]
    """None where an optional one is left out."""

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """By name."""
        return {a.name: helper.get_attribute_value(a) for a in self.proto.attribute}

    def number(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        return int(self.attributes.get(name, default))

    def decimal(self, name: str, default: float) -> float:
        """Return a float attribute."""
        return float(self.attributes.get(name, default))

    def numbers(self, name: str) -> list[int] | None:
        """Return an attribute that is a list of integers."""
        found = self.attributes.get(name)
        return None if found is None else [int(each) for each in found]

    def text(self, name: str, default: str) -> str:
        """Return a string attribute."""
        found = self.attributes.get(name, default.encode())
        return bytes(found).decode() if isinstance(found, bytes) else str(found)

    def given(self, place: int) -> Value | None:
        """Return an input, None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def seen(self, place: int) -> Seen:
        """Return an input that must be there; one that is known sees nothing."""
        value = self.given(place)
        if value is None:
            raise BadInput(f"its input {place} is missing.")
        return as_seen(value)

    def array(self, place: int) -> NDArray[Any] | None:
        """Return the value of an input that must be known before the graph runs, or None."""
        value = self.given(place)
        if value is None:
            return None
        if isinstance(value, Seen):
            raise BadInput(
                f"its input {place} depends on the image, so that which positions it takes is not "
                "known before it runs. Ask for tensors before it."
            )
        if value.array is None:
            why = value.why or "It depends on values that only running gives, or is too large."
            raise BadInput(f"the value of its input {place} is not known before it runs. {why}")
        return value.array

    def integers(self, place: int, attribute: str = "") -> list[int] | None:
        """Return a list that is an attribute in older operator sets, an input in newer ones."""
        if attribute and attribute in self.attributes:
            return self.numbers(attribute)
        array = self.array(place)
        return None if array is None else [int(each) for each in np.atleast_1d(array)]


def as_seen(value: Value) -> Seen:
    """Return a value as a tensor; one that is known sees nothing."""
    if isinstance(value, Seen):
        return value
    return Seen(tuple((Factor(size),) for size in value.shape), ())


def shapes(values: Sequence[Value]) -> str:
    """Return the shapes of values for a message."""
    return " and ".join(str(list(value.shape)) for value in values)
