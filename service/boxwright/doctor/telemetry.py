"""What leaves this machine by itself: ONNX Runtime's telemetry, and traces."""

import importlib.util
import os
from collections.abc import Iterator, Mapping

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings
from boxwright.telemetry.trace_export import ENDPOINTS

TELEMETRY = Concern("telemetry")

SWITCH = "ORT_DISABLE_TELEMETRY"
EXPORTER = "opentelemetry.exporter.otlp.proto.grpc"


def look(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Tell what is sent, and what should be and is not."""
    if environ.get(SWITCH) == "1":
        yield TELEMETRY.ok("that of ONNX Runtime is off")
    else:
        yield TELEMETRY.warning(
            f"that of ONNX Runtime may be on: {SWITCH} was changed while this program ran",
            f"A plugin does that: set {SWITCH}=1 in the environment, and uninstall the plugin.",
        )
    endpoint = next((environ[name] for name in ENDPOINTS if environ.get(name)), "")
    if not endpoint:
        return
    if _is_installed(EXPORTER):
        yield TELEMETRY.ok(f"traces go to {endpoint}")
    else:
        yield TELEMETRY.warning(
            f"traces are to go to {endpoint}, and their exporter is not installed",
            "pip install 'boxwright[traces]', or set OTEL_TRACES_EXPORTER=none.",
        )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package around it
        return False
