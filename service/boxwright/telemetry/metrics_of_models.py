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
        """Return how many nodes of each model each provider runs, and how many cannot be served."""
        placed = GaugeMetricFamily(
            "boxwright_model_nodes",
            "Nodes of a served model's graphs, by the execution provider that runs them.",
            labels=("model", "version", "precision", "provider"),
        )
        now = self._models()
        for model in now.models:
            its = (model.bundle.name, str(model.bundle.version), model.precision)
            for placement in model.placements:
                placed.add_metric((*its, placement.provider), placement.nodes)
        yield placed
        yield GaugeMetricFamily(
            "boxwright_unserved_models",
            "Models on disk that cannot be served; the log and ListModels tell why.",
            value=len(now.unserved),
        )
