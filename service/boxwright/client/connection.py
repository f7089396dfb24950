"""The connection of a client: how it is opened, asked and closed."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boxwright.client.channel import open_channel
from boxwright.client.failures import error_from
from boxwright_contract.errors import Unreachable

LARGEST_MESSAGE_BYTES = 256 << 20
"""The most that a server can be told to take."""

Answer = TypeVar("Answer")


class Connection:
    """A connection to one server, or to all that `address` resolves to."""

    def __init__(self, address: str = "127.0.0.1:50051", *, timeout_s: float = 60.0) -> None:
        """Connect when first asked; `timeout_s` is the most that any answer may take."""
        self.address = address
        self.timeout_s = timeout_s
        self._channel = open_channel(address, LARGEST_MESSAGE_BYTES)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        """Return the client itself; the block's end closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection; calls in flight are given up."""
        self._channel.close()

    def ready(self) -> bool:
        """Tell whether a server can be reached and takes requests now."""
        check: Callable[..., health_pb2.HealthCheckResponse] = self._health.Check  # type: ignore[attr-defined]
        try:
            answer = self._ask(check, health_pb2.HealthCheckRequest())
        except Unreachable:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING

    def _ask(self, method: Callable[..., Answer], request: object) -> Answer:
        try:
            return method(request, timeout=self.timeout_s)
        except grpc.RpcError as error:
            raise error_from(error, self.address, self.timeout_s) from error
