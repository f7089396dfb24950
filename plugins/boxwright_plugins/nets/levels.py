"""Feature levels by name, from networks that return them as a list."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn


class NamedLevels(nn.Module):
    """A network that returns a list of feature maps, made to return them by name."""

    def __init__(self, net: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.net = net
        self.names = tuple(names)

    def forward(self, x: Tensor) -> "OrderedDict[str, Tensor]":
        """Map (N, 3, H, W) to levels by name."""
        return OrderedDict(zip(self.names, self.net(x), strict=True))
