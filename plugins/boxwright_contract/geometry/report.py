"""What is told of a stack and of each of its layers."""

from dataclasses import dataclass

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.layers import Layer
from boxwright_contract.geometry.limits import LARGEST, MOST_PHASES_IN_ALL
from boxwright_contract.geometry.shape import Shape


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What one layer makes, and what it costs for one input."""

    index: str
    """Where it stands, from "1"; "3.1.2" is layer 2 of branch 1 of layer 3. Empty: the total."""
    layer: Layer | None
    """None: the total."""
    output: Shape
    parameters: int
    """Trained numbers."""
    parameters_without_bias: int
    """The shift of a norm is a bias."""
    multiply_accumulates: int
    """Of convolutions and fully connected layers; `costs` tells what is counted."""
    activation_bytes: int
    """Of the output, as float32."""
    field: tuple[AxisField | None, ...]
    """From the stack's input to the output, for each axis.

    None: every cell sees the whole axis, through a global pool or a fully connected layer.
    """


@dataclass(frozen=True)
class Description:
    """A stack, layer by layer."""

    layers: tuple[LayerReport, ...]
    """In order. `Branches` stand before the layers inside them, with the cost of the join alone."""
    total: LayerReport
    """The sums over all layers; output and field are those of the last."""


def check_counts(report: LayerReport) -> None:
    """Refuse counts that leave 64 bits.

    Raises:
        BadInput: One does.
    """
    counts = {
        "parameters": report.parameters,
        "multiply-accumulates": report.multiply_accumulates,
        "bytes of activations": report.activation_bytes,
    }
    for what, count in counts.items():
        if count > LARGEST:
            raise BadInput(f"{count:.1e} {what} are over {LARGEST}. Use smaller numbers.")


class PhaseBudget:
    """Counts phases, so that the fields of one stack stay small together."""

    def __init__(self) -> None:
        self.left = MOST_PHASES_IN_ALL

    def spend(self, field: tuple[AxisField | None, ...]) -> None:
        """Count those of `field`, if they are more than one on an axis.

        Raises:
            BadInput: The stack has had more than `MOST_PHASES_IN_ALL`.
        """
        self.left -= sum(axis.phases for axis in field if axis is not None and axis.phases > 1)
        if self.left < 0:
            raise BadInput(
                f"the receptive fields up to here have over {MOST_PHASES_IN_ALL:,} phases in all. "
                "Use smaller factors, no align_corners, or send the stack in parts."
            )
