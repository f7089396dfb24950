"""The channel of a client: how it spreads calls, notices sick servers, tries again and limits."""

import json
import logging
from typing import Any

import grpc
import grpc_health.v1.health  # noqa: F401  Health checks of the channel need it loaded.

from boxwright.client.addresses import first_host, target
from boxwright.client.bearer import Bearer
from boxwright.client.credentials import Credentials

log = logging.getLogger(__name__)

LOOPBACK = ("127.", "localhost", "[::1]", "unix:")
LARGEST_MESSAGE_BYTES = 256 << 20
"""The most that a server can be told to take."""

REPEATABLE = (
    "boxwright.v1.DetectionService",
    "boxwright.v1.CatalogService",
    "boxwright.v1.GeometryService",
)
"""Services whose calls change nothing in the server, so that each may be made twice."""

RETRIES = {
    "name": [{"service": name} for name in REPEATABLE],
    "retryPolicy": {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    },
}
"""Where a server dies in the midst of a call, it is made again; of another one, if there is."""


def open_channel(address: str, credentials: Credentials, *, retry: bool) -> grpc.Channel:
    """Return a channel to all the servers that `address` names.

    Raises:
        BadSettings: The address or a file of the credentials cannot be used.
        Unreachable: A host among several is not known.
    """
    config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
        "methodConfig": [RETRIES] if retry else [],
    }
    options: list[tuple[str, Any]] = [
        ("grpc.service_config", json.dumps(config)),
        ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
        # gRPC repeats no request that is larger than this, and its default is 256 KiB.
        ("grpc.per_rpc_retry_buffer_size", LARGEST_MESSAGE_BYTES),
        # A server that came back is found within seconds, where gRPC waits up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 250),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        # A server that went without a goodbye, with its machine or its network.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    return channel_with(address, credentials, options)


def channel_with(
    address: str, credentials: Credentials, options: list[tuple[str, Any]]
) -> grpc.Channel:
    """Return a channel of these options that shows `credentials`.

    Raises:
        BadSettings: The address or a file of the credentials cannot be used.
        Unreachable: A host among several is not known.
    """
    # A proxy for the outside world cannot reach this machine's own loopback.
    options = [*options, ("grpc.enable_http_proxy", int(not address.startswith(LOOPBACK)))]
    if credentials.secure:
        several = "," in address
        if name := credentials.server_name or (first_host(address) if several else ""):
            options = [*options, ("grpc.ssl_target_name_override", name)]
        channel = grpc.secure_channel(target(address), credentials.channel_credentials(), options)
    else:
        channel = grpc.insecure_channel(target(address), options)
    if not credentials.token:
        return channel
    if not credentials.secure and not address.startswith(LOOPBACK):
        log.warning(
            "the token goes to %s in plain text: whoever sees the traffic has it. Use TLS (tls, "
            "ca, --tls, --ca).",
            address,
        )
    return grpc.intercept_channel(channel, Bearer(credentials.token))
