import pytest
import torch
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_workshop.folding import fold_norms


def shaken(net: nn.Module) -> nn.Module:
    """Give every normalisation statistics of its own."""
    torch.manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.running_var):
                assert isinstance(values, torch.Tensor)
                nn.init.uniform_(values, 0.5, 1.5)
            for values in (module.bias, module.running_mean):
                assert isinstance(values, torch.Tensor)
                nn.init.uniform_(values, -0.2, 0.2)
    return net.eval()


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v3_large", "resnet50"])
def test_a_folded_backbone_is_the_same_function(name: str) -> None:
    backbone = Catalog.installed().backbone(name)
    net = shaken(backbone.build())
    pixels = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        before = net(pixels)
        after = fold_norms(net)(pixels)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    for level in backbone.levels:
        scale = before[level.name].abs().max()
        assert torch.allclose(before[level.name], after[level.name], atol=float(scale) * 1e-4)


def test_folding_leaves_the_mode_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).train()
    assert fold_norms(net).training


def test_a_norm_that_follows_no_convolution_stays() -> None:
    net = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3))
    fold_norms(net)
    assert isinstance(net[1], nn.BatchNorm2d)
