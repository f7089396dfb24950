"""He's initialization: random weights that keep the variance through convolutions and ReLU."""

from typing import Literal

from torch import nn


def with_he_weights(net: nn.Module, mode: Literal["fan_in", "fan_out"] = "fan_in") -> nn.Module:
    """Draw the weights of every convolution of `net` anew, and zero its biases, in place.

    Args:
        net: Any network.
        mode: "fan_in" keeps the variance of what goes forward, "fan_out" of gradients.

    Source:
        He et al. 2015 (arXiv:1502.01852), section 2.2.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net
