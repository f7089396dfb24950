"""One level of several."""

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn


class CoarsestLevel(nn.Module):
    """Keeps the level of one name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Mapping[str, Tensor]) -> "OrderedDict[str, Tensor]":
        """Map levels by name to the one."""
        return OrderedDict({self.name: x[self.name]})
