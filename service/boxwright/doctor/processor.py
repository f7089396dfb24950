"""The processor: how many cores models get, and what these can do."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from boxwright.device import cgroup, cores
from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings

PROCESSOR = Concern("processor")

CPUINFO = Path("/proc/cpuinfo")
FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "avx2": "AVX2",
        "avx512f": "AVX-512",
        "avx512_vnni": "VNNI",
        "avx_vnni": "VNNI",
        "avx512_bf16": "BF16",
        "amx_tile": "AMX",
        "asimd": "NEON",
        "asimddp": "dot products",
        "bf16": "BF16",
    }
)
"""Linux's name -> that which people know, of x86 and of Arm."""


def look(
    settings: Settings,
    groups: cgroup.Groups = cgroup.OURS,
    cpuinfo: Path = CPUINFO,
) -> Iterator[Finding]:
    """Tell of cores, of the container's quota of them, and of their features."""
    facts = _facts(cpuinfo)
    seen, quota = cores.pinned(), cgroup.allowance(groups).cores
    used = seen if quota is None else min(seen, max(1, round(quota)))
    limited = "" if quota is None else f", of which the container's quota allows {quota:g}"
    yield PROCESSOR.ok(f"{seen} cores of {facts.get('model name', 'a processor')}{limited}")
    if quota is not None and quota < 1:
        yield PROCESSOR.warning(
            f"the container's quota is {quota:g} cores: runs stop in their midst until it is "
            "filled again",
            "Give the container at least one core.",
        )
    if settings.threads > used:
        yield PROCESSOR.warning(
            f"models are to run on {settings.threads} threads, and there are {used} cores",
            f"Set BOXWRIGHT_THREADS (--threads) to {used}, or to 0 for as many as there are.",
        )
    yield from _features(set(facts.get("flags", facts.get("Features", "")).split()))


def _features(flags: set[str]) -> Iterator[Finding]:
    has = list(dict.fromkeys(FEATURES[name] for name in FEATURES if name in flags))
    if has:
        yield PROCESSOR.ok(f"computes with {', '.join(has)}")
    if "sse2" in flags and "avx2" not in flags:
        yield PROCESSOR.warning(
            "it has no AVX2, so models run several times slower than they could",
            "If this is a virtual machine, let it see the host's processor.",
        )


def _facts(cpuinfo: Path) -> dict[str, str]:
    """Return what Linux tells of the last processor. Empty: another system, or it does not."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return {}
    parted = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in parted}
