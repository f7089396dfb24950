"""A line chart as SVG, drawn with nothing but text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")
WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 36, 48
LEGEND_PX = 17
"""Height of a name in the legend, which stands above the lines."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """From data to pixels."""

    low: float
    high: float
    begins_px: float
    ends_px: float
    log: bool = False

    def px(self, value: float) -> float:
        """Return where a value lies."""
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = log10(low), log10(high), log10(max(value, self.low))
        return self.begins_px + (at - low) / (high - low) * (self.ends_px - self.begins_px)

    def ticks(self) -> list[float]:
        """Return round values to write beside it."""
        if self.log:
            powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
            every = (factor * 10.0**power for power in powers for factor in (1, 2, 5))
            return [tick for tick in every if self.low <= tick <= self.high]
        step = 10.0 ** floor(log10((self.high - self.low) / 2))
        while (self.high - self.low) / step > 8:
            step *= 2
        count = floor((self.high - self.low) / step + 1e-9)
        return [self.low + step * number for number in range(count + 1)]


def line_chart(
    title: str, x_label: str, y_label: str, lines: Mapping[str, Points], *, log_y: bool = False
) -> str:
    """Return an SVG of lines, each with its name in the legend."""
    every = [point for points in lines.values() for point in points]
    xs, ys = [x for x, _ in every], [y for _, y in every]
    x_axis = Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    low = 10 ** floor(log10(min(ys))) if log_y else 0.0
    top = TOP + LEGEND_PX * len(lines)
    y_axis = Axis(low, max(ys) * 1.08, HEIGHT - BOTTOM, top, log_y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 20, title, "middle", bold=True),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, "middle"),
        f'<g transform="rotate(-90 16 {HEIGHT / 2:g})">'
        f"{_text(16, HEIGHT / 2, y_label, 'middle')}</g>",
    ]
    for tick in y_axis.ticks():
        y = y_axis.px(tick)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y))
        parts.append(_text(LEFT - 6, y + 4, f"{tick:g}", "end"))
    for tick in x_axis.ticks():
        x = x_axis.px(tick)
        parts.append(_line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5))
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{tick:g}", "middle"))
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = " ".join(f"{x_axis.px(x):.1f},{y_axis.px(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 8 + LEGEND_PX * number
        parts.append(f'<rect x="{LEFT + 12}" y="{y - 9}" width="18" height="4" fill="{colour}"/>')
        parts.append(_text(LEFT + 36, y - 3, name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    at = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {at} stroke="#dddddd"/>'
