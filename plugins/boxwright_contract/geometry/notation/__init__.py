"""A short text for stacks of layers: "conv 7/2 p3 c64, pool 3/2 p1, conv 3 same c64 x2".

Layers follow each other, with commas between them. A layer is a word and its options, in any order:

    conv K[/S] [pP | same] [dD] [gG] [cC] [nobias]    convolution
    tconv K[/S] [pP] [opP] [dD] [gG] [cC] [nobias]    transposed convolution
    pointwise [cC] [nobias]                           convolution with a kernel of 1
    depthwise K[/S] [pP] [dD] [mM] [nobias]           convolution, each channel alone
    separable K[/S] [pP] [cC] [nobias]                depthwise, then pointwise
    light K hH [pP | same] [bias]                     lightweight convolution with H heads
    pool K[/S] [pP] [dD] [ceil]                       maximum over a window
    avgpool K[/S] [pP] [dD] [ceil]                    average over a window
    globalpool [max]                                  average, or maximum, over everything
    up F [linear] [corners]                           each side times F
    norm                                              batch or layer normalisation
    linear cC [nobias]                                fully connected
    aggregated cC wW gG [/S]                          ResNeXt block: width W, G groups
    dense N growthG [bottleneckB]                     DenseNet block of N layers

K is the kernel, S the stride, P the padding, D the dilation, G the groups, C the channels that come
out. K, S, P, D and F are one number for every axis, or one for each: 3x5. A stride that is left out
is 1, and that of a pool is its kernel; channels that are left out are those that came in. What else
is left out has the default of the layer in `layers` or `blocks`.

    conv 3 c64 x2                       the layer twice in a row
    (conv 3 c64, norm) x3               several layers, three times in a row
    stem=conv 7/2, "conv 1"=conv 3      names
    add(conv 3 same, norm | )           branches on the same input, added; an empty one is the input
    concat(conv 3 c9 | conv 5 p1 c9)    branches joined along channels
"""

from boxwright_contract.geometry.notation.build import parse
from boxwright_contract.geometry.notation.write import write, write_layer

__all__ = ["parse", "write", "write_layer"]
