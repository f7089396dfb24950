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


class PreActivation(nn.Module):
    """A convolution whose output is normalised on one way and taken as it is on another."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return x + self.norm(x).relu()


class Shared(nn.Module):
    """One convolution that runs before two normalisations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(3), nn.BatchNorm2d(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for norm in self.norms:
            x = norm(self.conv(x)).relu()
        return x


class TakenBefore(nn.Module):
    """A network that returns a level as it is before its normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.conv(x)
        return {"C0": x, "C1": self.norm(x)}


UNFOLDABLE = {
    "an activation in between": nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.BatchNorm2d(4)
    ),
    "another way around": PreActivation(),
    "a convolution that runs twice": Shared(),
    "a level in between": TakenBefore(),
}


@pytest.mark.parametrize("net", UNFOLDABLE.values(), ids=UNFOLDABLE)
def test_a_norm_that_does_not_own_a_convolution_stays(net: nn.Module) -> None:
    pixels = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        before = shaken(net)(pixels)
        after = fold_norms(net)(pixels)
    torch.testing.assert_close(after, before)
    assert any(isinstance(module, nn.BatchNorm2d) for module in net.modules())


def test_a_frozen_network_folds_too() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).requires_grad_(False)
    with torch.no_grad():
        fold_norms(net)
    assert isinstance(net[1], nn.Identity)
