"""Convolution and pooling: windows along each spatial axis."""

from dataclasses import dataclass

import numpy as np

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.graph.limits import check_cells
from boxwright_contract.geometry.graph.node import Node
from boxwright_contract.geometry.graph.rules.channels import along_channels, over_channels
from boxwright_contract.geometry.graph.runs import Runs
from boxwright_contract.geometry.graph.tensor import Seen


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window along one axis."""

    kernel: int
    stride: int
    dilation: int
    before: int
    """Cells of padding."""
    after: int
    ceil: bool = False

    @property
    def extent(self) -> int:
        """Cells from its first tap to its last, both included."""
        return self.dilation * (self.kernel - 1) + 1

    def cells(self, length: int) -> int:
        """Return how many there are on an axis of `length`."""
        room = length + self.before + self.after - self.extent
        if room < 0:
            raise BadInput(
                f"its window of {self.extent} does not fit into a side of {length} with "
                f"{self.before} + {self.after} of padding. Probe with larger sides."
            )
        cells = room // self.stride + 1
        if self.ceil and room % self.stride and cells * self.stride < length + self.before:
            cells += 1  # the last window may hang over, but must not begin in the padding
        check_cells(cells)
        return cells

    def runs(self, length: int) -> Runs:
        """Return what each cell is made of; padding contributes nothing."""
        first = np.arange(self.cells(length), dtype=np.int64) * self.stride - self.before
        return Runs.of(first, np.full_like(first, self.kernel), length, self.dilation)


def conv(node: Node, image: int = 0, weight: int = 1, bias: int = 2) -> Seen:
    """Conv: a window, and all channels of a group; of weights that see the image, every tap."""
    weights = node.seen(weight)
    kernel = node.numbers("kernel_shape") or list(weights.shape[2:])
    x = node.seen(image)
    windows = windows_of(node, x.shape[2:], kernel)
    x = over_channels(x, node.number("group", 1), weights.shape[0], node.index)
    x = _slid(x, windows)
    own = weights.over_axes(range(1, weights.rank), node.index)
    return along_channels(x, [own.reshaped(own.shape[:1]), node.given(bias)])


def quantized_conv(node: Node) -> Seen:
    """QLinearConv: x and its scale and zero point, then those of w."""
    return conv(node, 0, 3, 8)


def pool(node: Node) -> Seen:
    """MaxPool, AveragePool, LpPool: a window in every channel."""
    kernel = node.numbers("kernel_shape")
    if kernel is None:
        raise BadInput("its kernel_shape is missing.")
    x = node.seen(0)
    return _slid(x, windows_of(node, x.shape[2:], kernel))


def _slid(x: Seen, windows: list[Window]) -> Seen:
    for axis, window in enumerate(windows, start=2):
        x = x.over_runs(axis, window.runs(x.shape[axis]))
    return x


def windows_of(node: Node, sides: tuple[int, ...], kernel: list[int]) -> list[Window]:
    """Return the window along each spatial axis from a node's attributes.

    Raises:
        BadInput: They do not make windows, or not as many as there are axes.
    """
    count = len(sides)
    ones = [1] * count
    strides, dilations = node.numbers("strides") or ones, node.numbers("dilations") or ones
    pads = node.numbers("pads") or [0] * 2 * count
    if {len(kernel), len(strides), len(dilations)} != {count} or len(pads) != 2 * count:
        raise BadInput(f"its kernel, strides, dilations and pads are not of {count} axes.")
    if min((*kernel, *strides, *dilations), default=1) < 1 or min(pads, default=0) < 0:
        raise BadInput(
            f"kernel {kernel}, strides {strides}, dilations {dilations} must be positive, "
            f"and pads {pads} not negative."
        )
    ceil = bool(node.number("ceil_mode", 0))
    auto = node.choice("auto_pad", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
    made = []
    for axis, side in enumerate(sides):
        before, after = pads[axis], pads[axis + count]
        extent = dilations[axis] * (kernel[axis] - 1) + 1
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            before, after = same_padding(side, extent, strides[axis], auto)
        elif auto == "VALID":
            before, after = 0, 0
        made.append(
            Window(
                kernel=kernel[axis],
                stride=strides[axis],
                dilation=dilations[axis],
                before=before,
                after=after,
                ceil=ceil,
            )
        )
    return made


def same_padding(side: int, extent: int, stride: int, auto: str) -> tuple[int, int]:
    """Return the padding before and after that makes ceil(side / stride) windows.

    It is never negative, as ONNX's reference and TensorFlow have it: ONNX Runtime moves a first
    window that is smaller than its stride by 3 or more.
    """
    total = max((-(-side // stride) - 1) * stride + extent - side, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if auto == "SAME_UPPER" else (more, less)
