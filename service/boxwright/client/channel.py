"""The channel of a client: how it spreads calls, notices sick servers, tries again and limits."""

import json

import grpc
import grpc_health.v1.health  # noqa: F401  Health checks of the channel need it loaded.

LOOPBACK = ("127.", "localhost", "[::1]", "unix:")

SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": ""},
    "methodConfig": [
        {
            "name": [
                {"service": "boxwright.v1.DetectionService"},
                {"service": "boxwright.v1.CatalogService"},
                {"service": "boxwright.v1.GeometryService"},
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
"""Every call may be repeated, since none changes anything in the server."""


def open_channel(address: str, max_message_bytes: int) -> grpc.Channel:
    """Return a channel to all the servers that `address` names."""
    return grpc.insecure_channel(
        address,
        options=[
            ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
            ("grpc.max_send_message_length", max_message_bytes),
            ("grpc.max_receive_message_length", max_message_bytes),
            # A proxy for the outside world cannot reach this machine's own loopback.
            ("grpc.enable_http_proxy", int(not address.startswith(LOOPBACK))),
        ],
    )
