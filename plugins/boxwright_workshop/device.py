"""Where training runs, and in which precision."""

import torch

from boxwright_contract.parts import Batch


def best_device() -> torch.device:
    """Return the first GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def bfloat16_is_quick(device: torch.device) -> bool:
    """Return whether `device` has instructions for bfloat16, rather than emulating it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def moved(batch: Batch, device: torch.device) -> Batch:
    """Return `batch` on `device`."""
    return Batch(
        batch.canvas.to(device),
        batch.image_size.to(device),
        tuple(boxes.to(device) for boxes in batch.proposals),
    )
