"""Zeros around the canvas, for networks whose own grids fall short of H / stride.

Some classifiers begin with convolutions without padding and pool with a ceiling, so that their
levels have one cell less, or a cell more, than H / stride. On a canvas with a few zeros more they
have exactly that many, and every weight still computes what it was trained to.
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional


class Bordered(nn.Module):
    """A network that sees `before_px` zeros above and left of the canvas, `after_px` at the end."""

    def __init__(self, net: nn.Module, before_px: int, after_px: int) -> None:
        super().__init__()
        self.net = net
        self.border = (before_px, after_px, before_px, after_px)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to what the network makes of the larger canvas."""
        return self.net(functional.pad(x, self.border))


class CeilingMaxPool(nn.Module):
    """Max pooling with a window of 3 and a stride of 2, whose last window may hang over the end.

    For an even number of non-negative cells: there it equals torch's ceil_mode, whose shapes the
    exporter cannot follow.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H / 2, W / 2)."""
        return functional.max_pool2d(functional.pad(x, (0, 1, 0, 1)), kernel_size=3, stride=2)
