"""The receptive field of a chain, in closed form."""

from collections.abc import Sequence


def closed_form(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many inputs a cell of the last layer sees along one axis.

    r0 = 1 + the sum over layers l of (k_l - 1) times the strides of all layers before l. It is the
    size alone, of a chain of convolutions and poolings.

    Args:
        kernels: Of each layer, first to last; d * (k - 1) + 1 where a dilation d spreads k cells.
        strides: Of each layer.

    Example:
        >>> closed_form([7, 3, 3, 3], [2, 2, 1, 1])
        27

    Source:
        Araujo, Norris & Sim, Distill 2019 (doi:10.23915/distill.00021), equation 2.
    """
    size, jump = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        size += (kernel - 1) * jump
        jump *= stride
    return size
