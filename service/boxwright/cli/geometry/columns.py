"""Fields, counts and bytes in the columns of a table."""

from collections.abc import Callable, Iterable

from boxwright_contract.geometry.field import AxisField

Axes = tuple[AxisField | None, ...]

FIELD_COLUMNS = ("field px", "stride", "padding", "centre")
"""The heads of `field_columns`."""

_UNITS = ("", "k", "M", "G", "T", "P", "E")


def field_columns(axes: Axes) -> tuple[str, ...]:
    """Return size, stride, padding and first centre; one text where all axes agree."""
    return tuple(_on(axes, tell) for tell in (_size, _stride, _padding, _centre))


def count(number: float, unit: str = "") -> str:
    """Return a number with three digits and a prefix, exactly where it is small.

    Example:
        >>> count(9408), count(118013952), count(3211264, "B")
        ('9,408', '118 M', '3.21 MB')
    """
    if not unit and number < 1e6:
        return f"{number:,}"
    power = 0
    while number >= 999.5 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    digits = 0 if power == 0 or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f} {_UNITS[power]}{unit}".strip()


def sides(numbers: Iterable[int]) -> str:
    """Return sides as people write them: 64 x 56 x 56."""
    return " x ".join(map(str, numbers))


def _on(axes: Axes, tell: Callable[[AxisField], str]) -> str:
    texts = [("all" if tell is _size else "-") if axis is None else tell(axis) for axis in axes]
    return texts[0] if len(set(texts)) == 1 else " x ".join(texts)


def _size(axis: AxisField) -> str:
    least, most = axis.sizes_px
    return str(least) if least == most else f"{least}..{most}"


def _stride(axis: AxisField) -> str:
    return f"{float(axis.stride_px):g}" + (" varies" if axis.stride_varies else "")


def _padding(axis: AxisField) -> str:
    return str(axis.padding_px)


def _centre(axis: AxisField) -> str:
    return f"{float(axis.centre_px(0)):g}"
