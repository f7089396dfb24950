"""The layers of a stack, as frozen values: what they are, nothing of what they do.

`Sides` is one number for every axis, or one for each axis: (width), (height, width) or (depth,
height, width). A stack runs from its first layer to its last.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Sides: TypeAlias = int | tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Conv:
    """A convolution. With kernel 1 it is pointwise, with groups = channels depthwise.

    Source: Dumoulin & Visin 2016 (arXiv:1603.07285); pointwise: Lin et al. 2013, Network in
    Network (arXiv:1312.4400); groups: Xie et al. 2017, ResNeXt (arXiv:1611.05431).
    """

    channels: int
    """That come out."""
    kernel: Sides
    stride: Sides = 1
    padding: Sides | Literal["same"] = 0
    """On both ends of an axis; "same" keeps the length, and needs a stride of 1."""
    dilation: Sides = 1
    groups: int = 1
    bias: bool = True
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class ConvTranspose:
    """A transposed convolution: the transpose of the matrix of the `Conv` with these numbers.

    Source: Dumoulin & Visin 2016 (arXiv:1603.07285), chapter 4.
    """

    channels: int
    kernel: Sides
    stride: Sides = 1
    padding: Sides = 0
    """Taken away from both ends of the output."""
    output_padding: Sides = 0
    """Added to the far end of the output; less than the stride or the dilation."""
    dilation: Sides = 1
    groups: int = 1
    bias: bool = True
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class LightweightConv:
    """A depthwise convolution whose kernels are softmax-normalised and shared across heads.

    Channel c uses the kernel of head c * heads // channels; it keeps length and channels.

    Source: Wu et al. 2019, "Pay Less Attention with Lightweight and Dynamic Convolutions"
    (arXiv:1901.10430), section 3.
    """

    kernel: Sides
    heads: int
    padding: Sides | Literal["same"] = "same"
    bias: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Maximum or average over a window."""

    kind: Literal["max", "average"] = "max"
    kernel: Sides
    stride: Sides | None = None
    """None: the kernel's."""
    padding: Sides = 0
    dilation: Sides = 1
    ceil: bool = False
    """Whether a last window that is only partly filled counts, as torch's ceil_mode has it."""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class GlobalPool:
    """Maximum or average over everything: each side becomes 1."""

    kind: Literal["max", "average"] = "average"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Upsample:
    """Each side times a whole factor."""

    factor: Sides
    mode: Literal["nearest", "linear"] = "nearest"
    """Linear is bilinear on two axes and trilinear on three."""
    align_corners: bool = False
    """Of the linear mode: whether the outermost cells stay where they are."""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Norm:
    """Batch or layer normalisation over channels, with a scale and a shift for each."""

    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A fully connected layer over everything; each side becomes 1."""

    channels: int
    bias: bool = True
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Branches:
    """Several stacks on the same input, joined. A branch without layers is the identity.

    Added: residual and aggregated (ResNeXt) blocks. Concatenated along channels: densely connected
    (DenseNet) blocks, and Kim's filters of several widths.
    """

    branches: tuple["Stack", ...]
    join: Literal["add", "concat"]
    name: str = ""


Layer: TypeAlias = (
    Conv | ConvTranspose | LightweightConv | Pool | GlobalPool | Upsample | Norm | Linear | Branches
)
Stack: TypeAlias = tuple[Layer, ...]
