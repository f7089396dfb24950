"""Made-up annotated images: two bright rectangles on noise, one of each class."""

import numpy as np
import torch

from boxwright_contract.parts import Batch, Truth
from boxwright_workshop.parity.odd_sizes import Pixels, structured

CLASSES = 2
COLOURS = ((250, 60, 0), (0, 80, 250))


def scene(rng: np.random.Generator, height: int, width: int) -> tuple[Pixels, Truth]:
    """Return a picture (H, W, 3) and where its rectangles are."""
    picture = structured(rng)[:height, :width] // 2
    boxes = []
    for colour in COLOURS:
        tall, wide = (int(rng.integers(24, side // 2)) for side in (height, width))
        y, x = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        picture[y : y + tall, x : x + wide] = colour
        boxes.append([x, y, x + wide, y + tall])
    return picture, Truth(torch.tensor(boxes, dtype=torch.float32), torch.arange(CLASSES))


def scenes(number: int, height: int, width: int, seed: int = 0) -> tuple[Batch, list[Truth]]:
    """Return pictures that fill their canvases, and their truths."""
    rng = np.random.default_rng(seed)
    pictures, truths = zip(*(scene(rng, height, width) for _ in range(number)), strict=True)
    sizes = torch.tensor([[height, width]] * number, dtype=torch.int32)
    return Batch(torch.from_numpy(np.stack(pictures)), sizes), list(truths)
