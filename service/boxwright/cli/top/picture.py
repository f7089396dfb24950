"""What a server does -> a picture of it for the terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from boxwright.cli.top.figures import Count, Figures, ModelFigures, StageFigures

BARS = "▁▂▃▄▅▆▇█"
BAR_WIDTH = 36
"""Characters of the longest bar."""

NONE = "-"


def picture(
    now: Figures, address: str, rates: Sequence[float], trouble: str = ""
) -> RenderableType:
    """Return the picture of a server.

    Args:
        now: What it does.
        address: Where its metrics are.
        rates: Images a second, of the seconds before, oldest first.
        trouble: Why this is not what it does now; empty where it is.
    """
    parts: list[RenderableType] = [_head(now, rates), _models(now.models), _stages(now.stages)]
    parts.append(_counts("calls", now.calls))
    parts.append(_counts("lost", now.lost))
    if trouble:
        parts.append(Text(trouble, "bold red"))
    title = f"[bold]boxwright {now.version}[/]  {address}  up {_span(now.uptime_s)}"
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        border_style="red" if trouble else "cyan",
        subtitle=f"over {now.span_s:.0f} s",
        subtitle_align="right",
    )


def sparkline(values: Sequence[float]) -> str:
    """Return a bar a character for each value, the highest as high as can be.

    Example:
        >>> sparkline([0, 1, 2, 4])
        '▁▃▅█'
    """
    most = max(values, default=0) or 1
    return "".join(BARS[min(len(BARS) - 1, int(value / most * len(BARS)))] for value in values)


def _head(now: Figures, rates: Sequence[float]) -> RenderableType:
    line = Text()
    line.append(f"{now.images_per_s:.1f}", "bold green")
    line.append(" images/s  ")
    line.append(sparkline(rates) if len(rates) > 1 else "", "green")
    streams = f" ({now.open_streams} streams)" if now.open_streams else ""
    line.append(
        f"\n{now.cpu_cores:.2f} cores   {now.memory_bytes / 2**20:.0f} MiB   "
        f"{now.open_calls} open calls{streams}\n",
        "dim",
    )
    return line


def _models(models: Sequence[ModelFigures]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("model", style="cyan", no_wrap=True)
    table.add_column("runs in")
    for title in ("images/s", "p50", "p99", "batch", "filling", "queue"):
        table.add_column(title, justify="right", no_wrap=True)
    for model in models:
        nodes = " + ".join(
            f"{provider.removesuffix('ExecutionProvider')} {count}"
            for provider, count in model.nodes.items()
        )
        table.add_row(
            f"{model.model} {','.join(model.versions)}",
            " ".join((*model.precisions, nodes)) or "gone",
            f"{model.images_per_s:.1f}",
            _milliseconds(model.p50_ms),
            _milliseconds(model.p99_ms),
            NONE if model.mean_batch is None else f"{model.mean_batch:.1f}",
            NONE if model.filling_percent is None else f"{model.filling_percent:.0f} %",
            Text(str(model.queue), "yellow" if model.queue else "dim"),
        )
    return table


def _stages(stages: Sequence[StageFigures]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("\nstage")
    table.add_column("\np50", justify="right")
    table.add_column("\np99", justify="right")
    table.add_column("\n[cyan]█[/] p50  [cyan dim]░[/] p99", no_wrap=True, header_style="dim")
    longest = max((stage.p99_ms or 0 for stage in stages), default=0) or 1
    for stage in stages:
        style = "bold" if stage.stage == "total" else ""
        median = round((stage.p50_ms or 0) / longest * BAR_WIDTH)
        tail = round((stage.p99_ms or 0) / longest * BAR_WIDTH) - median
        bar = Text("█" * median, "cyan").append("░" * tail, "cyan dim")
        p50, p99 = _milliseconds(stage.p50_ms), _milliseconds(stage.p99_ms)
        table.add_row(Text(stage.stage, style), p50, p99, bar)
    return table


def _counts(title: str, counts: Sequence[Count]) -> RenderableType:
    line = Text(f"\n{title}  ", "bold")
    for count in sorted(counts, key=lambda count: (count.what != "OK", -count.total)):
        style = "green" if count.what == "OK" else "yellow" if count.per_s > 0 else "dim"
        line.append(f"{count.what} {count.total}", style)
        line.append(f" ({count.per_s:.1f}/s)  ", "dim")
    if not counts:
        line.append("none", "dim")
    return line


def _milliseconds(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def _span(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    told = [
        f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if value
    ]
    return " ".join(told[:2]) or f"{seconds} s"
