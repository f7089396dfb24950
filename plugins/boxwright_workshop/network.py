"""A detector on a backbone as a recipe asks for it, ready to learn or to load."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from timm.layers.norm_act import freeze_batch_norm_2d
from torch import nn

from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.errors import BadPlugin, BadSettings, BoxwrightError, UnknownName
from boxwright_contract.parts import Backbone, Detector
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.blame import blamed
from boxwright_workshop.conformance.level_checks import levels_are_built_as_declared
from boxwright_workshop.depthwise import freeze_depthwise
from boxwright_workshop.folding import PROBE, fold_norms
from boxwright_workshop.proposals import check_rule
from boxwright_workshop.recipe import Recipe, changed, converted
from boxwright_workshop.weights import load_into, named


def settled(recipe: Recipe) -> Recipe:
    """Return `recipe` with what it leaves open decided by its backbone and its detector.

    Random weights are nothing to keep, so with them nothing is frozen.

    Raises:
        UnknownName: Its detector, backbone or source of proposals is not installed.
        BadSettings: The sides of its canvases are not multiples of the backbone's stride, or it
            tells where proposals come from to a detector that needs none.
    """
    backbone = Catalog.installed().backbone(recipe.backbone)
    stride = max(level.stride for level in backbone.levels)
    divisor, canvas_px = recipe.input.divisor, recipe.augmentation.canvas_px
    if divisor < 1 or divisor % stride or canvas_px % divisor:
        raise BadSettings(
            f"the recipe has input.divisor {divisor} and augmentation.canvas_px {canvas_px}. The "
            f"first must be a multiple of the stride of {backbone.name}, {stride}, and the second "
            "of the first. Change them."
        )
    weights, freeze = recipe.weights, recipe.freeze
    if weights is None:
        weights = backbone.weights[0].name if backbone.weights else ""
    if freeze is None:
        freeze = backbone.levels[0].name
    return replace(
        recipe,
        weights=weights,
        freeze=freeze if weights else "",
        freeze_depthwise=recipe.freeze_depthwise and bool(weights),
        proposals=_proposals(recipe),
    )


def adapted(recipe: Recipe, detector: str, options: Sequence[str]) -> Recipe:
    """Return a settled `recipe` for another detector, or one with other options.

    Args:
        recipe: What a network was trained by.
        detector: Its name. Empty: the same.
        options: Of the detector, each KEY=VALUE with a value in JSON.

    Raises:
        UnknownName: There is no such detector.
        BadSettings: An option is unknown to it, has the wrong type, is out of bounds, or is not
            KEY=VALUE; or the options that the network was trained with do not suit the detector.
    """
    alone = changed(recipe, detector=detector)
    try:
        options_of(alone)
    except BadSettings as error:
        raise BadSettings(f"{error} {cure_of_misfit(recipe, alone)}".strip()) from error
    other = changed(recipe, detector=detector, options=options)
    if other.detector == recipe.detector and options_of(other) == options_of(recipe):
        return recipe
    rule = (other.proposals or ProposalRule()) if detector_of(other).needs_proposals else None
    return replace(other, proposals=rule)


def cure_of_misfit(trained: Recipe, other: Recipe) -> str:
    """Return what to do where the parameters that `trained` made do not fit `other`.

    Empty where the two do not differ in detector or options.
    """
    if other.detector != trained.detector:
        return (
            f"The parameters are of {trained.detector} and do not fit {other.detector}: leave "
            f"--detector out, or name a checkpoint of a detector that {other.detector} is a part "
            "of."
        )
    if other.options != trained.options:
        return "Parameters depend on these options: train with them, or leave them out."
    return ""


def _proposals(recipe: Recipe) -> ProposalRule | None:
    """Return where a recipe's proposals come from, if its detector needs any."""
    if detector_of(recipe).needs_proposals:
        rule = recipe.proposals or ProposalRule()
        check_rule(rule)
        return rule
    if recipe.proposals:
        raise BadSettings(
            f"the recipe tells where proposals come from, and {recipe.detector} needs none. Leave "
            "the table [proposals] out; of a recipe that ships, `boxwright train --recipe NAME "
            "--explain-recipe > mine.toml` makes a file to edit."
        )
    return None


def build(recipe: Recipe, classes: int, *, trained: bool) -> nn.Module:
    """Return the network of a settled `recipe` for K `classes`.

    A trained backbone keeps its statistics: its normalisations are folded into the convolutions
    before them, or fixed where there is none.

    Args:
        recipe: Which detector on which backbone, with which options.
        classes: K, background not counted.
        trained: Whether to load the backbone's named weights; a checkpoint replaces them anyway.

    Raises:
        BadPlugin: The backbone does not build the levels that it declares.
        BadWeights: The named weights cannot be used.
    """
    offer = Catalog.installed().backbone_offer(recipe.backbone)
    _check_levels(offer)
    backbone = offer.part
    torch.manual_seed(recipe.seed)
    net = detector_of(recipe).build(backbone, classes, options_of(recipe))
    body = body_of(net)
    if recipe.weights:
        if trained:
            load_into(body, named(backbone, recipe.weights))
        freeze_batch_norm_2d(fold_norms(body))
    return net


def _check_levels(offer: Offer[Backbone]) -> None:
    """Refuse a backbone on which a detector would fail, or would learn at a wrong scale."""
    try:
        outcome = levels_are_built_as_declared(BackboneSpecimen(offer))
        fault = f"{outcome.seen} {outcome.cure}" if outcome.status == "failed" else ""
    except BoxwrightError:
        raise
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything
        fault = f"{blamed(error, offer.module)}. Mend what is raised there."
    if fault:
        raise BadPlugin(
            f"the backbone {offer.part.name} does not build the levels that it declares: {fault}"
        )


def body_of(net: nn.Module) -> nn.Module:
    """Return what `Backbone.build` returned, inside a detector's network."""
    return net.get_submodule("backbone.body")


def detector_of(recipe: Recipe) -> Detector:
    """Return the detector that `recipe` names."""
    return Catalog.installed().detector(recipe.detector)


def options_of(recipe: Recipe) -> object:
    """Return the options of the recipe's detector, as that detector declares them.

    Raises:
        BadSettings: One is unknown, has the wrong type or is out of bounds.
    """
    kind: type[object] = detector_of(recipe).options
    return converted(recipe.options, kind, f"the options of {recipe.detector}")


def freeze(net: nn.Module, recipe: Recipe) -> None:
    """Fix what a settled `recipe` says does not learn, in place.

    The layers up to a level are those that its features have a gradient in.
    """
    body = body_of(net)
    if recipe.freeze:
        levels = body.eval()(torch.zeros(PROBE))
        if recipe.freeze not in levels:
            raise UnknownName.among(f"level of {recipe.backbone}", recipe.freeze, levels)
        levels[recipe.freeze].sum().backward()
        for parameter in body.parameters():
            if parameter.grad is not None:
                parameter.requires_grad_(False)
                parameter.grad = None
    if recipe.freeze_depthwise:
        freeze_depthwise(body)
