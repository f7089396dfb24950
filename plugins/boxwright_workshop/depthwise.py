"""Depthwise convolutions whose filters stay as they are, with a gradient that is quick on CPUs.

The gradient of a depthwise convolution's filters, and in bfloat16 that of a strided one's input,
cost more on a CPU than all the rest of a MobileNet or EfficientNet: 106 ms against 2 ms forward
for a 5 x 5 over (8, 240, 48, 48). Left frozen, the filters need no gradient, and the input's is
again a depthwise convolution: of the output's, spread by the stride, with the filters mirrored
(Dumoulin & Visin 2016, arXiv:1603.07285, section 4).
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

CONV_SAME = "ConvSame"
"""The name of boxwright_plugins' convolution that pads as TensorFlow does; not imported here."""


class _Depthwise(torch.autograd.Function):
    """The convolution and the gradient of its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(weight)
        ctx.stride, ctx.padding, ctx.size = stride, padding, x.shape[2:]
        return functional.conv2d(x, weight, None, stride, padding, 1, weight.shape[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        [weight], [grad] = ctx.saved_tensors, grads
        side = weight.shape[-1]
        if ctx.stride > 1:
            reach = [n + 2 * ctx.padding - side + 1 for n in ctx.size]
            spread = grad.new_zeros(*grad.shape[:2], *reach).to(memory_format=torch.channels_last)
            spread[:, :, :: ctx.stride, :: ctx.stride] = grad
            grad = spread
        mirrored = weight.flip(2, 3)
        back = side - 1 - ctx.padding
        return (
            functional.conv2d(grad, mirrored, None, 1, back, 1, weight.shape[0]),
            None,
            None,
            None,
        )


class FrozenDepthwise(nn.Module):
    """A depthwise convolution in which only the bias learns. Its keys are nn.Conv2d's."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(conv.weight.detach(), requires_grad=False)
        self.bias = conv.bias
        self.stride = conv.stride[0]
        same = type(conv).__name__ == CONV_SAME
        total = conv.kernel_size[0] - self.stride if same else 0
        self.margin = (total // 2, total - total // 2) * 2
        self.padding = 0 if same else cast("tuple[int, int]", conv.padding)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H / stride, W / stride)."""
        weight: Tensor = self.weight
        if torch.is_autocast_enabled(x.device.type):
            dtype = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(dtype), weight.to(dtype)
        if any(self.margin):
            x = functional.pad(x, self.margin)
        y = cast("Tensor", _Depthwise.apply(x, weight, self.stride, self.padding))
        return y if self.bias is None else y + self.bias.to(y.dtype)[:, None, None]


def freeze_depthwise(net: nn.Module) -> None:
    """Freeze the filters of every depthwise convolution of `net`, in place.

    Convolutions that do more than convolve, or differ between height and width, stay as they are.
    """
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.Conv2d) and _is_plain_depthwise(module):
            net.set_submodule(name, FrozenDepthwise(module))


def _is_plain_depthwise(conv: nn.Conv2d) -> bool:
    return (
        (type(conv) is nn.Conv2d or type(conv).__name__ == CONV_SAME)
        and 1 < conv.groups == conv.in_channels == conv.out_channels
        and conv.dilation == (1, 1)
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and all(len(set(sides)) == 1 for sides in (conv.kernel_size, conv.stride, conv.padding))
    )
