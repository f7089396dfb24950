"""Receptive fields pushed through one more layer, exactly and for every phase.

A cell of the layer sees cells of the map before at equal distances: its taps. Its field is the hull
of theirs. As the pattern of taps repeats, and that of their fields too, so does the pattern of the
hulls, after as many cells as both have in common.

A cell that sees nothing (a transposed convolution whose kernel is smaller than its stride leaves
such cells) has an empty field: see `AxisField`. The hull ignores it.

Source: Araujo, Norris & Sim, Distill 2019 (doi:10.23915/distill.00021) for a single phase.
"""

from collections.abc import Callable, Sequence
from math import gcd, lcm

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Scaling, Step, Transposed, Whole, Window
from boxwright_contract.geometry.field import AxisField
from boxwright_contract.geometry.hull import hulls, union
from boxwright_contract.geometry.limits import MOST_PHASES
from boxwright_contract.geometry.period import field_of

Taps = Callable[[int], tuple[int, int]]
"""From a cell to the first of its taps and their number."""


def through(step: Step, field: AxisField | None, length: int) -> AxisField | None:
    """Return what the cells see that `step` makes of `length` cells that see `field`.

    None stands for the whole axis, and stays so.

    Raises:
        BadInput: It has more phases than `MOST_PHASES`, or reaches over 2**63 - 1 px.
    """
    if field is None:
        return None
    match step:
        case Window():
            return through_window(field, step)
        case Transposed():
            return through_transposed(field, step)
        case Scaling():
            return through_scaling(field, step, length)
        case Whole():
            return None


def through_window(field: AxisField, window: Window) -> AxisField:
    """Return what the cells see that `window` makes of cells that see `field`."""
    if window == Window():
        return field

    def taps(cell: int) -> tuple[int, int]:
        return cell * window.stride - window.before, window.kernel

    return _gather(field, taps, window.dilation, cells_out=1, cells_in=window.stride)


def through_transposed(field: AxisField, window: Transposed) -> AxisField:
    """Return what the cells see over which `window` spreads cells that see `field`.

    Input cell i reaches output cell i * stride + t * dilation - padding for each t of the kernel.
    """
    stride, dilation = window.stride, window.dilation
    shared = gcd(stride, dilation)
    step = dilation // shared
    inverse = pow(stride // shared, -1, step)

    def taps(cell: int) -> tuple[int, int]:
        place = cell + window.padding
        if place % shared:
            return 0, 0
        least, most = -((window.span - 1 - place) // stride), place // stride
        first = least + (place // shared * inverse - least) % step
        return first, max((most - first) // step + 1, 0)

    return _gather(field, taps, step, cells_out=stride, cells_in=1)


def through_scaling(field: AxisField, scaling: Scaling, length: int) -> AxisField:
    """Return what the cells see that `scaling` makes of `length` cells that see `field`.

    A neighbour that linear interpolation gives a weight of exactly 0 is not seen. With corners
    aligned, cell u lies at u * (length - 1) / (length * factor - 1): the pattern repeats, but
    hardly sooner than after all the cells, so that long inputs have too many phases.

    Raises:
        BadInput: As `through`.
    """
    factor = scaling.factor
    if not scaling.linear or (scaling.align_corners and length == 1):
        return _gather(field, lambda cell: (cell // factor, 1), 1, cells_out=factor, cells_in=1)
    if not scaling.align_corners:
        return _interpolate(field, 2, 1 - factor, 2 * factor)
    return _interpolate(field, length - 1, 0, length * factor - 1)


def _interpolate(field: AxisField, slope: int, offset: int, divisor: int) -> AxisField:
    """Cell u lies at (slope * u + offset) / divisor, and sees the cells on both sides of that."""

    def taps(cell: int) -> tuple[int, int]:
        before, rest = divmod(slope * cell + offset, divisor)
        return before, 2 if rest else 1

    shared = gcd(slope, divisor)
    return _gather(field, taps, 1, cells_out=divisor // shared, cells_in=slope // shared)


def _gather(field: AxisField, taps: Taps, step: int, cells_out: int, cells_in: int) -> AxisField:
    """Cell u + cells_out has the taps of cell u, moved by cells_in; taps lie `step` apart."""
    repeats = field.phases // gcd(field.phases, cells_in)
    phases = cells_out * repeats
    _check_phases(phases)
    seen = hulls(field, [taps(cell) for cell in range(phases)], step)
    return field_of(field.period_px * (cells_in * repeats // field.phases), seen)


def join(fields: Sequence[AxisField | None]) -> AxisField | None:
    """Return what the cells see that are made of one cell of each of several maps.

    Raises:
        BadInput: The maps have different strides, so that the fields drift apart, or together
            they have more phases than `MOST_PHASES`.
    """
    known = [field for field in fields if field is not None]
    if len(known) < len(fields):
        return None
    if len(set(known)) == 1:
        return known[0]
    strides = {field.stride_px for field in known}
    if len(strides) > 1:
        told = " and ".join(str(stride) for stride in sorted(strides)[:3])
        raise BadInput(
            f"the branches move over the input by {told} px for each cell, so that no field holds "
            "for all cells. Give them the same strides and factors, without align_corners, "
            "or export the network and measure its graph."
        )
    phases = lcm(*(field.phases for field in known))
    _check_phases(phases)
    alike: dict[int, list[AxisField]] = {}
    for field in known:
        alike.setdefault(field.phases, []).append(field)
    merged = [_merged(same) for same in alike.values()]  # first, for where there are thousands
    period = phases * known[0].period_px // known[0].phases
    return field_of(period, [union(field.span(cell) for field in merged) for cell in range(phases)])


def _merged(fields: Sequence[AxisField]) -> AxisField:
    """Join fields of one number of phases."""
    spans = [union(field.span(cell) for field in fields) for cell in range(fields[0].phases)]
    return AxisField(
        fields[0].period_px, tuple(first for first, _ in spans), tuple(last for _, last in spans)
    )


def _check_phases(phases: int) -> None:
    if phases > MOST_PHASES:
        raise BadInput(
            f"the receptive field repeats only after {phases} cells, and at most {MOST_PHASES:,} "
            "can be told apart. Use smaller factors and strides of what scales up, "
            "or no align_corners."
        )
