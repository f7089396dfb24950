"""The effective receptive field: where the gradient of real weights is.

Source: Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks" (arXiv:1701.04128), section 2: a gradient of 1 at the centre of a feature map, in all its
channels, is propagated back to the image, and the sizes of what arrives are averaged over images.
"""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from boxwright_contract.geometry.field import EffectiveField, Field

SHARE = 0.95


class Mass:
    """The gradient of one feature map, gathered image by image; each image counts the same."""

    def __init__(self, field: Field) -> None:
        self.axes = field.axes
        height, width = (1 if axis is None else axis.sizes_px[1] for axis in field.axes)
        self.proportion = height / width
        self.images = 0
        self.squares = torch.zeros(2, dtype=torch.float64)
        self.by_height = torch.zeros(1, dtype=torch.float64)
        """Of the smallest box around the centre, in the field's proportions, that holds it."""

    def add(self, level: Tensor, image: Tensor, used_px: tuple[int, int]) -> None:
        """Add the gradient of the cell in the middle of an image; none if there is no gradient.

        Args:
            level: (1, C, h, w).
            image: (1, 3, H, W), which it was computed from.
            used_px: Height and width of the part that is no padding.
        """
        grid, canvas = level.shape[2:], image.shape[2:]
        y, x = (used * n // (2 * n_px) for used, n, n_px in zip(used_px, grid, canvas, strict=True))
        middle = level[0, :, y, x].sum()
        [gradient] = torch.autograd.grad(middle, image, retain_graph=True)
        mass = gradient[0].double().abs().sum(dim=0)
        if not mass.any():
            return
        mass /= mass.sum()
        down, right = (
            torch.arange(n_px, dtype=torch.float64)
            - float((u + 0.5) * n_px / n - 0.5 if axis is None else axis.centre_px(u))
            for axis, u, n, n_px in zip(self.axes, (y, x), grid, canvas, strict=True)
        )
        self.squares[0] += mass.sum(dim=1) @ down**2
        self.squares[1] += mass.sum(dim=0) @ right**2
        boxes = torch.maximum(
            (2 * down.abs() + 1)[:, None], (2 * right.abs() + 1) * self.proportion
        )
        heights = torch.bincount(
            boxes.ceil().long().flatten(), mass.flatten(), minlength=len(self.by_height)
        )
        heights[: len(self.by_height)] += self.by_height
        self.by_height = heights
        self.images += 1

    def result(self) -> EffectiveField:
        """Return what was gathered; there must be some."""
        sigma_y, sigma_x = (self.squares / self.images).sqrt().tolist()
        held = self.by_height.cumsum(0) / self.images
        height = int((held >= SHARE).nonzero()[0])
        width = -int(-height // self.proportion)
        return EffectiveField(
            sigma_px=(sigma_y, sigma_x), box95_px=(height, width), images=self.images
        )


def effective_fields(
    network: nn.Module,
    fields: Mapping[str, Field],
    images: Iterable[tuple[Tensor, tuple[int, int]]],
    report: Callable[[int], None],
) -> dict[str, EffectiveField]:
    """Return the effective receptive fields of feature maps that have a gradient in some image.

    Args:
        network: Maps (1, 3, H, W) float32 to a dict of feature maps (1, C, h, w), in eval mode,
            with its trained weights and all that is not linear in it.
        fields: The receptive fields of the maps to measure.
        images: Each (1, 3, H, W) as the network takes it, and the height and width of the part
            that is no padding.
        report: Told after each image how many are done.
    """
    masses = {name: Mass(field) for name, field in fields.items()}
    for done, (image, used_px) in enumerate(images, start=1):
        pixels = image.clone().requires_grad_()
        maps: Mapping[str, Tensor] = network(pixels)
        for name, mass in masses.items():
            mass.add(maps[name], pixels, used_px)
        report(done)
    return {name: mass.result() for name, mass in masses.items() if mass.images}
