"""Everything that is looked at, in the order in which it is told."""

from collections.abc import Sequence

from boxwright.doctor import (
    certificates,
    devices,
    installation,
    limits,
    memory,
    models,
    plugins,
    ports,
    processor,
    proxies,
    runs,
    telemetry,
    tokens,
)
from boxwright.doctor.check import Check

RUNS_BOUND_S = 300.0
"""For all models together."""
PLUGINS_BOUND_S = 30.0
DEVICES_BOUND_S = 60.0
"""CUDA's first start on a new kind of GPU takes long."""

QUICK: Sequence[Check] = (
    Check(installation.INSTALLATION, installation.look),
    Check(processor.PROCESSOR, processor.look),
    Check(memory.MEMORY, memory.look),
    Check(limits.LIMITS, limits.look),
    Check(devices.DEVICES, devices.look, DEVICES_BOUND_S),
    Check(ports.PORTS, ports.look),
    Check(certificates.CERTIFICATES, certificates.look),
    Check(tokens.TOKENS, tokens.look),
    Check(proxies.PROXIES, proxies.look),
    Check(plugins.PLUGINS, plugins.look, PLUGINS_BOUND_S),
    Check(telemetry.TELEMETRY, telemetry.look),
    Check(models.MODELS, models.look, RUNS_BOUND_S),
)
WHOLE: Sequence[Check] = (*QUICK, Check(runs.RUNS, runs.look, RUNS_BOUND_S))
