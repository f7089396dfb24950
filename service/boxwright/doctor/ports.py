"""Ports: whether a server could listen where the settings say, and who stands in its way."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.listeners import listener
from boxwright.ports import Address
from boxwright.settings import Settings, option, variable
from boxwright.telemetry.metrics_port import port_of

PORTS = Concern("ports")


@dataclass(frozen=True)
class Wanted:
    """A port that a server will listen on."""

    what: str
    setting: str
    port: int


def look(settings: Settings) -> Iterator[Finding]:
    """Try each port, without listening on it."""
    wanted = [Wanted("requests", "port", settings.port)]
    if settings.health_port:
        wanted.append(Wanted("health", "health_port", settings.health_port))
    if settings.metrics:
        wanted.append(Wanted("metrics", "metrics_port", port_of(settings)))
    users: dict[int, str] = {}
    for each in wanted:
        if each.port in users and each.port:
            yield PORTS.problem(
                f"{users[each.port]} and {each.what} are to share port {each.port}",
                f"Set {variable(each.setting)} ({option(each.setting)}) to another.",
            )
        else:
            users[each.port] = each.what
            yield _tried(each, settings.host)
    if not settings.metrics:
        yield PORTS.note("metrics are off, so nobody sees how it does", "Set BOXWRIGHT_METRICS=on.")


def _tried(wanted: Wanted, host: str) -> Finding:
    address = Address(host, wanted.port)
    change = f"{variable(wanted.setting)} ({option(wanted.setting)})"
    if wanted.port > 65535:
        return PORTS.problem(f"there is no port {wanted.port} for {wanted.what}", f"Set {change}.")
    try:
        trouble = _troubles(host, wanted.port)
    except OSError as error:
        return PORTS.problem(
            f"the host '{host}' is not known: {error}", "Correct BOXWRIGHT_HOST (--host)."
        )
    if trouble is None:
        where = f"{address}: free" if wanted.port else f"any free port of {host}"
        return PORTS.ok(f"{wanted.what} on {where}")
    if trouble.errno == errno.EADDRINUSE:
        return _taken(wanted, address, change)
    if trouble.errno == errno.EACCES:
        return PORTS.problem(
            f"{wanted.what} on {address}: this user may not listen on so low a port",
            f"Set {change} to 1024 or more, or grant CAP_NET_BIND_SERVICE.",
        )
    return PORTS.problem(
        f"{wanted.what} on {address}: {trouble.strerror}",
        "Set BOXWRIGHT_HOST (--host) to an address of this machine, or to 0.0.0.0 for all.",
    )


def _taken(wanted: Wanted, address: Address, change: str) -> Finding:
    by = listener(wanted.port)
    taken = f"{wanted.what} on {address}: taken by {by or 'a program of another user'}"
    if by is not None and by.is_boxwright:
        return PORTS.warning(taken, f"It serves already; for another server set {change}.")
    return PORTS.problem(taken, f"End it, or set {change} to another.")


def _troubles(host: str, port: int) -> OSError | None:
    """Return why nothing can listen there; None: it can, on one of the host's addresses at least.

    Raises OSError if the host is not known.
    """
    found = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    trouble: OSError | None = None
    for family, kind, protocol, _, where in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
                probe.bind(where)
        except OSError as error:
            trouble = error
        else:
            return None
    return trouble
