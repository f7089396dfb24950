"""The networks that are our own compute what their papers say."""

import torch
from torch import Tensor, nn

from boxwright_contract.parts import Level
from boxwright_plugins.nets.border import CeilingMaxPool
from boxwright_plugins.nets.lightconv import LightweightConv
from boxwright_plugins.nets.unet_decoder import UNetDecoder


@torch.no_grad()
def test_a_lightweight_convolution_is_an_average_so_that_a_constant_stays() -> None:
    image = torch.full((1, 32, 9, 11), 3.0)
    seen = LightweightConv(channels=32, kernel=3)(image)
    torch.testing.assert_close(seen[:, :, 1:-1, 1:-1], image[:, :, 1:-1, 1:-1])


@torch.no_grad()
def test_a_lightweight_convolution_shares_its_kernel_in_a_head_and_not_between_heads() -> None:
    image = torch.rand(1, 1, 9, 9).expand(1, 32, 9, 9)
    seen = LightweightConv(channels=32, kernel=3)(image)
    torch.testing.assert_close(seen[:, 0], seen[:, 15])
    assert not torch.allclose(seen[:, 15], seen[:, 16])


@torch.no_grad()
def test_a_lightweight_convolution_sees_rows_and_columns_and_so_the_square_of_both() -> None:
    dot = torch.zeros(1, 16, 9, 9)
    dot[:, :, 4, 4] = 1
    seen = LightweightConv(channels=16, kernel=5)(dot)[0, 0] > 0
    expected = torch.zeros(9, 9, dtype=torch.bool)
    expected[2:7, 2:7] = True
    assert torch.equal(seen, expected)


@torch.no_grad()
def test_the_decoder_stands_on_any_levels_and_keeps_them_as_they_are() -> None:
    levels = (Level("C2", 8, 4), Level("C3", 12, 8), Level("C5_a", 16, 32), Level("C5", 20, 32))
    encoded = {level.name: torch.rand(2, level.channels, *_grid(level)) for level in levels}
    decoded = UNetDecoder(levels)(encoded)
    assert {name: level.shape for name, level in decoded.items()} == {
        name: level.shape for name, level in encoded.items()
    }
    assert list(decoded) == [level.name for level in levels]
    assert torch.equal(decoded["C5"], encoded["C5"])


def test_every_decoded_level_depends_on_all_coarser_ones_and_on_its_own() -> None:
    levels = (Level("C2", 4, 4), Level("C3", 8, 8), Level("C4", 16, 16))
    torch.manual_seed(3)
    decoder = UNetDecoder(levels)
    assert _sources(decoder, levels, "C2") == {"C2", "C3", "C4"}
    assert _sources(decoder, levels, "C3") == {"C3", "C4"}


def test_a_ceiling_pool_equals_torchs_on_even_grids() -> None:
    grid = torch.rand(1, 3, 14, 22)
    expected = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)(grid)
    assert torch.equal(CeilingMaxPool()(grid), expected)


def _grid(level: Level) -> tuple[int, int]:
    return 64 // level.stride, 96 // level.stride


def _sources(decoder: UNetDecoder, levels: tuple[Level, ...], name: str) -> set[str]:
    """Return the encoder's levels that a decoded level has a gradient in."""
    encoded: dict[str, Tensor] = {
        level.name: torch.rand(1, level.channels, *_grid(level), requires_grad=True)
        for level in levels
    }
    decoder(encoded)[name].sum().backward()
    return {key for key, level in encoded.items() if level.grad is not None}
