"""What the cells of a feature map see of the input.

Terms of Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
Distill 2019 (doi:10.23915/distill.00021), with phases added for up-sampling: there, neighbouring
cells see different amounts, and the pattern repeats.

A field is the smallest interval that holds every input that can change the cell. It may have holes
where dilation leaves some out.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True)
class AxisField:
    """What each cell sees along one axis, if the input went on without end.

    With F phases, cell u = F * n + i sees the input from first_px[i] + n * period_px to
    last_px[i] + n * period_px, both included. A chain of convolutions and poolings has one phase.
    Near a border the field is cut off there: see `interval`. That is an upper bound: the cell may
    see less, as where the outermost of what a dilated kernel sees is padding.
    """

    period_px: int
    """Input pixels from a cell to the next one of the same phase."""
    first_px: tuple[int, ...]
    """For each phase; negative where it reaches into the padding."""
    last_px: tuple[int, ...]
    """For each phase, itself included.

    One before the first where the cell sees nothing: a transposed convolution whose kernel is
    smaller than its stride makes such cells.
    """

    @property
    def phases(self) -> int:
        """Cells after which the pattern repeats; 1 without up-sampling."""
        return len(self.first_px)

    @property
    def sizes_px(self) -> tuple[int, int]:
        """The least and the most that a cell sees; equal where there is one phase."""
        sizes = [last - first + 1 for first, last in zip(self.first_px, self.last_px, strict=True)]
        return min(sizes), max(sizes)

    @property
    def stride_px(self) -> Fraction:
        """Input pixels for each cell, on average over the phases."""
        return Fraction(self.period_px, self.phases)

    @property
    def stride_varies(self) -> bool:
        """Whether the centres of neighbouring cells lie unevenly."""
        centres = [self.centre_px(cell) for cell in range(self.phases + 1)]
        return len({after - before for before, after in pairwise(centres)}) > 1

    @property
    def padding_px(self) -> int:
        """How far cell 0 reaches out of the input at its start."""
        return -self.first_px[0]

    def span(self, cell: int) -> tuple[int, int]:
        """Return the first and the last input that `cell` would see without borders."""
        periods, phase = divmod(cell, self.phases)
        offset = periods * self.period_px
        return self.first_px[phase] + offset, self.last_px[phase] + offset

    def centre_px(self, cell: int) -> Fraction:
        """Return the middle of what `cell` sees; pixel 0 has its middle at 0."""
        first, last = self.span(cell)
        return Fraction(first + last, 2)

    def interval(self, cell: int, length_px: int) -> tuple[int, int]:
        """Return the first and the last of `length_px` inputs that `cell` sees.

        Near a border it is an upper bound. The last lies before the first where all of it is
        padding.
        """
        first, last = self.span(cell)
        return max(first, 0), min(last, length_px - 1)


IDENTITY = AxisField(1, (0,), (0,))
"""Of the input itself."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """What the cells of a feature map see."""

    axes: tuple[AxisField | None, ...]
    """For each axis, in the order of the tensor: y, x. None: every cell sees the whole axis."""
    whole_through: tuple[str, ...] = ()
    """Nodes through which every cell sees the whole input besides: gates, attention.

    `axes` is what is seen without them.
    """
    exact_at_border: bool = True
    """Whether the interval cut off at the border is exact there.

    Where it is not, cells near a border may see less than it says, or, in a graph that wraps
    around, what lies at the other end.
    """


def chain_field(
    size_px: int, stride_px: int, padding_px: int, whole_through: tuple[str, ...] = ()
) -> Field:
    """Return a field with one phase that is the same along y and x: of networks that only reduce.

    Args:
        size_px: Input pixels that a cell sees.
        stride_px: Input pixels from one cell to the next.
        padding_px: How far cell 0 reaches out of the input at its start.
        whole_through: Gates through which every cell sees the whole input besides.

    Example:
        The last stage of ResNet-50:

        >>> chain_field(427, 32, 213).axes[0].span(10)
        (107, 533)
    """
    axis = AxisField(stride_px, (-padding_px,), (size_px - padding_px - 1,))
    return Field(axes=(axis, axis), whole_through=whole_through)


@dataclass(frozen=True, kw_only=True)
class EffectiveField:
    """Where the gradient of real weights is: the middle part of the receptive field.

    Source: Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional
    Neural Networks" (arXiv:1701.04128). Both tuples are in the order y, x.
    """

    sigma_px: tuple[float, ...]
    """Standard deviation of the gradient's mass around the cell's centre."""
    box95_px: tuple[int, ...]
    """Sides of the box around the cell's centre that holds 95 % of the mass, in its proportions."""
    images: int
    """Over how many images it was averaged."""
