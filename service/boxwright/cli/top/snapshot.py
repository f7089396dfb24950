"""The metrics of a server at one moment, read over HTTP."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from boxwright_contract.errors import BadSettings, Unreachable

PATIENCE_S = 5.0
OURS = "boxwright_build_info"
CURE = (
    "Metrics are on the port after the server's, as in 127.0.0.1:50052, unless --metrics-port says "
    "otherwise; the server's log tells where."
)


@dataclass(frozen=True)
class Snapshot:
    """The metrics of a server at one moment."""

    moment: float
    """Of time.monotonic(), in seconds."""
    clock_s: float
    """The same by the clock of the world, in seconds since 1970."""
    samples: Mapping[str, tuple[Sample, ...]]
    """By name."""

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over all samples that have these labels; 0 where there are none."""
        return sum(
            sample.value
            for sample in self.samples.get(name, ())
            if labels.items() <= sample.labels.items()
        )

    def values(self, name: str, label: str) -> list[str]:
        """Return the values that a label has, in the order in which they came."""
        return list(dict.fromkeys(each.labels[label] for each in self.samples.get(name, ())))


def take(address: str) -> Snapshot:
    """Return the metrics that can be read at `address`, now.

    Raises:
        BadSettings: It is no address.
        Unreachable: Nothing answers there, or something else than a Boxwright server's metrics.
    """
    host, port = _parsed(address)
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode(errors="replace")
    except OSError as error:
        raise Unreachable(
            f"no metrics can be read at {address} ({error.strerror or error}). Start a server with "
            f"`boxwright serve`, or correct the address. {CURE}"
        ) from error
    except http.client.HTTPException as error:
        raise _stranger(address) from error
    finally:
        connection.close()
    return read(text, address)


def read(text: str, address: str) -> Snapshot:
    """Return the metrics that `text`, which came from `address`, tells in Prometheus's format.

    Raises:
        Unreachable: They are not a Boxwright server's.
    """
    samples: dict[str, list[Sample]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples.setdefault(sample.name, []).append(sample)
    except ValueError as error:
        raise _stranger(address) from error
    if OURS not in samples:
        raise _stranger(address)
    frozen = {name: tuple(found) for name, found in samples.items()}
    return Snapshot(time.monotonic(), time.time(), frozen)


def _parsed(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None:
        raise BadSettings(f"'{address}' is no host and port. Give the two: {CURE}")
    return host, port


def _stranger(address: str) -> Unreachable:
    return Unreachable(
        f"what answers at {address} is not the metrics of a Boxwright server. Correct the "
        f"address. {CURE}"
    )
