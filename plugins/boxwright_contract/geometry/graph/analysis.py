"""What the tensors of an ONNX graph see of its image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import onnx
from numpy.typing import NDArray

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import Field
from boxwright_contract.geometry.graph.graph import Graph
from boxwright_contract.geometry.graph.image import find_image
from boxwright_contract.geometry.graph.probe import Fields, Probe
from boxwright_contract.geometry.graph.span import Span
from boxwright_contract.geometry.graph.tensor import Seen
from boxwright_contract.geometry.graph.walk import walk


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found about one tensor."""

    shape: tuple[int, ...]
    """Of the tensor, at the probe on which it was measured."""
    field: Field


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """What each element of one tensor sees, exactly, cut off at the borders."""

    shape: tuple[int, ...]
    axes: tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]
    """For each axis of the image the first and the last position that is seen, gates and attention
    included, as read-only arrays of `shape`. The last lies before the first where an element sees
    nothing."""


def measure(
    model: onnx.ModelProto,
    tensors: Sequence[str] = (),
    *,
    image: str = "",
    divisor: int = 1,
    sides: tuple[int, ...] | None = None,
) -> dict[str, Measured]:
    """Return the receptive fields of tensors on the image, for every phase.

    Only the nodes that the tensors depend on need be understood. Weights are never read, so the
    model may be loaded without its external data.

    Args:
        model: The graph. Where it declares fixed sides that are too small to show the fields,
            larger ones are tried.
        tensors: Names of any values in it; none: its outputs.
        image: The input that is the image, of shape (N, C, sides) or (N, sides, C); empty: the only
            one that can be.
        divisor: The image's sides are multiples of it.
        sides: The image to measure on, in pixels. None: larger and larger ones, until two of them
            show the same for every tensor.

    Returns:
        For each tensor its shape on that image, and its field.

    Raises:
        UnknownName: There is no such tensor or input.
        BadInput: An operator cannot be followed (the message names the node), no field repeats, or
            `sides` do not do (the message tells why, and larger ones that do if they are found).
    """
    graph = Graph.read(model)
    found_image = find_image(graph, image)
    if divisor < 1:
        raise BadInput(f"a divisor of {divisor} px is not positive.")
    wanted = tuple(dict.fromkeys(tensors or graph.outputs))
    if not wanted:
        raise BadInput("the graph has no outputs. Name the tensors to measure.")
    probe = Probe(graph=graph, image=found_image, tensors=wanted, divisor=divisor)
    if sides is not None:
        return _measured(_at(probe, sides))
    fixed = found_image.fixed_sides
    return _measured(probe.grown() if fixed is None else _bound(probe, fixed))


def _measured(fields: Fields) -> dict[str, Measured]:
    return {
        name: Measured(shape=shape, field=field)
        for name, (shape, field) in fields.items()
        if field is not None
    }


def _at(probe: Probe, sides: tuple[int, ...]) -> Fields:
    """Measure on one image; where that does not do, tell why, and which one does."""
    found, wrong = _tried(probe, sides)
    unclear = tuple(name for name in probe.tensors if name not in found)
    if not unclear:
        return found
    part = replace(probe, tensors=unclear)
    try:
        large = part.grown()
    except BadInput as error:
        raise wrong or error from error
    enough = part.smallest(large, sides)
    cure = "Use other sides." if wrong else "Use larger sides."
    if enough:
        cure = f"Use at least {_told(enough)} px, in steps of {part.unit(large)} px."
    if wrong:
        raise BadInput(f"an image of {_told(sides)} px does not do: {wrong} {cure}") from wrong
    raise BadInput(
        f"an image of {_told(sides)} px is too small: too few cells of "
        f"{', '.join(unclear[:3])} are clear of its borders. {cure}"
    )


def _bound(probe: Probe, fixed: tuple[int, ...]) -> Fields:
    """Measure a graph that declares fixed sides, on larger ones where these are too small."""
    found, wrong = _tried(probe, fixed)
    if len(found) == len(probe.tensors):
        return found
    try:
        return probe.grown()
    except BadInput as error:
        if wrong and str(wrong) == str(error):  # the size has nothing to do with it
            raise
        raise BadInput(
            f"the graph declares an image of {_told(fixed)} px, which does not show its fields, "
            f"and a larger one does not do: {error} Export it with free or larger sides, or ask "
            "for tensors nearer to the image."
        ) from error


def _tried(probe: Probe, sides: tuple[int, ...]) -> tuple[Fields, BadInput | None]:
    """Return the fields that an image shows, and what was wrong if it cannot be used at all."""
    try:
        found = probe.fields(sides)
    except BadInput as error:
        return {}, error
    return {name: one for name, one in found.items() if one[1] is not None}, None


def _told(sides: tuple[int, ...]) -> str:
    return " x ".join(map(str, sides))


def intervals(
    model: onnx.ModelProto,
    tensors: Sequence[str],
    sides: tuple[int, ...],
    *,
    image: str = "",
) -> dict[str, Intervals]:
    """Return what each element of tensors sees of one image, exactly.

    Args:
        model: The graph.
        tensors: Names of any values in it that depend on the image.
        sides: Of the image, in pixels.
        image: As for `measure`.

    Raises:
        UnknownName: There is no such tensor or input.
        BadInput: An operator cannot be followed; the message names the node.
    """
    graph = Graph.read(model)
    found = walk(graph, find_image(graph, image), tensors, sides)
    made = {}
    for name, value in found.items():
        if not isinstance(value, Seen) or not value.terms:
            raise BadInput(f"the tensor '{name}' does not depend on the image.")
        made[name] = _intervals(value)
    return made


def _intervals(tensor: Seen) -> Intervals:
    for axis in range(tensor.rank):
        tensor = tensor.dense(axis)
    terms = [term.folded() for term in tensor.terms]
    axes = []
    for number in range(len(terms[0].spans)):
        span = reduce(Span.hull, (term.spans[number] for term in terms))
        lo, hi = (np.broadcast_to(array, tensor.shape) for array in (span.lo, span.hi))
        axes.append((lo, hi))
    return Intervals(shape=tensor.shape, axes=tuple(axes))
