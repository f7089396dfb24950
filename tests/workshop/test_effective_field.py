"""The effective receptive field, where it can be calculated."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.geometry.field import AxisField, EffectiveField, Field, chain_field
from boxwright_workshop.effective_field import effective_fields


class Uniform(nn.Sequential):
    """A chain of convolutions that average over their window."""

    def __init__(self, depth: int, kernel: tuple[int, int] = (3, 3)) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2)
        super().__init__(
            nn.Conv2d(3, 4, 1),
            *(nn.Conv2d(4, 4, kernel, padding=padding, groups=4) for _ in range(depth)),
        )
        for parameter in self.parameters():
            nn.init.ones_(parameter)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"P0": super().forward(x)}


def measured(network: nn.Module, field: Field, *images: Tensor) -> EffectiveField:
    height, width = images[0].shape[2:]
    pairs = [(image, (height, width)) for image in images]
    return effective_fields(network, {"P0": field}, pairs, lambda _: None)["P0"]


@pytest.mark.parametrize("depth", [1, 4, 15])
def test_the_variance_of_a_chain_of_averages_is_the_sum_of_their_variances(depth: int) -> None:
    size = 2 * depth + 1
    found = measured(Uniform(depth), chain_field(size, 1, depth), torch.rand(1, 3, 41, 47))
    assert found.sigma_px == pytest.approx(((depth * (9 - 1) / 12) ** 0.5,) * 2, rel=1e-5)


@pytest.mark.parametrize("depth", [4, 15])
def test_the_box_is_the_smallest_that_holds_95_percent(depth: int) -> None:
    along = np.ones(1)
    for _ in range(depth):
        along = np.convolve(along, np.full(3, 1 / 3))
    held = {2 * r + 1: along[depth - r : depth + r + 1].sum() ** 2 for r in range(depth + 1)}
    expected = min(side for side, share in held.items() if share >= 0.95)
    size = 2 * depth + 1
    found = measured(Uniform(depth), chain_field(size, 1, depth), torch.rand(1, 3, 41, 47))
    assert found.box95_px == (expected, expected)
    assert expected < size


def test_the_box_has_the_proportions_of_the_field() -> None:
    tall = Field(axes=(AxisField(1, (-12,), (12,)), AxisField(1, (-4,), (4,))))
    found = measured(Uniform(4, (7, 3)), tall, torch.rand(1, 3, 41, 47))
    assert found.sigma_px == pytest.approx((4.0, (4 * 8 / 12) ** 0.5), rel=1e-5)
    assert found.box95_px[0] / found.box95_px[1] == pytest.approx(25 / 9, rel=0.1)


class Half(nn.Module):
    """It sees only what is positive."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"P0": x.relu() * torch.arange(9.0)[:, None]}


def test_what_is_not_linear_stays_and_images_without_a_gradient_do_not_count() -> None:
    light, dark = torch.ones(1, 3, 9, 9), -torch.ones(1, 3, 9, 9)
    found = measured(Half(), chain_field(1, 1, 0), light, dark, light)
    assert found == EffectiveField(sigma_px=(0, 0), box95_px=(1, 1), images=2)
    nothing = effective_fields(
        Half(), {"P0": chain_field(1, 1, 0)}, [(dark, (9, 9))], lambda _: None
    )
    assert nothing == {}


def test_the_cell_is_in_the_middle_of_the_image_and_not_of_the_canvas() -> None:
    class Marked(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            where = torch.zeros(1, 1, 9, 9)
            where[..., 2, 3] = 1
            return {"P0": x * where}

    image = torch.ones(1, 3, 9, 9)
    fields = {"P0": chain_field(1, 1, 0)}
    assert effective_fields(Marked(), fields, [(image, (5, 7))], lambda _: None)
    assert not effective_fields(Marked(), fields, [(image, (9, 9))], lambda _: None)


def test_progress_is_told_image_by_image() -> None:
    told: list[int] = []
    images = [(torch.rand(1, 3, 9, 9), (9, 9))] * 3
    effective_fields(Half(), {"P0": chain_field(1, 1, 0)}, images, told.append)
    assert told == [1, 2, 3]
