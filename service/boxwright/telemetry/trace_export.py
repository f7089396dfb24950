"""Sends traces where OpenTelemetry's own environment variables say, if they say so."""

import logging
import os
from collections.abc import Mapping
from importlib.metadata import version

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTER = "OTEL_TRACES_EXPORTER"
PATIENCE_S = 3.0
"""For one export, by which a dead collector delays the exit; OTEL_EXPORTER_OTLP_TIMEOUT rules."""


def set_up_tracing(environ: Mapping[str, str] = os.environ) -> bool:
    """Send the traces of this process as the environment says; return whether they are sent.

    OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_TRACES_EXPORTER=otlp, turns them on, and
    OTEL_TRACES_EXPORTER=none or OTEL_SDK_DISABLED=true off. The other variables that OpenTelemetry
    defines for its SDK and for OTLP over gRPC hold too. What cannot be done is a warning.
    """
    if not _are_wanted(environ):
        return False
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), "grpc")
    if protocol != "grpc":
        log.warning(
            "no traces are sent: the protocol '%s' is asked for, and Boxwright speaks OTLP over "
            "grpc alone. Set %s=grpc, and the endpoint's port to that for gRPC (4317, mostly).",
            protocol,
            PROTOCOLS[1],
        )
        return False
    try:
        _export(environ)
    except ModuleNotFoundError as error:
        log.warning(
            "no traces are sent, though the environment asks for them: %s is not installed. "
            "pip install 'boxwright[traces]', or set %s=none.",
            error.name,
            EXPORTER,
        )
        return False
    return True


def _are_wanted(environ: Mapping[str, str]) -> bool:
    exporter = environ.get(EXPORTER, "")
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or exporter == "none":
        return False
    if exporter not in {"", "otlp"}:
        log.warning(
            "no traces are sent: %s is '%s', and Boxwright has otlp and none. Choose one of these.",
            EXPORTER,
            exporter,
        )
        return False
    return exporter == "otlp" or any(environ.get(name) for name in ENDPOINTS)


def _export(environ: Mapping[str, str]) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    ours = Resource({"service.name": "boxwright", "service.version": version("boxwright")})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()))
    told = any(name.startswith("OTEL_EXPORTER_OTLP") and "TIMEOUT" in name for name in environ)
    exporter = OTLPSpanExporter(timeout=None if told else PATIENCE_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    log.info("traces go to %s", next((environ[n] for n in ENDPOINTS if environ.get(n)), "OTLP"))
