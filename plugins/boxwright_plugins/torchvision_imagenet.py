"""What torchvision's ImageNet classifiers share as backbones: preprocessing and weights."""

from functools import partial
from pathlib import Path

from boxwright_contract.parts import Preprocessing, StateDict, Weights
from boxwright_plugins.weight_files import from_address

PREPROCESSING = Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def imagenet(
    enum: str, sha256: str, *, leave_out: tuple[str, ...], trunk: str = "", into: str = ""
) -> Weights:
    """Return the weights IMAGENET1K_V1 of one of torchvision's classifiers.

    Args:
        enum: Torchvision's name of its weights, "ResNet50_Weights".
        sha256: As in `Weights`.
        leave_out: Beginnings of the keys that the backbone has no use for.
        trunk: Beginning of the other keys.
        into: What they begin with in the backbone instead.
    """
    return Weights(
        name="imagenet",
        origin=f"ImageNet-1k, torchvision's {enum}.IMAGENET1K_V1",
        sha256=sha256,
        licence="BSD-3-Clause",
        locate=partial(locate, enum),
        rename=partial(rename, leave_out, trunk, into),
    )


def locate(enum: str) -> Path:
    """Return the weights file. Raises BadWeights, BadSettings."""
    from torchvision import models

    return from_address(getattr(models, enum).IMAGENET1K_V1.url)


def rename(leave_out: tuple[str, ...], trunk: str, into: str, state: StateDict) -> StateDict:
    """From the classifier's keys to the backbone's."""
    return {
        into + key.removeprefix(trunk): value
        for key, value in state.items()
        if not key.startswith(leave_out)
    }
