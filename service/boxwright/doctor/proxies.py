"""Proxies in the environment, which gRPC clients take even for this machine's own loopback."""

import ipaddress
import os
from collections.abc import Iterator, Mapping

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings

PROXIES = Concern("proxies")

PROXY = ("grpc_proxy", "https_proxy", "http_proxy")
"""The variables that gRPC reads, the first that is set; only in lower case."""
EXCEPT = ("no_grpc_proxy", "no_proxy")
LOOPBACK = ("127.0.0.1", "localhost")


def look(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Tell whether calls to this machine would leave it."""
    name = next((name for name in PROXY if environ.get(name)), None)
    if name is None:
        yield PROXIES.ok("none that gRPC would take")
        return
    excepted = next((environ[name] for name in EXCEPT if environ.get(name)), "")
    lost = [host for host in LOOPBACK if not is_excepted(host, excepted)]
    if not lost:
        yield PROXIES.ok(f"{name} is set, and not for this machine itself")
        return
    hosts = ",".join(LOOPBACK)
    yield PROXIES.warning(
        f"{name} sends gRPC calls to {' and '.join(lost)} to the proxy, which cannot bring them "
        "back. Boxwright's own client goes straight; grpcurl, probes and other clients do not",
        f"Add {hosts} to no_proxy, where clients run on this machine.",
    )


def is_excepted(host: str, excepted: str) -> bool:
    """Whether gRPC goes straight to a host: by its end, or by its network.

    Example:
        >>> is_excepted("127.0.0.1", "10.0.0.0/8, 127.0.0.0/8")
        True
        >>> is_excepted("localhost", "example.org")
        False
    """
    return any(_covers(entry.strip(), host) for entry in excepted.split(",") if entry.strip())


def _covers(entry: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry)
    except ValueError:
        return host.endswith(entry)
