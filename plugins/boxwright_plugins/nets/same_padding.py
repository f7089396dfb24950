"""TensorFlow's SAME padding as a constant, for canvases that are multiples of the total stride.

timm computes this padding from the size at run time. Under symbolic height and width that makes
the exporter's algebra grow without end; on such canvases it is always the same asymmetric pair.
"""

from typing import Self

from timm.layers.cond_conv2d import CondConv2d
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.pool2d_same import AvgPool2dSame, MaxPool2dSame
from timm.layers.std_conv import ScaledStdConv2dSame, StdConv2dSame
from torch import Tensor, nn
from torch.nn import functional


class ConvSame(nn.Conv2d):
    """A convolution whose input is padded so that the output is the input over the stride."""

    @classmethod
    def like(cls, conv: nn.Conv2d) -> Self:
        """Return the constant form of timm's convolution, with the same parameters."""
        same = cls(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            stride=conv.stride,  # type: ignore[arg-type]
            dilation=conv.dilation,  # type: ignore[arg-type]
            groups=conv.groups,
            bias=conv.bias is not None,
        )
        same.weight, same.bias = conv.weight, conv.bias
        return same

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H / stride, W / stride)."""
        reach = self.dilation[0] * (self.kernel_size[0] - 1) + 1
        total = max(reach - self.stride[0], 0)
        low, high = total // 2, total - total // 2
        return super().forward(functional.pad(x, (low, high, low, high)))


def with_constant_padding(net: nn.Module) -> nn.Module:
    """Replace every convolution of `net` that pads by the size at run time, in place."""
    for name, module in list(net.named_modules()):
        if isinstance(module, Conv2dSame):
            net.set_submodule(name, ConvSame.like(module))
    return net


def pads_by_size(net: nn.Module) -> tuple[str, ...]:
    """Return the names of the layers that pad by the size at run time, which are not replaced."""
    return tuple(
        name
        for name, module in net.named_modules()
        if isinstance(module, AvgPool2dSame | MaxPool2dSame)
        or (isinstance(module, StdConv2dSame | ScaledStdConv2dSame) and module.same_pad)
        or (isinstance(module, CondConv2d) and module.dynamic_padding)
    )
