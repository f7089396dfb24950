"""Two snapshots of a server's metrics -> what it did between them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from boxwright.cli.top.snapshot import Snapshot
from boxwright.telemetry.metrics import STAGES

STREAMS = ("DetectStream", "ModelStreamInfer")


@dataclass(frozen=True, kw_only=True)
class StageFigures:
    """How long requests were in a stage."""

    stage: str
    p50_ms: float | None
    """None: no request was."""
    p99_ms: float | None


@dataclass(frozen=True, kw_only=True)
class ModelFigures:
    """What a model did."""

    model: str
    versions: tuple[str, ...]
    precisions: tuple[str, ...]
    nodes: Mapping[str, int]
    """How many nodes of its graphs each execution provider runs."""
    images_per_s: float
    p50_ms: float | None
    """Of whole requests."""
    p99_ms: float | None
    mean_batch: float | None
    """Images in a run; None: it did not run."""
    filling_percent: float | None
    """Of the pixels it ran on, those of no image."""
    queue: int
    """Requests that wait for a run, at the end."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How often something happened."""

    what: str
    total: int
    """Since the server started."""
    per_s: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a server did between two moments, and how it was at the second."""

    version: str
    uptime_s: float
    span_s: float
    """Between the two."""
    images_per_s: float
    cpu_cores: float
    memory_bytes: int
    open_calls: int
    open_streams: int
    models: tuple[ModelFigures, ...]
    stages: tuple[StageFigures, ...]
    lost: tuple[Count, ...]
    """Requests that ended without an answer, by why."""
    calls: tuple[Count, ...]
    """Calls that ended, by their status."""


def figures(before: Snapshot, after: Snapshot) -> Figures:
    """Return what a server did between two snapshots."""
    span_s = max(after.moment - before.moment, 1e-6)
    change = _Change(before, after)
    nodes = after.samples.get("boxwright_model_nodes", ())
    models = dict.fromkeys(sample.labels["model"] for sample in nodes)
    models |= dict.fromkeys(after.values("boxwright_stage_seconds_count", "model"))
    build = after.samples["boxwright_build_info"][0].labels
    return Figures(
        version=build.get("version", ""),
        uptime_s=max(0.0, after.clock_s - after.total("process_start_time_seconds")),
        span_s=span_s,
        images_per_s=change.of("boxwright_stage_seconds_count", stage="total") / span_s,
        cpu_cores=change.of("process_cpu_seconds_total") / span_s,
        memory_bytes=int(after.total("process_resident_memory_bytes")),
        open_calls=int(after.total("boxwright_open_calls")),
        open_streams=sum(
            int(after.total("boxwright_open_calls", method=method)) for method in STREAMS
        ),
        models=tuple(_model(model, change, span_s) for model in models),
        stages=tuple(
            StageFigures(
                stage=stage,
                p50_ms=change.quantile_ms(0.5, stage=stage),
                p99_ms=change.quantile_ms(0.99, stage=stage),
            )
            for stage in STAGES
        ),
        lost=_counts(change, "boxwright_lost_requests_total", "why", span_s),
        calls=_counts(change, "boxwright_call_seconds_count", "code", span_s),
    )


@dataclass(frozen=True)
class _Change:
    before: Snapshot
    after: Snapshot

    def of(self, name: str, **labels: str) -> float:
        """Return how much a counter, or all those of these labels, went up."""
        return self.after.total(name, **labels) - self.before.total(name, **labels)

    def quantile_ms(self, share: float, **labels: str) -> float | None:
        """Return the time of a request that is longer than that of `share` of them."""
        name = "boxwright_stage_seconds_bucket"
        bounds = self.after.values(name, "le")
        return quantile_ms({float(le): self.of(name, le=le, **labels) for le in bounds}, share)


def quantile_ms(cumulative: Mapping[float, float], share: float) -> float | None:
    """Return a quantile of a histogram, in milliseconds, taking each bucket to be filled evenly.

    Args:
        cumulative: How many took at most so many seconds.
        share: 0.5 for the median.

    Example:
        >>> quantile_ms({0.01: 0, 0.02: 10, float("inf"): 10}, 0.5)
        15.0
    """
    all_of_them = max(cumulative.values(), default=0)
    if all_of_them <= 0:
        return None
    wanted, low, counted = share * all_of_them, 0.0, 0.0
    for bound in sorted(cumulative):
        if cumulative[bound] >= wanted:
            if bound == math.inf:
                break
            within = (wanted - counted) / (cumulative[bound] - counted)
            return round((low + (bound - low) * within) * 1e3, 3)
        low, counted = bound, cumulative[bound]
    return low * 1e3


def _model(model: str, change: _Change, span_s: float) -> ModelFigures:
    after = change.after
    nodes: dict[str, int] = {}
    served = [
        sample
        for sample in after.samples.get("boxwright_model_nodes", ())
        if sample.labels["model"] == model
    ]
    for sample in served:
        provider = sample.labels["provider"]
        nodes[provider] = nodes.get(provider, 0) + int(sample.value)
    runs = change.of("boxwright_batch_images_count", model=model)
    pixels = change.of("boxwright_canvas_pixels_total", model=model)
    filling = change.of("boxwright_canvas_pixels_total", model=model, use="filling")
    return ModelFigures(
        model=model,
        versions=tuple(dict.fromkeys(sample.labels["version"] for sample in served)),
        precisions=tuple(dict.fromkeys(sample.labels["precision"] for sample in served)),
        nodes=nodes,
        images_per_s=change.of("boxwright_stage_seconds_count", model=model, stage="total")
        / span_s,
        p50_ms=change.quantile_ms(0.5, model=model, stage="total"),
        p99_ms=change.quantile_ms(0.99, model=model, stage="total"),
        mean_batch=change.of("boxwright_batch_images_sum", model=model) / runs if runs else None,
        filling_percent=100 * filling / pixels if pixels else None,
        queue=int(after.total("boxwright_queue_requests", model=model)),
    )


def _counts(change: _Change, name: str, label: str, span_s: float) -> tuple[Count, ...]:
    return tuple(
        Count(
            what=value,
            total=int(change.after.total(name, **{label: value})),
            per_s=change.of(name, **{label: value}) / span_s,
        )
        for value in change.after.values(name, label)
    )
