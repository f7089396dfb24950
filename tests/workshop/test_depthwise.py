import pytest
import torch
from torch import nn

from boxwright_plugins.nets.same_padding import ConvSame
from boxwright_workshop.depthwise import FrozenDepthwise, freeze_depthwise

CONVOLUTIONS = {
    "3x3": nn.Conv2d(6, 6, 3, padding=1, groups=6),
    "5x5": nn.Conv2d(6, 6, 5, padding=2, groups=6),
    "7x7 without bias": nn.Conv2d(6, 6, 7, padding=3, groups=6, bias=False),
    "3x3 stride 2": nn.Conv2d(6, 6, 3, stride=2, padding=1, groups=6),
    "5x5 stride 2": nn.Conv2d(6, 6, 5, stride=2, padding=2, groups=6),
    "3x3 stride 2 same": ConvSame(6, 6, 3, stride=2, groups=6),
    "5x5 stride 2 same": ConvSame(6, 6, 5, stride=2, groups=6),
}


@pytest.mark.parametrize("conv", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_output_and_gradients_are_those_of_the_convolution(conv: nn.Conv2d) -> None:
    torch.manual_seed(0)
    one = torch.randn(2, 6, 16, 24, requires_grad=True)
    other = one.detach().clone().requires_grad_()
    expected = conv(one)
    given = FrozenDepthwise(conv)(other)
    weight = torch.randn_like(expected)
    (expected * weight).sum().backward()
    if conv.bias is not None:
        assert conv.bias.grad is not None
        of_bias = conv.bias.grad.clone()
        conv.bias.grad = None
    (given * weight).sum().backward()
    assert torch.allclose(expected, given, atol=1e-6)
    assert one.grad is not None
    assert other.grad is not None
    assert torch.allclose(one.grad, other.grad, atol=1e-5)
    if conv.bias is not None:
        assert conv.bias.grad is not None
        assert torch.allclose(conv.bias.grad, of_bias, atol=1e-4)


def test_only_filters_of_depthwise_convolutions_are_frozen() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 3, groups=2)
    )
    keys = list(net.state_dict())
    freeze_depthwise(net)
    frozen = [name for name, value in net.named_parameters() if not value.requires_grad]
    assert frozen == ["1.weight"]
    assert list(net.state_dict()) == keys


class Standardised(nn.Conv2d):
    """A convolution that is more than nn.Conv2d."""


STRANGERS = {
    "another class": Standardised(4, 4, 3, groups=4),
    "dilated": nn.Conv2d(4, 4, 3, groups=4, dilation=2),
    "mirrored margins": nn.Conv2d(4, 4, 3, groups=4, padding=1, padding_mode="reflect"),
    "padding by name": nn.Conv2d(4, 4, 3, groups=4, padding="same"),
    "oblong": nn.Conv2d(4, 4, (3, 5), groups=4),
    "oblong stride": nn.Conv2d(4, 4, 3, groups=4, stride=(1, 2)),
    "oblong margins": nn.Conv2d(4, 4, 3, groups=4, padding=(1, 0)),
}


@pytest.mark.parametrize("conv", STRANGERS.values(), ids=STRANGERS)
def test_a_convolution_that_does_something_else_is_left_alone(conv: nn.Conv2d) -> None:
    net = nn.Sequential(conv)
    freeze_depthwise(net)
    assert net[0] is conv
    assert conv.weight.requires_grad
