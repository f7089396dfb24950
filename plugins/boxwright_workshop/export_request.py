"""What `boxwright export` is asked for, looked at before any of it is loaded: no torch here."""

from pathlib import Path

from boxwright_contract.errors import BadSettings, BadWeights

TENSORS, RECORD = "weights.safetensors", "checkpoint.json"
"""What a checkpoint's folder holds."""
PUBLISHED = ("fasterrcnn_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn")
"""Detectors of torchvision's, by its own names."""


def check_source(source: str, weights: Path | None) -> None:
    """Refuse what is neither a checkpoint's folder nor a detector of torchvision's.

    Args:
        source: What to export.
        weights: The file of torchvision's weights, if one is given.

    Raises:
        BadSettings: There is neither such a folder nor such a name, or a folder and `weights`.
        BadWeights: The folder is no checkpoint, or there is no file of that name.
    """
    if source in PUBLISHED:
        if weights and not weights.is_file():
            raise BadWeights(f"there is no weights file at {weights}. Check the path.")
        return
    if not Path(source).is_dir():
        raise BadSettings(
            f"there is no checkpoint folder {source}. Give one that `boxwright train` wrote, or a "
            f"detector of torchvision's: {', '.join(PUBLISHED)}."
        )
    if weights:
        raise BadSettings(
            f"--weights is for torchvision's detectors; the checkpoint {source} has its own. "
            "Leave it out."
        )
    check_checkpoint(Path(source))


def check_checkpoint(folder: Path) -> None:
    """Refuse a folder that holds no checkpoint. Raises BadWeights."""
    if not (folder / TENSORS).is_file() or not (folder / RECORD).is_file():
        raise BadWeights(
            f"{folder} is not a checkpoint: it lacks {TENSORS} or {RECORD}. "
            "Give the folder that `boxwright train` wrote, for example runs/people/best."
        )


def check_target(bundle: Path) -> None:
    """Refuse a bundle's folder that is there already. Raises BadSettings."""
    if bundle.exists():
        raise BadSettings(f"there is already something at {bundle}. Choose another version.")
