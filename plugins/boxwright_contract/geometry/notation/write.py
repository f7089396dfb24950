"""From layers to the text that names them."""

import re
from itertools import groupby

from boxwright_contract.geometry.layers import (
    Branches,
    Conv,
    ConvTranspose,
    GlobalPool,
    Layer,
    LightweightConv,
    Linear,
    Norm,
    Pool,
    Sides,
    Stack,
    Upsample,
)

_PLAIN = re.compile(r"[\w.-]+")


def write(stack: Stack) -> str:
    """Return the text of which `parse` makes `stack` again.

    Layers that are equal and follow each other are written once, with the number of times. Sides
    of one axis are written as the number that they hold, and read as that.

    Example:
        >>> write((Conv(channels=64, kernel=3, padding=1), Pool(kernel=2, stride=2)))
        'conv 3 p1 c64, pool 2/2'
    """
    runs = ((write_layer(layer), len(list(run))) for layer, run in groupby(stack))
    return ", ".join(text if times == 1 else f"{text} x{times}" for text, times in runs)


def write_layer(layer: Layer) -> str:
    """Return the text of one layer, with its name."""
    if not layer.name:
        return _body(layer)
    return f"{_quoted(layer.name)}={_body(layer)}"


def _body(layer: Layer) -> str:
    match layer:
        case Branches():
            return f"{layer.join}({' | '.join(map(write, layer.branches))})"
        case Conv():
            groups = _unless(1, "g", layer.groups)
            return _words("conv", *_window(layer), groups, f"c{layer.channels}", _bias(layer))
        case ConvTranspose():
            groups = _unless(1, "g", layer.groups)
            added = _unless(0, "op", layer.output_padding)
            channels = f"c{layer.channels}"
            return _words("tconv", *_window(layer), added, groups, channels, _bias(layer))
        case LightweightConv():
            padding = "" if layer.padding == "same" else f"p{_sides(layer.padding)}"
            bias = "bias" if layer.bias else ""
            return _words("light", _sides(layer.kernel), f"h{layer.heads}", padding, bias)
        case Pool():
            word = "pool" if layer.kind == "max" else "avgpool"
            return _words(word, *_window(layer), "ceil" if layer.ceil else "")
        case GlobalPool():
            return _words("globalpool", "max" if layer.kind == "max" else "")
        case Upsample():
            mode = "linear" if layer.mode == "linear" else ""
            return _words("up", _sides(layer.factor), mode, "corners" * layer.align_corners)
        case Norm():
            return "norm"
        case Linear():
            return _words("linear", f"c{layer.channels}", _bias(layer))


def _window(layer: Conv | ConvTranspose | Pool) -> tuple[str, str, str]:
    kernel = _sides(layer.kernel)
    default = None if isinstance(layer, Pool) else 1
    if layer.stride is not None and layer.stride != default:
        kernel += f"/{_sides(layer.stride)}"
    padding = "same" if layer.padding == "same" else _unless(0, "p", layer.padding)
    return kernel, padding, _unless(1, "d", layer.dilation)


def _unless(default: int, letters: str, value: Sides) -> str:
    return "" if value == default else f"{letters}{_sides(value)}"


def _bias(layer: Conv | ConvTranspose | Linear) -> str:
    return "" if layer.bias else "nobias"


def _sides(sides: Sides) -> str:
    return str(sides) if isinstance(sides, int) else "x".join(map(str, sides))


def _words(*words: str) -> str:
    return " ".join(word for word in words if word)


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
