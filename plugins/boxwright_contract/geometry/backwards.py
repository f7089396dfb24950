"""From what is wanted back to what gives it: paddings, inputs, depths, dilations, kernels.

Along one axis; lengths and fields are in cells of the input. The smallest input that a stack
accepts is `stack.smallest_input`.

Source: Dumoulin & Visin 2016 (arXiv:1603.07285), relationships 3, 6 and 14, solved for the input;
Araujo, Norris & Sim, Distill 2019 (doi:10.23915/distill.00021), equation 2, solved for the depth.
"""

from collections.abc import Sequence

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Scaling, Step, Transposed, Whole, Window
from boxwright_contract.geometry.layers import Branches, Layer
from boxwright_contract.geometry.limits import LARGEST, check_extent
from boxwright_contract.geometry.numbers import checked
from boxwright_contract.geometry.places import at, place_of
from boxwright_contract.geometry.steps import axis_steps


def same_padding(kernel: int, dilation: int = 1) -> int:
    """Return the padding at both ends that keeps the length at a stride of 1.

    It is that of which kernel = 2 * padding + 1, where there is no dilation.

    Raises:
        BadInput: No equal padding at both ends does, or a number is not positive.

    Example:
        >>> same_padding(7), same_padding(3, dilation=4)
        (3, 4)
    """
    added = checked(dilation, "dilation") * (checked(kernel, "kernel") - 1)
    if added % 2:
        raise BadInput(
            f"a kernel of {kernel} needs {added} cells of padding to keep the length, which two "
            f"ends cannot share equally. Use a kernel of {kernel + 1}, "
            "or padding 'same', which puts the odd cell at the far end."
        )
    return added // 2


def inputs_giving(layers: Sequence[Layer], output: int, axes: int = 1, axis: int = 0) -> range:
    """Return the lengths of the input of which a chain of layers makes `output` cells.

    Args:
        layers: First to last. None of them is `Branches`.
        output: Cells that come out.
        axes: Of the input.
        axis: Which of them: 0 is x of one axis, y of two, z of three.

    Returns:
        Empty where no length does. What would reach over 2**63 - 1 is left out.

    Raises:
        BadInput: A layer is impossible, or joins branches.

    Example:
        >>> from boxwright_contract.geometry.layers import Conv, Pool
        >>> conv = Conv(channels=64, kernel=7, stride=2, padding=3)
        >>> inputs_giving([conv, Pool(kernel=2)], 112)
        range(447, 451)
    """
    check_extent(tuple(layers))
    if not 0 <= axis < axes <= 3:
        raise BadInput(f"there is no axis {axis} of {axes}. Give 0 to 2, of at most 3 axes.")
    lengths = range(output, output + 1) if 1 <= output <= LARGEST else range(0)
    for index, layer in reversed(list(enumerate(layers, start=1))):
        with at(place_of(str(index), layer)):
            if isinstance(layer, Branches):
                raise BadInput(
                    "it joins branches, and only chains are solved for their input. "
                    "Ask for one branch at a time."
                )
            lengths = _before(axis_steps(layer, axes)[axis], lengths)
    return lengths


def _before(step: Step, lengths: range) -> range:
    """Return the lengths of which `step` makes one of `lengths`.

    More cells never give less, so that they lie side by side.
    """
    if not lengths:
        return range(0)
    least, most = lengths[0], lengths[-1]
    match step:
        case Window():
            first, last = _first_giving(step, least), _first_giving(step, most + 1) - 1
        case Transposed():
            rest = 2 * step.padding - step.span - step.output_padding
            first = -(-(least + rest) // step.stride) + 1
            last = (most + rest) // step.stride + 1
        case Scaling():
            first, last = -(-least // step.factor), most // step.factor
        case Whole():
            first, last = 1, LARGEST if least == 1 else 0
    return range(max(first, 1), min(last, LARGEST) + 1)


def _first_giving(window: Window, cells: int) -> int:
    """Return the least length, which may be 0 or less, of which `window` makes `cells`."""
    complete = (cells - 1) * window.stride + window.span - window.before - window.after
    if not window.ceil:
        return complete
    begins_inside = (cells - 1) * window.stride + 1 - window.before
    return max(complete - window.stride + 1, begins_inside)


def depth_reaching(field: int, kernel: int, stride: int = 1, dilation: int = 1) -> int:
    """Return how many equal layers in a row are the fewest whose cells see `field` or more.

    Raises:
        BadInput: No number does, as the kernel is 1; or a number is not positive.

    Example:
        >>> depth_reaching(31, kernel=3), depth_reaching(31, kernel=3, stride=2)
        (15, 4)
    """
    grown = checked(dilation, "dilation") * (checked(kernel, "kernel") - 1)
    missing = checked(field, "field") - 1
    _check_grows(kernel, field)
    if checked(stride, "stride") == 1:
        return -(-missing // max(grown, 1))
    depth = seen = 0
    while seen < missing:
        seen += grown * stride**depth
        depth += 1
    return depth


def dilations_reaching(field: int, kernel: int) -> tuple[int, ...]:
    """Return the dilations 1, 2, 4, ... of the fewest layers whose cells see `field` or more.

    Doubling them leaves no cell out, whatever the kernel.

    Raises:
        BadInput: No number does, as the kernel is 1; or a number is not positive.

    Example:
        >>> dilations_reaching(1024, kernel=2)
        (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

    Source:
        van den Oord et al. 2016, WaveNet (arXiv:1609.03499), section 2.1.
    """
    checked(kernel, "kernel")
    checked(field, "field")
    _check_grows(kernel, field)
    dilations: list[int] = []
    while 1 + (kernel - 1) * sum(dilations) < field:
        dilations.append(2 ** len(dilations))
    return tuple(dilations)


def kernel_reaching(field: int, dilation: int = 1) -> int:
    """Return the smallest kernel of a single layer whose cells see `field` or more.

    Raises:
        BadInput: A number is not positive.

    Example:
        >>> kernel_reaching(31), kernel_reaching(31, dilation=4)
        (31, 9)
    """
    return -(-(checked(field, "field") - 1) // checked(dilation, "dilation")) + 1


def _check_grows(kernel: int, field: int) -> None:
    if kernel == 1 and field > 1:
        raise BadInput(
            f"layers with a kernel of 1 see 1 cell, however many there are, and never {field}. "
            "Use a larger kernel."
        )
