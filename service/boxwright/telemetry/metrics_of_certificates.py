"""When certificates expire, looked up whenever the metrics are read."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class CertificatesCollector(Collector):
    """Tells of the certificates that new connections get now. In plain text there are none."""

    def __init__(self, expiries: Callable[[], Mapping[str, float]]) -> None:
        self._expiries = expiries

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return when each expires."""
        family = GaugeMetricFamily(
            "boxwright_certificate_expiry_timestamp_seconds",
            "When the first certificate in a file of TLS expires, since 1970.",
            labels=("of",),
        )
        for of, expiry in self._expiries().items():
            family.add_metric((of,), expiry)
        yield family
