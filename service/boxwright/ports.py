"""Where a server listens, and how."""

import ipaddress
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2_grpc

from boxwright.rpc.edge import Edge
from boxwright.rpc.health import HealthService
from boxwright.rpc.requests import Requests
from boxwright.security.certificates import Certificates, credentials_of
from boxwright.settings import Settings, option, variable
from boxwright.telemetry.metrics import Metrics
from boxwright.transport import server_options
from boxwright_contract.errors import BadSettings

log = logging.getLogger(__name__)

MOST_HEALTH_BYTES = 4096
HEALTH_BYTES_INSIDE = 4 << 20


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as gRPC channels take it."""
        bare_ipv6 = ":" in self.host and not self.host.startswith("[")
        return f"[{self.host}]:{self.port}" if bare_ipv6 else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


def listen(server: aio.Server, settings: Settings, metrics: Metrics) -> Address:
    """Let a server take calls where and how the settings say, once it starts.

    The metrics tell when its certificates expire.

    Raises:
        BadSettings: The port is taken, the host is not one of this machine's, or the files of TLS
            cannot be used.
    """
    certificates = Certificates.told(settings)
    watched = None if certificates is None else certificates.watched()
    credentials = None if watched is None else credentials_of(watched)
    metrics.show_expiries(lambda: {} if watched is None else watched.now().expiries)
    address = _bound(server, settings.host, "port", settings.port, credentials)
    if credentials is None and not address.is_loopback:
        _warn_of_plain_text(address, has_tokens=settings.tokens is not None)
    return address


@asynccontextmanager
async def health_port(status: HealthService, settings: Settings) -> AsyncIterator[None]:
    """Answer health calls alone, in plain text, on a port of their own, if the settings say so.

    Raises:
        BadSettings: The port is taken.
    """
    if not settings.health_port:
        yield
        return
    requests = Requests(
        max_bytes=MOST_HEALTH_BYTES,
        patience_s=settings.timeout_s,
        max_inside_bytes=HEALTH_BYTES_INSIDE,
    )
    server = aio.server(interceptors=[Edge(requests)], options=server_options(MOST_HEALTH_BYTES))
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    address = _bound(server, settings.host, "health_port", settings.health_port, None)
    await server.start()
    log.info("health alone, in plain text, on %s", address)
    try:
        yield
    finally:
        await server.stop(None)


def _bound(
    server: aio.Server,
    host: str,
    setting: str,
    port: int,
    credentials: grpc.ServerCredentials | None,
) -> Address:
    wanted = Address(host, port)
    try:
        if credentials is None:
            return Address(host, server.add_insecure_port(str(wanted)))
        return Address(host, server.add_secure_port(str(wanted), credentials))
    except RuntimeError as error:
        zero = ", 0 for any free one" if setting == "port" else ""
        raise BadSettings(
            f"cannot listen on {wanted}; another program may have the port. Choose another with "
            f"{variable(setting)} ({option(setting)}){zero}, or check BOXWRIGHT_HOST (--host)."
        ) from error


def _warn_of_plain_text(address: Address, *, has_tokens: bool) -> None:
    if has_tokens:
        log.warning(
            "%s takes tokens in plain text: whoever sees the traffic has them. Give "
            "--tls-certificate and --tls-key, or let a proxy before it end TLS.",
            address,
        )
    else:
        log.warning(
            "%s is open to whoever can reach it, in plain text. Give --tls-certificate, --tls-key "
            "and --tokens, or keep others out by the network.",
            address,
        )
