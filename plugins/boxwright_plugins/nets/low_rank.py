"""A fully connected layer that answers with the greatest singular values of its weights only.

Source: Girshick 2015 (arXiv:1504.08083), section 3.1.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Factors(NamedTuple):
    """Two thin matrices whose product `up @ down` is near a layer's weights."""

    down: Tensor
    """(rank, inputs)."""
    up: Tensor
    """(outputs, rank)."""


class TruncatedLinear(nn.Linear):
    """A linear layer that is whole while it trains, and of a low rank when it answers.

    Its parameters are those of the whole layer. The factors are made again when these change.
    """

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__(inputs, outputs)
        self.rank = rank
        self._made: tuple[Tensor, Factors] | None = None  # from which weights

    def forward(self, x: Tensor) -> Tensor:
        """Map (R, inputs) to (R, outputs)."""
        if self.training:
            return super().forward(x)
        down, up = self.factors()
        return functional.linear(functional.linear(x, down), up, self.bias)

    def factors(self) -> Factors:
        """Return the factors of the weights as they are now."""
        weight = self.weight.detach()
        if self._made is None or not same(self._made[0], weight):
            with torch.inference_mode(mode=False):
                self._made = weight.clone(), truncated(weight, self.rank)
        return self._made[1]


def same(some: Tensor, others: Tensor) -> bool:
    """Return whether two tensors are on the same device with the same values."""
    return some.device == others.device and torch.equal(some, others)


@torch.no_grad()
def truncated(weight: Tensor, rank: int) -> Factors:
    """Return the factors of `weight` (outputs, inputs), with its `rank` greatest singular values.

    No other matrix of that rank is nearer (Eckart & Young 1936). The left singular vectors are
    eigenvectors of `weight @ weight.T`; found so, they take a tenth of the time.
    """
    precise = weight.double()
    vectors = torch.linalg.eigh(precise @ precise.T).eigenvectors  # the greatest come last
    up = vectors[:, -rank:]
    return Factors(down=(up.T @ precise).to(weight.dtype), up=up.to(weight.dtype).contiguous())
