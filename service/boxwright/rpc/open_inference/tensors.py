"""The tensors of a request: raw or typed -> our own values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.inference.open_inference_pb2 import InferTensorContents, ModelInferRequest
from boxwright_contract.errors import LONGEST_QUOTE, BadInput

LENGTH_BYTES = 4
"""Before each element of BYTES: its length, little-endian."""
MOST_INPUTS = 3
"""Of a request."""
MOST_SIDES = 4
"""Of a shape."""
AT_ONCE = 10_000
"""Typed elements that are read before other threads may go on: reading holds Python's lock."""

NUMBERS: Mapping[str, tuple[np.dtype[Any], str]] = MappingProxyType(
    {
        "UINT8": (np.dtype("u1"), "uint_contents"),
        "INT32": (np.dtype("<i4"), "int_contents"),
        "FP32": (np.dtype("<f4"), "fp32_contents"),
    }
)
"""What we take besides BYTES: the datatype, as raw bytes and as the field of typed contents."""


@dataclass(frozen=True)
class Tensor:
    """An input of a request, of which name, datatype and shape are read."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes | None = field(repr=False)
    """None: the elements are in `contents`."""
    contents: InferTensorContents = field(repr=False)

    @property
    def size(self) -> int:
        """How many elements the shape promises."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        """Return it as errors name it."""
        return f"input '{self.name}' ({self.datatype} {list(self.shape)})"


def tensors(request: ModelInferRequest) -> dict[str, Tensor]:
    """Return the inputs of a request by their names.

    Raises:
        BadInput: One comes twice, in shared memory, with a side under 0 or too many of them, or
            both raw and typed; or there are too many, or more or fewer raw contents than inputs.
    """
    raw = request.raw_input_contents
    if len(request.inputs) > MOST_INPUTS:
        raise BadInput(
            f"the request has {len(request.inputs)} inputs. Send at most {MOST_INPUTS}, each once."
        )
    if raw and len(raw) != len(request.inputs):
        raise BadInput(
            f"the request has {len(request.inputs)} inputs and {len(raw)} raw_input_contents. Send "
            "one for each input, or none and typed contents."
        )
    found: dict[str, Tensor] = {}
    for index, its in enumerate(request.inputs):
        if len(its.shape) > MOST_SIDES:
            raise BadInput(
                f"input '{its.name[:LONGEST_QUOTE]}' has {len(its.shape)} sides. Send at most "
                f"{MOST_SIDES}: N, height, width, 3."
            )
        tensor = Tensor(
            its.name, its.datatype, tuple(its.shape), raw[index] if raw else None, its.contents
        )
        if its.name in found:
            raise BadInput(f"{tensor} comes twice. Send each input once.")
        if "shared_memory_region" in its.parameters:
            raise BadInput(
                f"{tensor} is in shared memory, which this server does not read. Send its contents."
            )
        if raw and its.HasField("contents"):
            raise BadInput(
                f"{tensor} has typed contents beside raw_input_contents. Send one of the two."
            )
        if any(side < 0 for side in tensor.shape):
            raise BadInput(f"{tensor} has a side under 0. Send the real shape.")
        found[its.name] = tensor
    return found


def byte_strings(tensor: Tensor) -> list[bytes]:
    """Return the elements of a BYTES tensor.

    Raises:
        BadInput: They are not as many as its shape promises, or their lengths do not add up.
    """
    if tensor.raw is None:
        elements = list(tensor.contents.bytes_contents)
    else:
        elements = _split(tensor, tensor.raw)
    if len(elements) != tensor.size:
        raise BadInput(
            f"{tensor} has {'more' if len(elements) > tensor.size else len(elements)} elements, "
            f"and its shape promises {tensor.size}. Send as many as the shape says."
        )
    return elements


def _split(tensor: Tensor, raw: bytes) -> list[bytes]:
    elements: list[bytes] = []
    start = 0
    while start < len(raw) and len(elements) <= tensor.size:
        length = int.from_bytes(raw[start : start + LENGTH_BYTES], "little")
        end = start + LENGTH_BYTES + length
        if end > len(raw):
            raise BadInput(
                f"{tensor}: element {len(elements)} ends at byte {end} of {len(raw)}. Put the "
                "length of each element before it, as 4 bytes, little-endian."
            )
        elements.append(raw[start + LENGTH_BYTES : end])
        start = end
    return elements


def numbers(tensor: Tensor) -> NDArray[Any]:
    """Return the elements of a tensor of one of `NUMBERS`, in a row.

    Raises:
        BadInput: They are not as many as its shape promises, or do not fit the datatype.
    """
    dtype, typed = NUMBERS[tensor.datatype]
    if tensor.raw is None:
        return _array(tensor, getattr(tensor.contents, typed), dtype)
    if len(tensor.raw) != tensor.size * dtype.itemsize:
        raise BadInput(
            f"{tensor} has {len(tensor.raw)} bytes, and its shape promises "
            f"{tensor.size * dtype.itemsize}. Send as many as the shape says."
        )
    return np.frombuffer(tensor.raw, dtype)


def _array(tensor: Tensor, values: Sequence[float], dtype: np.dtype[Any]) -> NDArray[Any]:
    if len(values) != tensor.size:
        raise BadInput(
            f"{tensor} has {len(values)} typed elements of its datatype, and its shape promises "
            f"{tensor.size}. Send as many as the shape says."
        )
    array = np.empty(len(values), dtype)
    for start in range(0, len(values), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        try:
            array[part] = values[part]
        except OverflowError as error:
            raise BadInput(f"{tensor}: {error}. Send numbers of that datatype.") from error
    return array
