"""One step after another, against sets of inputs that are traced one by one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.axis import Scaling, Step, Transposed, Window
from boxwright_contract.geometry.composition import join, through
from boxwright_contract.geometry.field import IDENTITY, AxisField
from boxwright_contract.geometry.limits import MOST_PHASES

small = st.integers(1, 4)
windows = st.builds(Window, small, small, st.integers(0, 3), st.just(0), small)
spreads = st.builds(Transposed, small, small, st.integers(0, 3), small)
scalings = st.builds(Scaling, small, st.booleans())
chains = st.lists(st.one_of(windows, spreads, scalings), max_size=4)

Trace = Callable[[int], set[int]]


def taps(step: Step, cell: int) -> set[int]:
    """Return the cells before `step` that `cell` after it sees, by the definition."""
    match step:
        case Window():
            start = cell * step.stride - step.before
            return {start + tap * step.dilation for tap in range(step.kernel)}
        case Transposed():
            reached = {cell + step.padding - tap * step.dilation for tap in range(step.kernel)}
            return {place // step.stride for place in reached if place % step.stride == 0}
        case Scaling(linear=True):
            place = (2 * cell + 1 - step.factor) / (2 * step.factor)
            return {int(place // 1), -int(-place // 1)}
        case Scaling():
            return {cell // step.factor}
    raise AssertionError(step)


def traced(chain: list[Step]) -> Trace:
    def trace(cell: int) -> set[int]:
        cells = {cell}
        for step in reversed(chain):
            cells = {tap for seen in cells for tap in taps(step, seen)}
        return cells

    return trace


def composed(chain: list[Step]) -> AxisField:
    field: AxisField | None = IDENTITY
    for step in chain:
        field = through(step, field, 10**6)
    assert field is not None
    return field


def hull(cells: set[int]) -> tuple[int, int] | None:
    return (min(cells), max(cells)) if cells else None


def told(field: AxisField, cell: int) -> tuple[int, int] | None:
    first, last = field.span(cell)
    assert first <= last + 1
    return (first, last) if first <= last else None


@given(chains)
def test_every_phase_of_a_chain_is_the_hull_of_what_it_sees(chain: list[Step]) -> None:
    field, trace = composed(chain), traced(chain)
    for cell in range(-field.phases, 2 * field.phases):
        assert told(field, cell) == hull(trace(cell))


@given(chains)
def test_a_field_has_the_fewest_phases_that_tell_it(chain: list[Step]) -> None:
    field = composed(chain)
    for fewer in range(1, field.phases):
        if field.phases % fewer == 0 and field.period_px * fewer % field.phases == 0:
            shift = field.period_px * fewer // field.phases
            moved = [(first + shift, last + shift) for first, last in map(field.span, range(99))]
            assert moved != [field.span(cell + fewer) for cell in range(99)]


@given(st.lists(st.builds(Window, small, st.just(1), small, st.just(0), small)), chains)
def test_a_join_is_the_hull_of_its_branches(branches: list[Step], before: list[Step]) -> None:
    chains = [[*before, branch] for branch in [Window(), *branches]]
    field = join([composed(chain) for chain in chains])
    assert field is not None
    for cell in range(field.phases):
        assert told(field, cell) == hull(set().union(*(traced(c)(cell) for c in chains)))


def test_branches_of_different_phases_repeat_after_both() -> None:
    halves = composed([Window(2, 2), Scaling(2)])
    thirds = composed([Window(3, 3), Scaling(3)])
    assert join([halves, thirds]) == AxisField(6, (0, 0, 0, 2, 3, 3), (2, 2, 3, 5, 5, 5))


def test_a_convolution_after_up_sampling_of_its_own_stride_has_one_phase_again() -> None:
    assert composed([Scaling(4), Window(4, 4)]) == IDENTITY


def test_a_cell_that_no_input_reaches_sees_nothing() -> None:
    field = composed([Transposed(kernel=1, stride=2)])
    assert (field.first_px, field.last_px) == ((0, 0), (0, -1))
    assert field.sizes_px == (0, 1)
    assert composed([Transposed(kernel=1, stride=2), Window(2, 2)]) == IDENTITY


def test_the_middle_cell_of_an_odd_linear_factor_sees_one_input() -> None:
    assert composed([Scaling(3, linear=True)]) == AxisField(1, (-1, 0, 0), (0, 0, 1))


def test_what_sees_everything_sees_everything_afterwards() -> None:
    assert through(Window(3), None, 10) is None
    assert join([IDENTITY, None]) is None


def test_branches_of_different_strides_have_no_field() -> None:
    with pytest.raises(BadInput, match="by 1 and 2 px for each cell"):
        join([IDENTITY, AxisField(2, (0,), (0,))])


def test_more_phases_than_the_limit_are_refused() -> None:
    assert composed([Scaling(MOST_PHASES)]).phases == MOST_PHASES
    with pytest.raises(BadInput, match="repeats only after 2049 cells"):
        composed([Scaling(MOST_PHASES + 1)])
    with pytest.raises(BadInput, match="repeats only after 9223372036854775807 cells"):
        composed([Transposed(kernel=1, stride=2**63 - 1)])


def test_a_field_that_leaves_64_bits_is_refused() -> None:
    with pytest.raises(BadInput, match="reaches over 9223372036854775807 px"):
        composed([Window(2**62, 2**62), Window(3, 3)])
