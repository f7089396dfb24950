"""Torchvision's detectors trained on COCO, by torchvision's own names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from boxwright_contract.parts import StateDict
from boxwright_workshop import network
from boxwright_workshop.checkpoint import Checkpoint
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import load_strictly, read_state


@dataclass(frozen=True, kw_only=True)
class Published:
    """A detector that torchvision has published."""

    weights: WeightsEnum
    recipe: Recipe
    norm_eps: float
    """What its normalisations add to the variance."""


RECIPES = {
    "fasterrcnn_resnet50_fpn": Published(
        weights=FasterRCNN_ResNet50_FPN_Weights.COCO_V1,
        recipe=Recipe(
            backbone="resnet50",
            weights="",
            freeze="",
            input=InputRule(short_side_px=800, long_side_px=1333, divisor=32),
        ),
        norm_eps=0.0,  # trained before torchvision's frozen normalisation added anything
    ),
    "fasterrcnn_mobilenet_v3_large_320_fpn": Published(
        weights=FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1,
        recipe=Recipe(
            backbone="mobilenet_v3_large",
            weights="",
            freeze="",
            options={
                "levels": ["C5_narrow", "C5"],
                "anchor_sides_px": [[32, 64, 128, 256, 512]] * 3,
                "candidates": 150,
                "proposals": 150,
                "min_objectness": 0.05,
            },
            input=InputRule(short_side_px=320, long_side_px=640, divisor=32),
        ),
        norm_eps=1e-5,
    ),
}


def load(
    name: str, file: Path | None = None, detector: str = "", options: Sequence[str] = ()
) -> tuple[nn.Module, Checkpoint]:
    """Return torchvision's detector of that name, in eval mode, and its record.

    Args:
        name: A key of `RECIPES`.
        file: The weights file. None: torchvision's cache, which it fills from the network.
        detector: As `checkpoint.load` takes it.
        options: As `checkpoint.load` takes them.

    Raises:
        BadWeights: The file does not fit, or is not there and cannot be downloaded.
    """
    published = RECIPES[name]
    enum = published.weights
    recipe = network.adapted(published.recipe, detector, options)
    classes = tuple(enum.meta["categories"][1:])
    net = network.build(recipe, len(classes), trained=False)
    state = read_state(file) if file else _cached(name, enum)
    cure = network.cure_of_misfit(published.recipe, recipe) or f"Use the weights of {name}."
    load_strictly(net, with_our_names(state), str(file or name), cure)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = published.norm_eps
    record = Checkpoint(
        recipe=recipe,
        classes=classes,
        weights=WeightsRecord(origin=f"COCO, torchvision's {enum}", licence="BSD-3-Clause"),
        epochs=0,
        accuracy=None,
        made_by="",
    )
    return net.eval(), record


def with_our_names(state: StateDict) -> StateDict:
    """Return the parameters of a detector of torchvision's by the names that ours have."""
    return {key.replace("backbone.fpn.", "backbone.neck."): each for key, each in state.items()}


def _cached(name: str, enum: WeightsEnum) -> StateDict:
    """Return the weights in torchvision's cache, which it fills from the network."""
    try:
        return dict(enum.get_state_dict(check_hash=True, map_location=torch.device("cpu")))
    except (OSError, RuntimeError) as error:  # the second of a file that is cut short or altered
        raise BadWeights(
            f"the weights of {name} are not in torch's cache, or damaged, and cannot be downloaded "
            f"from {enum.url}: {error}. Download them where there is a network, and pass the file "
            "with --weights."
        ) from error
