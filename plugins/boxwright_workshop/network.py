"""A detector on a backbone as a recipe asks for it, ready to learn or to load."""

import torch
from torch import nn

from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import UnknownName
from boxwright_contract.parts import Backbone, Detector
from boxwright_workshop.depthwise import freeze_depthwise
from boxwright_workshop.folding import fold_norms
from boxwright_workshop.recipe import Recipe, converted
from boxwright_workshop.weights import load_into, named

PROBE = (1, 3, 64, 64)


def build(recipe: Recipe, classes: int, *, trained: bool) -> nn.Module:
    """Return the network of `recipe` for K `classes`.

    Args:
        recipe: Which detector on which backbone, with which options.
        classes: K, background not counted.
        trained: Whether to load the backbone's named weights; a checkpoint replaces them anyway.
    """
    catalog = Catalog.installed()
    backbone = catalog.backbone(recipe.backbone)
    detector = catalog.detector(recipe.detector)
    options: object = converted(
        recipe.options, detector.options, f"the options of {recipe.detector}"
    )
    torch.manual_seed(recipe.seed)
    net = detector.build(backbone, classes, options)
    body = body_of(net)
    if recipe.weights:
        if trained:
            load_into(body, named(backbone, recipe.weights))
        fold_norms(body)
    return net


def body_of(net: nn.Module) -> nn.Module:
    """Return what `Backbone.build` returned, inside a detector's network."""
    return net.get_submodule("backbone.body")


def detector_of(recipe: Recipe) -> Detector:
    """Return the detector that `recipe` names."""
    return Catalog.installed().detector(recipe.detector)


def freeze(net: nn.Module, recipe: Recipe, backbone: Backbone) -> None:
    """Fix what the recipe says does not learn, in place.

    The layers up to a level are those that its features have a gradient in.
    """
    body = body_of(net)
    if recipe.freeze:
        known = {level.name for level in backbone.levels}
        if recipe.freeze not in known:
            raise UnknownName.among(f"level of {backbone.name}", recipe.freeze, known)
        body(torch.zeros(PROBE))[recipe.freeze].sum().backward()
        for parameter in body.parameters():
            if parameter.grad is not None:
                parameter.requires_grad_(False)
                parameter.grad = None
    if recipe.freeze_depthwise:
        freeze_depthwise(body)
