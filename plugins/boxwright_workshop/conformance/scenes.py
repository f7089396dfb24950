"""Made-up annotated images: two bright rectangles on noise, one of each class."""

import numpy as np
import torch

from boxwright_contract.parts import Batch, Truth
from boxwright_workshop.parity.odd_sizes import Pixels, structured
from boxwright_workshop.parity.regions import Boxes, in_pixels, made_up

CLASSES = 2
NEAR, NEAR_PX = 6, 3.0
"""Proposals for each rectangle, and how far off their edges are."""
ANYWHERE = 20
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


def scenes(
    number: int, height: int, width: int, seed: int = 0, *, proposed: bool = False
) -> tuple[Batch, list[Truth]]:
    """Return pictures that fill their canvases, and their truths.

    Args:
        number: Of pictures.
        height: In pixels.
        width: In pixels.
        seed: The same gives the same.
        proposed: Whether regions are proposed in each.
    """
    rng = np.random.default_rng(seed)
    pictures, truths = zip(*(scene(rng, height, width) for _ in range(number)), strict=True)
    sizes = torch.tensor([[height, width]] * number, dtype=torch.int32)
    proposals = [torch.from_numpy(around(truth, height, width)) for truth in truths if proposed]
    return Batch(torch.from_numpy(np.stack(pictures)), sizes, tuple(proposals)), list(truths)


def around(truth: Truth, height: int, width: int) -> Boxes:
    """Return proposals for a scene, (P, 4): some near its rectangles, and some anywhere."""
    rng = np.random.default_rng(int(truth.boxes.sum()))
    near = truth.boxes.repeat(NEAR, 1).numpy()
    near += rng.normal(0, NEAR_PX, near.shape).astype(np.float32)
    boxes = np.concatenate([near, in_pixels(made_up(ANYWHERE, rng), height, width)])
    return boxes.clip(0, np.array([width, height] * 2, np.float32))
