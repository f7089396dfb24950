"""One node of a graph, with its attributes, as the rules read it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.factors import Factor
from boxwright_contract.geometry.graph.known import Known
from boxwright_contract.geometry.graph.tensor import Seen

Value: TypeAlias = Known | Seen
Kind = TypeVar("Kind", int, float, bytes)


@dataclass(frozen=True, eq=False)
class Node:
    """A node that has an input from the image."""

    proto: onnx.NodeProto
    index: int
    """Its place in the graph."""
    opset: int
    """The version of its operator set."""
    values: tuple[Value | None, ...]
    """Its inputs, None where an optional one is left out."""
    read: set[int] = field(default_factory=set)
    """Which inputs a rule has asked for."""

    @property
    def inputs(self) -> tuple[Value | None, ...]:
        """All inputs, for a rule that follows every one."""
        self.read.update(range(len(self.values)))
        return self.values

    @property
    def unread(self) -> list[int]:
        """Inputs that depend on the image and that no rule has asked for."""
        return [place for place in self._from_image if place not in self.read]

    @property
    def before(self) -> str:
        """Which tensor can be had where what this node makes cannot, as a cure."""
        names = [self.proto.input[place] for place in self._from_image]
        return f"Ask for the tensor '{names[0]}', which it takes." if names else ""

    @property
    def _from_image(self) -> list[int]:
        places = enumerate(self.values)
        return [place for place, value in places if isinstance(value, Seen) and value.terms]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """By name."""
        return {a.name: helper.get_attribute_value(a) for a in self.proto.attribute}

    def number(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        return _of_kind(name, self.attributes.get(name, default), int)

    def decimal(self, name: str, default: float) -> float:
        """Return a float attribute."""
        return _of_kind(name, self.attributes.get(name, default), float)

    def numbers(self, name: str) -> list[int] | None:
        """Return an attribute that is a list of integers."""
        found = self.attributes.get(name)
        if found is None:
            return None
        if not isinstance(found, list):
            raise BadInput(f"its attribute {name} is {found!r}, not a list.")
        return [_of_kind(name, each, int) for each in found]

    def text(self, name: str, default: str) -> str:
        """Return a string attribute."""
        return _of_kind(name, self.attributes.get(name, default.encode()), bytes).decode()

    def choice(self, name: str, *known: str) -> str:
        """Return a string attribute that is one of those that are known; the first is the default.

        Raises:
            BadInput: It is another one.
        """
        found = self.text(name, known[0])
        if found not in known:
            raise BadInput(f"its {name} {found!r} is not one of {', '.join(known)}.")
        return found

    def given(self, place: int) -> Value | None:
        """Return an input, None where it is left out."""
        self.read.add(place)
        return self.values[place] if place < len(self.values) else None

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
                f"known before it runs. {self.before}"
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


def _of_kind(name: str, found: object, kind: type[Kind]) -> Kind:
    if not isinstance(found, kind):
        raise BadInput(f"its attribute {name} is {found!r}, not of type {kind.__name__}.")
    return found


def as_seen(value: Value) -> Seen:
    """Return a value as a tensor; one that is known sees nothing."""
    if isinstance(value, Seen):
        return value
    return Seen(tuple((Factor(size),) for size in value.shape), ())


def shapes(values: Sequence[Value]) -> str:
    """Return the shapes of values for a message."""
    return " and ".join(str(list(value.shape)) for value in values)
