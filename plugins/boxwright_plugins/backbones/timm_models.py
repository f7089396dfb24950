"""Every network of timm that a detector can stand on: "timm:NAME", with timm's name.

A name may tell the weights after a dot, as in timm: "timm:resnet18.tv_in1k". Levels with a stride
under 4 are left out: regions at each of their cells cost more than the network.

Source: Wightman 2019, "PyTorch Image Models" (doi:10.5281/zenodo.4414861).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadSettings, MissingInstall, UnknownName
from boxwright_contract.hookspecs import hookimpl
from boxwright_contract.parts import Backbone, BackboneFamily, Level, Preprocessing
from boxwright_plugins.timm_weights import weights_of

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn

    from boxwright_plugins.nets.timm_levels import FeatureMap

FAMILY = "timm"
SOURCE = "Wightman 2019, PyTorch Image Models, doi:10.5281/zenodo.4414861"
FINEST_STRIDE = 4


@cache
def make(model: str) -> Backbone:
    """Return timm's `model` as a backbone.

    Raises:
        UnknownName: timm has none of that name.
        BadSettings: It takes images of one size only, or tells no levels, or only odd ones.
        MissingInstall: timm is not installed.
    """
    timm = _timm()
    if not timm.is_model(model.partition(".")[0]):
        raise UnknownName(model)
    try:
        config = timm.get_pretrained_cfg(model)
    except RuntimeError as error:  # what timm raises on weights that it does not know
        raise UnknownName(model) from error
    if config.fixed_input_size or config.input_size[0] != 3:
        raise _unusable(model, f"it takes images of {config.input_size} only (channels, y, x)")
    maps = _maps(model)
    names = tuple(f"C{feature.stride.bit_length() - 1}" for feature in maps)
    indices = tuple(feature.index for feature in maps)
    build = partial(_build, model, indices, names)
    bicubic = config.interpolation == "bicubic"
    return Backbone(
        name=f"{FAMILY}:{model}",
        levels=tuple(
            Level(name, feature.channels, feature.stride)
            for name, feature in zip(names, maps, strict=True)
        ),
        preprocessing=Preprocessing(
            mean=config.mean,
            std=config.std,
            interpolation="bicubic" if bicubic else "bilinear",
        ),
        build=build,
        weights=weights_of(model, build),
        source=f"timm's {model}: {SOURCE}",
    )


def members() -> Iterable[str]:
    """Return timm's names, with those of weights after a dot. Raises MissingInstall."""
    timm = _timm()
    return [*timm.list_models(), *timm.list_pretrained()]


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise MissingInstall(
            "timm is not installed, so its networks cannot be had. Run: pip install "
            "'boxwright[workshop]'"
        ) from error
    return timm


def _maps(model: str) -> list[FeatureMap]:
    from boxwright_plugins.nets.timm_levels import features_of

    try:
        features = features_of(model)
    except RuntimeError as error:  # what timm raises on networks without feature maps
        raise _unusable(model, f"timm cannot tell its levels: {error}") from error
    if features.pads_by_size:
        raise _unusable(
            model,
            f"{len(features.pads_by_size)} of its layers pad by the size of the image, "
            f"{features.pads_by_size[0]} for one",
        )
    maps = [feature for feature in features.maps if feature.stride >= FINEST_STRIDE]
    strides = [feature.stride for feature in maps]
    if not strides or strides != sorted(set(strides)) or any(s.bit_count() > 1 for s in strides):
        raise _unusable(model, f"its levels have strides {strides}, not rising powers of two")
    return maps


def _unusable(model: str, why: str) -> BadSettings:
    return BadSettings(
        f"no detector can stand on {FAMILY}:{model}: {why}. Choose a convolutional network, "
        f"{FAMILY}:resnet18 for one."
    )


def _build(model: str, indices: tuple[int, ...], names: tuple[str, ...]) -> nn.Module:
    from boxwright_plugins.nets.timm_levels import with_levels

    return with_levels(model, indices, names)


@hookimpl
def boxwright_backbone_families() -> list[BackboneFamily]:
    """Offer timm's networks."""
    return [BackboneFamily(name=FAMILY, make=make, members=members, source=SOURCE)]
