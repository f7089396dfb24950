"""What another precision than float32 costs a model in accuracy, and what it gains in speed.

A precision is that of the arithmetic of the dense part: convolutions and large products of
matrices. Decoding of boxes, suppression and a second graph, the conclusion, stay float32.
"""

from dataclasses import dataclass
from typing import Literal

MOST_LOST = 0.003
"""Average precision, of 0..1, that a precision may cost; one that costs more is not offered."""

Reduced = Literal["bfloat16", "int8"]


@dataclass(frozen=True, kw_only=True)
class PrecisionRecord:
    """A measurement of one precision on one device, beside float32 on the same."""

    precision: Reduced
    device: str
    """As the option --device names it."""
    graph_sha256: str = ""
    """Of `graph_file(precision)`. Empty: the model's own graph is run in this precision."""
    dataset: str
    images: int
    ap: float
    """Mean over IoU 0.50 to 0.95, in 0..1."""
    ap_float32: float
    """The same of float32, on the same images and device."""
    worst_score: float
    """Largest change of the score of a detection that is shown by default in either, in 0..1.

    A detection without one of its class at an IoU of 0.5 or more in the other counts whole.
    """
    speedup: float
    """The time that float32 takes for an image over that which it takes, where it was measured."""

    @property
    def refusal(self) -> str:
        """Why it is not offered. Empty: it is."""
        if self.ap_float32 - self.ap > MOST_LOST:
            return (
                f"its AP on the {self.images} images of {self.dataset} is {self.ap:.4f}, and "
                f"{self.ap_float32:.4f} in float32: more than {MOST_LOST} less"
            )
        if self.speedup <= 1:
            return f"it is no faster than float32: {self.speedup:.2f} times as fast"
        if not self.graph_sha256 and self.precision == "int8":
            return "its graph was not kept"
        return ""


def graph_file(precision: Reduced) -> str:
    """Return the file of a model's graph in a precision, beside its own.

    Example:
        >>> graph_file("int8")
        'model.int8.onnx'
    """
    return f"model.{precision}.onnx"
