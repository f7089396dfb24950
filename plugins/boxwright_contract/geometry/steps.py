"""What each layer does along each axis."""

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Scaling, Step, Transposed, Whole, Window
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
    Upsample,
)
from boxwright_contract.geometry.numbers import per_axis


def axis_steps(layer: Layer, axes: int) -> tuple[Step, ...]:
    """Return the step of `layer` on each of `axes` axes. That of `Branches` is their join.

    Raises:
        BadInput: A number of the layer is impossible, whatever the input.
    """
    match layer:
        case Conv():
            return _convolution(
                layer.kernel, layer.stride, layer.padding, layer.dilation, axes=axes
            )
        case LightweightConv():
            return _convolution(layer.kernel, 1, layer.padding, 1, axes=axes)
        case ConvTranspose():
            return _transposed(layer, axes)
        case Pool():
            return _pool(layer, axes)
        case Upsample():
            if layer.align_corners and layer.mode == "nearest":
                raise BadInput("align_corners is of the linear mode. Leave it out, or set linear.")
            return tuple(
                Scaling(factor, layer.mode == "linear", layer.align_corners)
                for factor in per_axis(layer.factor, axes, "factor")
            )
        case GlobalPool() | Linear():
            return (Whole(),) * axes
        case Norm() | Branches():
            return (Window(),) * axes


def _convolution(
    kernel: Sides, stride: Sides, padding: Sides | str, dilation: Sides, *, axes: int
) -> tuple[Step, ...]:
    kernels = per_axis(kernel, axes, "kernel")
    strides = per_axis(stride, axes, "stride")
    dilations = per_axis(dilation, axes, "dilation")
    if isinstance(padding, str):
        if max(strides) > 1:
            raise BadInput(
                f"padding that keeps the length needs a stride of 1, not {max(strides)}. "
                "Give the padding as a number."
            )
        missing = [d * (k - 1) for k, d in zip(kernels, dilations, strict=True)]
        paddings = [(total // 2, total - total // 2) for total in missing]
    else:
        paddings = [(ends, ends) for ends in per_axis(padding, axes, "padding", 0)]
    return tuple(
        Window(k, s, before, after, d)
        for k, s, (before, after), d in zip(kernels, strides, paddings, dilations, strict=True)
    )


def _transposed(layer: ConvTranspose, axes: int) -> tuple[Step, ...]:
    steps = tuple(
        Transposed(*numbers)
        for numbers in zip(
            per_axis(layer.kernel, axes, "kernel"),
            per_axis(layer.stride, axes, "stride"),
            per_axis(layer.padding, axes, "padding", 0),
            per_axis(layer.dilation, axes, "dilation"),
            per_axis(layer.output_padding, axes, "output_padding", 0),
            strict=True,
        )
    )
    for step in steps:
        if step.output_padding >= max(step.stride, step.dilation):
            raise BadInput(
                f"output_padding {step.output_padding} must be smaller than the stride "
                f"{step.stride} or the dilation {step.dilation}. Use less, or padding."
            )
    return steps


def _pool(layer: Pool, axes: int) -> tuple[Step, ...]:
    kernels = per_axis(layer.kernel, axes, "kernel")
    strides = kernels if layer.stride is None else per_axis(layer.stride, axes, "stride")
    paddings = per_axis(layer.padding, axes, "padding", 0)
    dilations = per_axis(layer.dilation, axes, "dilation")
    steps = tuple(
        Window(k, s, p, p, d, layer.ceil)
        for k, s, p, d in zip(kernels, strides, paddings, dilations, strict=True)
    )
    for step in steps:
        if 2 * step.before > step.span:
            raise BadInput(
                f"padding {step.before} is over half of the kernel, which covers {step.span}: "
                f"a window could lie wholly in the padding. Use {step.span // 2} or less."
            )
    return steps
