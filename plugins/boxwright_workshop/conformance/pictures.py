"""Made-up pictures, as networks take them."""

import cv2
import numpy as np
import torch
from torch import Tensor

from boxwright_contract.parts import Preprocessing
from boxwright_workshop.parity.odd_sizes import structured


def normalised(how: Preprocessing, number: int, height: int, width: int) -> Tensor:
    """Return different pictures, (N, 3, H, W) float32, scaled as the weights expect."""
    rng = np.random.default_rng(0)
    pictures = [cv2.resize(structured(rng), (width, height)) for _ in range(number)]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255
    return (pixels - column(how.mean)) / column(how.std)


def extremes(how: Preprocessing, height: int, width: int) -> Tensor:
    """Return a black and a white picture and one of zeros, the padding: (3, 3, H, W) float32."""
    black, white = (((value - column(how.mean)) / column(how.std)) for value in (0.0, 1.0))
    padding = torch.zeros_like(black)
    return torch.stack([black, white, padding]).expand(-1, -1, height, width).clone()


def column(values: tuple[float, ...]) -> Tensor:
    """Return one value for each channel, (3, 1, 1)."""
    return torch.tensor(values)[:, None, None]
