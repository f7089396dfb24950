"""The layers of the notation: the options of each, and what makes it of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from boxwright_contract.geometry import blocks
from boxwright_contract.geometry.layers import (
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Stack,
    Upsample,
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One word for a layer."""

    usage: str
    """What errors and help show."""
    make: Callable[..., Layer | Stack]
    """Takes the arguments by name."""
    takes_channels_in: bool = False
    """Whether `make` takes the channels that come in, before the rest."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """From an option's letters to the argument that its number is; "" stands for no letters."""
    flags: Mapping[str, tuple[str, object]] = field(default_factory=dict)
    """From an option to an argument and its value."""
    required: tuple[str, ...] = ()
    """Keys of `numbers` that cannot be left out."""


COUNTS = frozenset(
    {"bottleneck", "cardinality", "channels", "groups", "growth", "heads", "layers"}
    | {"multiplier", "width"}
)
"""Arguments that are one number, whatever the number of axes."""

_WINDOW = {"": "kernel", "/": "stride", "p": "padding", "d": "dilation"}
_CONV = {**_WINDOW, "g": "groups", "c": "channels"}
_NO_BIAS: Mapping[str, tuple[str, object]] = {"nobias": ("bias", False)}
_SAME: Mapping[str, tuple[str, object]] = {"same": ("padding", "same")}


KINDS: Mapping[str, Kind] = {
    "conv": Kind(
        usage="conv K[/S] [pP | same] [dD] [gG] [cC] [nobias]",
        make=Conv,
        numbers=_CONV,
        flags={**_SAME, **_NO_BIAS},
        required=("",),
    ),
    "tconv": Kind(
        usage="tconv K[/S] [pP] [opP] [dD] [gG] [cC] [nobias]",
        make=ConvTranspose,
        numbers={**_CONV, "op": "output_padding"},
        flags=_NO_BIAS,
        required=("",),
    ),
    "pointwise": Kind(
        usage="pointwise [cC] [nobias]",
        make=blocks.pointwise,
        numbers={"c": "channels"},
        flags=_NO_BIAS,
    ),
    "depthwise": Kind(
        usage="depthwise K[/S] [pP] [dD] [mM] [nobias]",
        make=blocks.depthwise,
        takes_channels_in=True,
        numbers={**_WINDOW, "m": "multiplier"},
        flags=_NO_BIAS,
        required=("",),
    ),
    "separable": Kind(
        usage="separable K[/S] [pP] [cC] [nobias]",
        make=blocks.depthwise_separable,
        takes_channels_in=True,
        numbers={"": "kernel", "/": "stride", "p": "padding", "c": "channels"},
        flags=_NO_BIAS,
        required=("",),
    ),
    "light": Kind(
        usage="light K hH [pP | same] [bias]",
        make=LightweightConv,
        numbers={"": "kernel", "h": "heads", "p": "padding"},
        flags={**_SAME, "bias": ("bias", True)},
        required=("", "h"),
    ),
    "pool": Kind(
        usage="pool K[/S] [pP] [dD] [ceil]",
        make=Pool,
        numbers=_WINDOW,
        flags={"ceil": ("ceil", True)},
        required=("",),
    ),
    "avgpool": Kind(
        usage="avgpool K[/S] [pP] [dD] [ceil]",
        make=partial(Pool, kind="average"),
        numbers=_WINDOW,
        flags={"ceil": ("ceil", True)},
        required=("",),
    ),
    "globalpool": Kind(
        usage="globalpool [max]",
        make=GlobalPool,
        flags={"max": ("kind", "max")},
    ),
    "up": Kind(
        usage="up F [linear] [corners]",
        make=Upsample,
        numbers={"": "factor"},
        flags={"linear": ("mode", "linear"), "corners": ("align_corners", True)},
        required=("",),
    ),
    "norm": Kind(usage="norm", make=Norm),
    "linear": Kind(
        usage="linear cC [nobias]",
        make=Linear,
        numbers={"c": "channels"},
        flags=_NO_BIAS,
        required=("c",),
    ),
    "aggregated": Kind(
        usage="aggregated [cC] wW gG [/S]",
        make=blocks.aggregated_block,
        takes_channels_in=True,
        numbers={"c": "channels", "w": "width", "g": "cardinality", "/": "stride"},
        required=("w", "g"),
    ),
    "dense": Kind(
        usage="dense N growthG [bottleneckB]",
        make=blocks.dense_block,
        numbers={"": "layers", "growth": "growth", "bottleneck": "bottleneck"},
        required=("", "growth"),
    ),
}
