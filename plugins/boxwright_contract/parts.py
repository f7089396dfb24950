"""The parts that plugins hand over: backbones, families, necks, detectors, proposal sources.

Shape shorthand in this module:

    N: images in a batch          H, W: height and width of a canvas, in pixels
    C: channels of a level        K: classes, background not counted
    P: proposals of an image      D: most detections of an image
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from boxwright_contract.batch import Batch, Detections, Losses, Truth
from boxwright_contract.chunks import Chunked
from boxwright_contract.geometry.field import Field

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "Backbone",
    "BackboneFamily",
    "Batch",
    "Chunked",
    "Detections",
    "Detector",
    "Level",
    "Losses",
    "Neck",
    "Preprocessing",
    "ProposalSource",
    "RegionLevel",
    "StateDict",
    "Truth",
    "Weights",
]

StateDict = Mapping[str, "Tensor"]


@dataclass(frozen=True)
class Level:
    """One feature map that a backbone returns."""

    name: str
    """As the papers number them: "C3" has a stride of 2 ** 3."""
    channels: int
    stride: int
    """Input pixels from one cell to the next."""
    field: Field | None = None
    """What its cells see of the input. `boxwright geometry backbone NAME` measures it."""


@dataclass(frozen=True, kw_only=True)
class RegionLevel:
    """One feature map of a detector, from whose cells regions come."""

    name: str
    """As the papers number them: "P3" has a stride of 2 ** 3."""
    channels: int
    stride: int
    """Canvas pixels from one cell to the next."""
    anchors_px: tuple[tuple[float, float, float, float], ...] = ()
    """x1, y1, x2, y2 from the cell's own corner, which is cell * (canvas side // cells a side)."""


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What a backbone's weights expect of pixels. It runs inside the exported graph."""

    colour: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float]
    """For each channel, of pixels scaled to 0..1."""
    std: tuple[float, float, float]
    """For each channel, of pixels scaled to 0..1."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    antialias: bool = True
    """Whether the weights were trained on images that were low-pass filtered when reduced."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Trained parameters for a backbone, by name."""

    name: str
    origin: str
    """Who trained them, on what, and where they come from."""
    sha256: str
    """Of the whole file, 64 hexadecimal digits; or as many of the first as its publisher tells.

    At least 8. Empty where the publisher tells it only with the file: then `locate` compares.
    """
    licence: str
    locate: Callable[[], Path]
    """Return the file. Raises BadWeights, with the cure, if it is not there."""
    rename: Callable[[StateDict], StateDict] = lambda state: state
    """From the file's keys to the keys of the module that `Backbone.build` returns."""


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A feature extractor that any detector can stand on."""

    name: str
    levels: tuple[Level, ...]
    """Finest first."""
    preprocessing: Preprocessing
    build: Callable[[], nn.Module]
    """Return a torch module that maps (N, 3, H, W) to an ordered dict of `levels` by name.

    H and W are multiples of the largest stride. Level L is (N, C, H / stride, W / stride).
    """
    weights: tuple[Weights, ...] = ()
    """The first is the default."""
    source: str
    """Authors, year and identifier of the paper."""


@dataclass(frozen=True, kw_only=True)
class BackboneFamily:
    """Many backbones of one library, each made when its name is asked for: "timm:resnet18"."""

    name: str
    """What stands before the colon."""
    make: Callable[[str], Backbone]
    """Return the backbone of that name, the part after the colon.

    `Backbone.name` is the whole name. Called again, it returns the same value. Raises UnknownName,
    or BadSettings where the library has such a network, but no detector can stand on it.
    """
    members: Callable[[], Iterable[str]]
    """Every name that `make` may be asked for, without the family's own."""
    source: str
    """The library: authors, year and where it is."""


@dataclass(frozen=True, kw_only=True)
class Neck:
    """What makes levels of a backbone's levels, for a detector to stand on."""

    name: str
    levels: Callable[[tuple[Level, ...], int], tuple[Level, ...]]
    """(levels of a backbone, channels) -> the levels that `build` makes of them.

    Both finest first. The channels are those that are asked for; a level says which it has. Their
    fields are left open: they depend on the backbone.
    """
    build: Callable[[tuple[Level, ...], int], nn.Module]
    """(levels of a backbone, channels) -> a torch module, from a dict of those to one of `levels`.

    Both by name, in order. Any levels of any backbone must do: strides may repeat, or skip some.
    """
    source: str
    """Authors, year and identifier of the paper."""


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A way to find boxes, on any backbone.

    The module that `build` returns is private to its detector: only these functions look inside.
    """

    name: str
    options: type
    """A frozen dataclass, every field with a default: what `build` can be told.

    A recipe that goes beyond the bounds of a field is refused: `boxwright_contract.bounds`.
    """
    build: Callable[[Backbone, int, Any], nn.Module]
    """(backbone, K, options) -> the module that is trained.

    The attribute `backbone.body` of that module is what `Backbone.build` returned.
    """
    losses: Callable[[nn.Module, Batch, list[Truth]], Losses]
    """The training losses of a batch, each a scalar, to be summed."""
    detect: Callable[[nn.Module, Batch], list[Detections]]
    """The eager answer, which the exported graph must reproduce."""
    exportable: Callable[[nn.Module], nn.Module]
    """The same parameters in the form that is exported.

    It maps (canvas, image_size), then (N, P, 4) float32 proposals and (N,) int32 proposal_count
    if `needs_proposals`, to boxes (N, D, 4) float32, scores (N, D) float32, labels (N, D) int32,
    count (N,) int32 and where each detection comes from; rows at and after count are 0. That is
    proposal (N, D) int32, the position of its proposal, if `needs_proposals`; else origin
    (N, D, 3) int32, its cell: which of `levels`, y, x.
    """
    levels: Callable[[Backbone, Any], tuple[RegionLevel, ...]]
    """(backbone, options) -> the feature maps that regions come from, finest first.

    None where no map lies over the whole image, as in R-CNN.
    """
    features: Callable[[nn.Module], nn.Module]
    """The part that makes `levels`: a module from (N, 3, H, W) float32 to a dict of them by name.

    Its input is what normalisation gives. Their receptive fields are measured on it.
    """
    needs_proposals: bool = False
    chunked: Chunked | None = None
    """How its proposals are looked at some at a time; only where it `needs_proposals`."""
    class_agnostic: bool = False
    """Whether it finds objects without telling what they are: label 0, whatever K is."""
    after_training: (
        Callable[[nn.Module, Callable[[], Iterable[tuple[Batch, list[Truth]]]]], None] | None
    ) = None
    """(net, examples): fit, in place, what is not learnt by gradients, once those are done.

    Each call of `examples` gives the training images again, as they are. None: there is nothing.
    """
    source: str


@dataclass(frozen=True, kw_only=True)
class ProposalSource:
    """A way to guess where objects may be, for detectors that do not guess themselves."""

    name: str
    propose: Callable[[NDArray[np.uint8], int], NDArray[np.float32]]
    """(image (H, W, 3) RGB, limit) -> boxes (P, 4), x1, y1, x2, y2 in pixels.

    Best first; P is at most the limit. The same image always gives the same boxes, in the same
    order, whatever runs beside it: servers call it from many threads. The image cannot be written
    to, and what is not such boxes, or is raised, is told as the plugin's fault.
    """
    source: str
