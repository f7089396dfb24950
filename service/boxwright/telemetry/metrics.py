"""What is counted and timed, for Prometheus. Each server has a set of its own.

docs/metrics.md tells each metric and what it is good for.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Literal, TypeAlias, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)

from boxwright.device.memory_limit import memory_limit_bytes
from boxwright.shelf.repository import Repository
from boxwright.telemetry.metrics_of_certificates import CertificatesCollector
from boxwright.telemetry.metrics_of_models import ModelsCollector

Stage: TypeAlias = Literal["decode", "resize", "proposals", "queue", "inference", "total"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Loss: TypeAlias = Literal["expired", "cancelled", "shed", "hopeless"]

SECONDS = (
    *(0.001, 0.002, 0.003, 0.005, 0.007),
    *(0.01, 0.02, 0.03, 0.05, 0.07),
    *(0.1, 0.2, 0.3, 0.5, 0.7),
    *(1, 2, 3, 5, 7),
    *(10, 20, 30),
)
IMAGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)


class Metrics:
    """The counters, gauges and histograms of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("boxwright_build", "What serves.", registry=self.registry).info(
            {"version": version("boxwright")}
        )
        Gauge(
            "boxwright_memory_limit_bytes",
            "Memory that the server may use: its container's limit, or the machine's.",
            registry=self.registry,
        ).set(memory_limit_bytes())
        self._stages = Histogram(
            "boxwright_stage_seconds",
            "Time of a request in each stage; total is all of it.",
            ("model", "version", "stage"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._batches = Histogram(
            "boxwright_batch_images",
            "Images in one model run.",
            ("model",),
            buckets=IMAGES,
            registry=self.registry,
        )
        self._pixels = Counter(
            "boxwright_canvas_pixels",
            "Pixels that models ran on: of an image, or filling around it.",
            ("model", "use"),
            registry=self.registry,
        )
        self._waiting = Gauge(
            "boxwright_queue_requests",
            "Requests that wait for a model run.",
            ("model",),
            registry=self.registry,
        )
        self._lost = Counter(
            "boxwright_lost_requests",
            "Requests that ended without an answer: expired, cancelled, shed or hopeless.",
            ("model", "why"),
            registry=self.registry,
        )
        self._calls = Histogram(
            "boxwright_call_seconds",
            "Time of a call by its status; a stream takes as long as it is open.",
            ("service", "method", "code"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._open = Gauge(
            "boxwright_open_calls",
            "Calls that are not over, streams among them.",
            ("service", "method"),
            registry=self.registry,
        )

    def timed(self, model: str, version: int, stage: Stage, seconds: float) -> None:
        """Note how long a request was in a stage."""
        self._stages.labels(model, str(version), stage).observe(seconds)

    def ran(self, model: str, images: int, used_px: int, canvas_px: int) -> None:
        """Note a model run: its images, the pixels of these, and those of all its canvases."""
        self._batches.labels(model).observe(images)
        self._pixels.labels(model, "image").inc(used_px)
        self._pixels.labels(model, "filling").inc(canvas_px - used_px)

    def waiting(self, model: str, change: int) -> None:
        """Note that requests began, or ceased, to wait for a model run."""
        self._waiting.labels(model).inc(change)

    def lost(self, model: str, why: Loss) -> None:
        """Note a request that ended without an answer."""
        self._lost.labels(model, why).inc()

    def began(self, service: str, method: str) -> None:
        """Note that a call came in."""
        self._open.labels(service, method).inc()

    def ended(self, service: str, method: str, code: str, seconds: float) -> None:
        """Note how, and after how long, a call that came in was over."""
        self._open.labels(service, method).dec()
        self._calls.labels(service, method, code).observe(seconds)

    def show(self, models: Callable[[], Repository]) -> None:
        """Tell of what `models` returns whenever the metrics are read."""
        self.registry.register(ModelsCollector(models))

    def show_expiries(self, expiries: Callable[[], Mapping[str, float]]) -> None:
        """Tell of what `expiries` returns, by file, whenever the metrics are read."""
        self.registry.register(CertificatesCollector(expiries))
