"""The settings of a replica: those of a server, less what Ray Serve does in its place."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

from boxwright.settings import Settings, variable
from boxwright.telemetry.metrics import Metrics
from boxwright.telemetry.metrics_port import metrics_port
from boxwright_contract.errors import BadSettings

MOST_REPLICAS = 64
"""Of one machine, each with a port for its metrics."""

TLS = "Let Envoy end TLS before Serve, with deploy/envoy/tls.yaml"
DRAIN = "Set graceful_shutdown_timeout_s in serve.yaml"
INSTEAD = MappingProxyType(
    {
        "admin": "A replica is not all of them: put models into the folder that all read",
        "drain_delay_s": DRAIN,
        "drain_grace_s": DRAIN,
        "health_port": "Call grpc.health.v1.Health/Check through Serve",
        "tls_certificate": TLS,
        "tls_client_ca": TLS,
        "tls_key": TLS,
    }
)
"""What cannot be set here, and what to do in its place."""


def replica_settings(environ: Mapping[str, str], cores: float) -> Settings:
    """Return the settings of `environ`, for a replica to which Ray has given so many cores.

    Raises:
        BadSettings: A value cannot work, or would be without effect in a replica.
    """
    for name, instead in INSTEAD.items():
        if variable(name) in environ:
            raise BadSettings(
                f"{variable(name)} has no effect in a replica of Ray Serve. {instead}, and take "
                "the variable away."
            )
    settings = Settings.read(environ)
    return settings if settings.threads else replace(settings, threads=max(1, int(cores)))


@contextmanager
def metrics_beside_others(metrics: Metrics, settings: Settings) -> Iterator[None]:
    """Let `metrics` be read on the first free port, from that of the settings upward.

    Raises:
        BadSettings: None of `MOST_REPLICAS` ports is free.
    """
    first = settings.metrics_port or settings.port + 1
    last = first + MOST_REPLICAS - 1
    with contextlib.ExitStack() as until_closed:
        for port in range(first, last + 1):
            try:
                its = replace(settings, metrics_port=port)
                until_closed.enter_context(metrics_port(metrics, its))
            except BadSettings:
                if port == last:
                    raise
            else:
                break
        yield
