"""Where in a stack something is impossible, for messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import (
    Branches,
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Upsample,
)

AXES = {1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}
"""Names of the axes of a tensor, by their number."""

KINDS: dict[type[Layer], str] = {
    Conv: "conv",
    ConvTranspose: "transposed conv",
    LightweightConv: "lightweight conv",
    Pool: "pool",
    GlobalPool: "global pool",
    Upsample: "upsample",
    Norm: "norm",
    Linear: "linear",
    Branches: "branches",
}
LONGEST_NAME = 80
"""Characters of a name that are told."""


def place_of(index: str, layer: Layer) -> str:
    """Return how a message calls `layer`: "layer 3 (conv 'stem')"."""
    name = f" '{layer.name[:LONGEST_NAME]}'" if layer.name else ""
    return f"layer {index} ({KINDS[type(layer)]}{name})"


@contextmanager
def at(place: str) -> Iterator[None]:
    """Put `place` before the message of every BadInput from inside."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from error
