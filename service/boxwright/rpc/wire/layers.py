"""Layers as messages -> a stack."""

from collections.abc import Iterable, Iterator
from functools import reduce

from boxwright.rpc.wire.layer import layers_of
from boxwright.v1 import geometry_pb2 as pb
from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Branches, Layer, Stack
from boxwright_contract.geometry.limits import MOST_LAYERS
from boxwright_contract.geometry.places import LONGEST_NAME, at


def stack(layers: Iterable[pb.Layer], channels: int) -> Stack:
    """Return the stack that `layers` describe, on an input of so many channels.

    Raises:
        BadInput: A layer has no kind or no kernel, or there are too many.
    """
    return _Reading().stack(layers, channels)


class _Reading:
    """Counts the layers as they are made, so that a short message cannot ask for endless ones."""

    def __init__(self) -> None:
        self._layers = 0

    def stack(self, layers: Iterable[pb.Layer], channels: int, path: str = "") -> Stack:
        made: list[Layer] = []
        for layer in layers:
            for _ in range(layer.repeat or 1):
                for each in self._made(layer, channels, f"{path}{len(made) + 1}"):
                    place = f"{path}{len(made) + 1}"
                    self._count(place)
                    channels = _channels(each, channels)
                    made.append(each)
        return tuple(made)

    def _made(self, layer: pb.Layer, channels: int, place: str) -> Iterator[Layer]:
        if len(layer.name) > LONGEST_NAME:
            raise BadInput(
                f"layer {place}: its name has {len(layer.name)} characters, over {LONGEST_NAME}. "
                "Shorten it."
            )
        if layer.WhichOneof("kind") == "branching":
            yield self._branches(layer, channels, place)
        else:
            with at(f"layer {place}"):
                made = layers_of(layer, channels)
            yield from made

    def _branches(self, layer: pb.Layer, channels: int, place: str) -> Branches:
        branches = []
        for number, branch in enumerate(layer.branching.branches, start=1):
            self._count(place)
            branches.append(self.stack(branch.layers, channels, f"{place}.{number}."))
        return Branches(
            branches=tuple(branches),
            join="concat" if layer.branching.concatenate else "add",
            name=layer.name,
        )

    def _count(self, place: str) -> None:
        self._layers += 1
        if self._layers > MOST_LAYERS:
            raise BadInput(
                f"from layer {place} on the stack has over {MOST_LAYERS:,} layers and branches, "
                "repeats counted. Send it in parts."
            )


def _channels(layer: Layer, channels: int) -> int:
    """Return how many channels `layer` makes, if it is possible; whether it is, is told later."""
    if not isinstance(layer, Branches):
        return getattr(layer, "channels", channels)
    ends = [reduce(lambda came, each: _channels(each, came), b, channels) for b in layer.branches]
    return sum(ends) if layer.join == "concat" else max(ends, default=channels)
