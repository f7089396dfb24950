"""Torchvision's weight files: where they lie, and how they come there."""

from pathlib import Path

import torch
from torchvision.models import WeightsEnum

from boxwright_contract.errors import BadWeights


def cached(weights: WeightsEnum) -> Path:
    """Return the file of `weights`, downloading it into torch's cache if it is not there.

    Raises:
        BadWeights: It is not there and cannot be downloaded.
    """
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / weights.url.rsplit("/", 1)[-1]
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(weights.url, str(path), progress=False)
        except OSError as error:
            raise BadWeights(
                f"{weights.url} cannot be downloaded: {error}. Download it where there is a "
                f"network, and put it into {folder}, or set TORCH_HOME to a folder that has it in "
                "hub/checkpoints."
            ) from error
    return path
