"""Networks that papers describe, as stacks: to learn the notation from, and to compare with.

Activations such as ReLU are left out: they change no shape, no parameter and no field.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from boxwright_contract.geometry.layers import Stack
from boxwright_contract.geometry.notation import parse
from boxwright_contract.geometry.stack import Shape


@dataclass(frozen=True, kw_only=True)
class Example:
    """A network, and what it is run on."""

    notation: str
    input: Shape
    note: str
    """What it shows, with the numbers that are known of it."""
    source: str
    """The paper, and where it differs from the paper."""

    @property
    def stack(self) -> Stack:
        """Return the layers."""
        return parse(self.notation, self.input.channels)


KIM = Example(
    notation="""
        concat(
            three=conv 3 c100, globalpool max |
            four=conv 4 c100, globalpool max |
            five=conv 5 c100, globalpool max
        ),
        linear c2
    """,
    input=Shape(300, (60,)),
    note="A sentence of 60 words of 300 numbers each. The convolutions see 3, 4 and 5 words, and "
    "have 360,300 parameters; the classifier of two classes has 602.",
    source="Kim 2014, Convolutional Neural Networks for Sentence Classification (arXiv:1408.5882)",
)

VGG16 = Example(
    notation="""
        conv 3 p1 c64 x2, pool 2,
        conv 3 p1 c128 x2, pool 2,
        conv 3 p1 c256 x3, pool 2,
        conv 3 p1 c512 x3, pool 2,
        conv 3 p1 c512 x2, conv5_3=conv 3 p1, pool5=pool 2,
        linear c4096 x2, linear c1000
    """,
    input=Shape(3, (224, 224)),
    note="138,357,544 parameters. conv5_3 sees 196 px and has one cell every 16; pool5 sees 212, "
    "every 32.",
    source="Simonyan & Zisserman 2015 (arXiv:1409.1556), table 1, column D",
)

NETWORK_IN_NETWORK = Example(
    notation="""
        conv 11/4 c96, pointwise c96 x2, pool 3/2 ceil,
        conv 5 p2 c256, pointwise c256 x2, pool 3/2 ceil,
        conv 3 p1 c384, pointwise c384 x2, pool 3/2 ceil,
        conv 3 p1 c1024, pointwise c1024, pointwise c1000,
        globalpool
    """,
    input=Shape(3, (224, 224)),
    note="7,595,176 parameters: averages over everything take the place of the fully connected "
    "layers.",
    source="Lin et al. 2013, Network in Network (arXiv:1312.4400); the layers for ImageNet are "
    "those of its authors' model for Caffe",
)

MOBILENET_V1 = Example(
    notation="""
        conv 3/2 p1 c32 nobias, norm,
        depthwise 3 p1 nobias, norm, pointwise c64 nobias, norm,
        depthwise 3/2 p1 nobias, norm, pointwise c128 nobias, norm,
        depthwise 3 p1 nobias, norm, pointwise c128 nobias, norm,
        depthwise 3/2 p1 nobias, norm, pointwise c256 nobias, norm,
        depthwise 3 p1 nobias, norm, pointwise c256 nobias, norm,
        depthwise 3/2 p1 nobias, norm, pointwise c512 nobias, norm,
        (depthwise 3 p1 nobias, norm, pointwise c512 nobias, norm) x5,
        depthwise 3/2 p1 nobias, norm, pointwise c1024 nobias, norm,
        depthwise 3 p1 nobias, norm, pointwise c1024 nobias, norm,
        globalpool, linear c1000
    """,
    input=Shape(3, (224, 224)),
    note="4,231,976 parameters. The last convolution sees 315 px and has one cell every 32.",
    source="Howard et al. 2017, MobileNets (arXiv:1704.04861), table 1; its last but one "
    "convolution has a stride of 1, as all code has it",
)

UNET = Example(
    notation="""
        conv 3 p1 c64 x2,
        concat( | pool 2, conv 3 p1 c128 x2,
            concat( | pool 2, conv 3 p1 c256 x2,
                concat( | pool 2, conv 3 p1 c512 x2,
                    concat( | pool 2, conv 3 p1 c1024 x2, tconv 2/2 c512),
                conv 3 p1 c512 x2, tconv 2/2 c256),
            conv 3 p1 c256 x2, tconv 2/2 c128),
        conv 3 p1 c128 x2, tconv 2/2 c64),
        conv 3 p1 c64 x2, pointwise c2
    """,
    input=Shape(1, (512, 512)),
    note="31,030,658 parameters. A cell of the output sees 188 or 204 px, by its place among 16.",
    source="Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597), figure 1, padded so that lengths "
    "are kept",
)

WAVENET = Example(
    notation="""
        conv 2 d1 c32, conv 2 d2, conv 2 d4, conv 2 d8, conv 2 d16,
        conv 2 d32, conv 2 d64, conv 2 d128, conv 2 d256, conv 2 d512
    """,
    input=Shape(1, (16_000,)),
    note="One second of sound. Dilations that double see 1,024 samples through ten layers.",
    source="van den Oord et al. 2016, WaveNet (arXiv:1609.03499), section 2.1, without gates, "
    "residual and skip connections",
)

LIGHTCONV = Example(
    notation="""
        add( | light 3 h16), add( | light 7 h16), add( | light 15 h16), add( | light 31 h16) x4
    """,
    input=Shape(1024, (200,)),
    note="A sentence of 200 words. The encoder sees 143 of them through 2,384 weights of kernels.",
    source="Wu et al. 2019 (arXiv:1901.10430), section 4.3, without the pointwise layers, which "
    "see one word each",
)

EXAMPLES: Mapping[str, Example] = {
    "kim": KIM,
    "lightconv": LIGHTCONV,
    "mobilenet_v1": MOBILENET_V1,
    "network_in_network": NETWORK_IN_NETWORK,
    "unet": UNET,
    "vgg16": VGG16,
    "wavenet": WAVENET,
}
"""By the name that `boxwright geometry layers --example` takes."""
