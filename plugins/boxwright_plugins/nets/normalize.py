"""Canvases of bytes to the floats that a backbone was trained on."""

import torch
from torch import Tensor, nn

from boxwright_contract.parts import Preprocessing


class Normalize(nn.Module):
    """Scale, shift, and zero whatever of a canvas no image covers.

    Torchvision pads after it normalises, so padding is 0 there and not the colour black.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.reverse = preprocessing.colour == "bgr"
        mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
        self.register_buffer("mean", mean[:, None, None], persistent=False)
        self.register_buffer("std", std[:, None, None], persistent=False)

    def forward(self, canvas: Tensor, image_size: Tensor) -> Tensor:
        """Map (N, H, W, 3) uint8 RGB and (N, 2) int32 to (N, 3, H, W) float32."""
        _, height, width, _ = canvas.shape
        rows = torch.arange(height, device=canvas.device) < image_size[:, :1]  # (N, H)
        columns = torch.arange(width, device=canvas.device) < image_size[:, 1:]  # (N, W)
        return self.shown(canvas.float(), rows[:, :, None] & columns[:, None, :])

    def shown(self, pixels: Tensor, used: Tensor) -> Tensor:
        """Map (N, H, W, 3) float32 RGB in 0..255 to (N, 3, H, W), 0 where not `used` (N, H, W)."""
        scaled = pixels.permute(0, 3, 1, 2) / 255
        if self.reverse:
            scaled = scaled.flip(1)
        return (scaled - self.mean) / self.std * used[:, None]
