"""Metrics of the models that are served, looked up whenever the metrics are read."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from boxwright.shelf.repository import Repository


class ModelsCollector(Collector):
    """Tells what runs each model that is served now. A model that has gone leaves no trace."""

    def __init__(self, models: Callable[[], Repository]) -> None:
        self._models = models

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return what runs each model, which do not run as asked, and how many cannot be served."""
        placed = GaugeMetricFamily(
            "boxwright_model_nodes",
            "Nodes of a served model's graphs, by the execution provider that runs them.",
            labels=("model", "version", "precision", "provider"),
        )
        fallen_back = GaugeMetricFamily(
            "boxwright_model_fallback",
            "1 where a served model does not run as asked; the log and GetModel tell why.",
            labels=("model", "version"),
        )
        now = self._models()
        for model in now.models:
            its = (model.bundle.name, str(model.bundle.version), model.precision)
            for placement in model.placements:
                placed.add_metric((*its, placement.provider), placement.nodes)
            fallen_back.add_metric(its[:2], bool(model.fallback))
        yield placed
        yield fallen_back
        yield GaugeMetricFamily(
            "boxwright_unserved_models",
            "Models on disk that cannot be served; the log and ListModels tell why.",
            value=len(now.unserved),
        )
