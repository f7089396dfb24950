"""Torchvision's detectors trained on COCO, by torchvision's own names."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.models.detection import (
    FasterRCNN_MobileNet_V3_Large_320_FPN_Weights,
    FasterRCNN_ResNet50_FPN_Weights,
)

from boxwright_contract.card import WeightsRecord
from boxwright_contract.errors import BadWeights
from boxwright_contract.input_rule import InputRule
from boxwright_workshop import network
from boxwright_workshop.checkpoint import Checkpoint
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import load_strictly, read_state

RECIPES: dict[str, tuple[WeightsEnum, Recipe]] = {
    "fasterrcnn_resnet50_fpn": (
        FasterRCNN_ResNet50_FPN_Weights.COCO_V1,
        Recipe(
            backbone="resnet50",
            weights="",
            input=InputRule(short_side_px=800, long_side_px=1333, divisor=32),
        ),
    ),
    "fasterrcnn_mobilenet_v3_large_320_fpn": (
        FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1,
        Recipe(
            backbone="mobilenet_v3_large",
            weights="",
            options={
                "levels": ["C5_narrow", "C5"],
                "anchor_sides_px": [[32, 64, 128, 256, 512]] * 3,
                "candidates": 150,
                "proposals": 150,
                "min_objectness": 0.05,
            },
            input=InputRule(short_side_px=320, long_side_px=640, divisor=32),
        ),
    ),
}


def load(name: str, file: Path | None = None) -> tuple[nn.Module, Checkpoint]:
    """Return torchvision's detector of that name, in eval mode, and its record.

    Args:
        name: A key of `RECIPES`.
        file: The weights file. None: torchvision's cache, which it fills from the network.

    Raises:
        BadWeights: The file does not fit, or is not there and cannot be downloaded.
    """
    enum, recipe = RECIPES[name]
    classes = tuple(enum.meta["categories"][1:])
    net = network.build(recipe, len(classes), trained=False)
    state = read_state(file) if file else _downloaded(name, enum)
    load_strictly(net, state, str(file or name))
    record = Checkpoint(
        recipe=recipe,
        classes=classes,
        weights=WeightsRecord(origin=f"COCO, torchvision's {enum}", licence="BSD-3-Clause"),
        epochs=0,
        accuracy=None,
        made_by=f"boxwright export {name}",
    )
    return net.eval(), record


def _downloaded(name: str, enum: WeightsEnum) -> dict[str, Any]:
    try:
        return dict(enum.get_state_dict(check_hash=True, map_location=torch.device("cpu")))
    except OSError as error:
        raise BadWeights(
            f"the weights of {name} are not in torch's cache and cannot be downloaded from "
            f"{enum.url}: {error}. Download them where there is a network, and pass the file "
            "with --weights."
        ) from error
