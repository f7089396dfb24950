"""How many cells a layer makes along one axis, and how many it needs.

What a layer does along an axis is one of four steps: a window that slides, the transpose of one, a
scaling up, or one window over everything. Lengths are in cells.

Source: Dumoulin & Visin 2016 (arXiv:1603.07285), relationships 6, 14 and 15 with dilation.
"""

from dataclasses import dataclass
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.limits import LARGEST


@dataclass(frozen=True)
class Window:
    """A window that slides over the padded input. The default is the identity."""

    kernel: int = 1
    stride: int = 1
    before: int = 0
    """Padding at the start."""
    after: int = 0
    """Padding at the end."""
    dilation: int = 1
    ceil: bool = False
    """Whether a last window counts that begins inside but is only partly filled."""

    @property
    def span(self) -> int:
        """Cells from the first to the last that one window covers."""
        return self.dilation * (self.kernel - 1) + 1


@dataclass(frozen=True)
class Transposed:
    """The transpose of a `Window` with these numbers: each input cell spreads over a window."""

    kernel: int
    stride: int = 1
    padding: int = 0
    """Cells taken away from both ends of the output."""
    dilation: int = 1
    output_padding: int = 0
    """Cells added at the far end of the output."""

    @property
    def span(self) -> int:
        """Cells from the first to the last over which one input cell spreads."""
        return self.dilation * (self.kernel - 1) + 1


@dataclass(frozen=True)
class Scaling:
    """Each cell becomes `factor` cells."""

    factor: int
    linear: bool = False
    align_corners: bool = False


@dataclass(frozen=True)
class Whole:
    """One window over everything."""


Step: TypeAlias = Window | Transposed | Scaling | Whole


def output_length(step: Step, length: int) -> int:
    """Return how many cells `step` makes of `length` cells, at least 1.

    Raises:
        BadInput: It would make none, or more than 2**63 - 1.
    """
    match step:
        case Window():
            made = _windows(step, length)
        case Transposed():
            grown = (length - 1) * step.stride + step.span + step.output_padding
            made = grown - 2 * step.padding
            if made < 1:
                raise BadInput(
                    f"{length} cells spread over {grown}, and a padding of {step.padding} takes "
                    "them all away. Use less padding."
                )
        case Scaling():
            made = length * step.factor
        case Whole():
            made = 1
    if made > LARGEST:
        raise BadInput(f"the output would be over {LARGEST} cells long. Use smaller numbers.")
    return made


def _windows(step: Window, length: int) -> int:
    padded = length + step.before + step.after
    room = padded - step.span
    windows = (room + (step.stride - 1 if step.ceil else 0)) // step.stride + 1
    if windows < 1:
        span = f"a kernel of {step.kernel}"
        if step.dilation > 1:
            span += f" spread over {step.span} by a dilation of {step.dilation}"
        raise BadInput(
            f"{span} is larger than the padded input of {padded} "
            f"({length} with padding {step.before} + {step.after}). "
            "Send a larger input, or use a smaller kernel or more padding."
        )
    if step.ceil:  # a window that begins in the padding at the end does not count
        windows = min(windows, -(-(length + step.before) // step.stride))
    return windows


def least_length(step: Step, cells: int) -> int:
    """Return the smallest length of which `step` makes at least `cells` cells, at least 1.

    Raises:
        BadInput: No length does.
    """
    match step:
        case Window():
            least = (cells - 1) * step.stride + step.span - step.before - step.after
            if step.ceil:
                begins_inside = (cells - 1) * step.stride + 1 - step.before
                least = max(least - step.stride + 1, begins_inside)
        case Transposed():
            missing = cells + 2 * step.padding - step.span - step.output_padding
            least = -(-missing // step.stride) + 1
        case Scaling():
            least = -(-cells // step.factor)
        case Whole():
            if cells > 1:
                raise BadInput(
                    f"it leaves 1 cell, where the layers after it need {cells}. "
                    "Move it to the end, or scale up after it."
                )
            least = 1
    if least > LARGEST:
        raise BadInput(f"it would need over {LARGEST} cells. Use smaller numbers.")
    return max(least, 1)
