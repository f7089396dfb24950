"""The connection of a client: how it is opened, asked and closed."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boxwright.client.channel import open_channel
from boxwright.client.credentials import Credentials
from boxwright.client.failures import closed, error_from
from boxwright.client.patience import patiently
from boxwright_contract.errors import Unreachable

RETRIES = 4
LONGEST_S = 365 * 24 * 3600.0
"""Stands for ever, of which gRPC makes no time at all."""

Answer = TypeVar("Answer")


class Connection:
    """A connection to all the servers that `address` names: calls go to those that answer."""

    def __init__(
        self,
        address: str = "127.0.0.1:50051",
        *,
        timeout_s: float = 60.0,
        credentials: Credentials | None = None,
        retries: int = RETRIES,
    ) -> None:
        """Connect when first asked.

        Args:
            address: HOST:PORT; several with commas between, or a name that stands for several.
            timeout_s: The most that any answer may take, with all that is tried for it.
            credentials: TLS and tokens. None: as the environment says.
            retries: How often a call is made again where a server was full and did nothing, when
                it says; of the next server, where there are several. Where one dies, calls that
                change nothing are made again at once, up to four times. 0: neither.

        Raises:
            BadSettings: The address or the credentials cannot be used.
            Unreachable: A host among several is not known.
        """
        self.address = address
        self.timeout_s = min(timeout_s, LONGEST_S)
        self.credentials = Credentials.read() if credentials is None else credentials
        self.retries = retries
        self._closed = False
        self._opened = open_channel(address, self.credentials, retry=retries > 0)
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
        self._closed = True
        self._opened.close()

    def ready(self) -> bool:
        """Tell whether a server can be reached and takes requests now."""
        check: Callable[..., health_pb2.HealthCheckResponse] = self._health.Check  # type: ignore[attr-defined]
        try:
            answer = self._ask(check, health_pb2.HealthCheckRequest())
        except Unreachable:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING

    def _ask(self, method: Callable[..., Answer], request: object) -> Answer:
        def ask(left_s: float) -> Answer:
            try:
                return self._call(method, request, timeout=left_s)
            except grpc.RpcError as error:
                raise error_from(error, self.address, self.timeout_s) from error

        return patiently(ask, self.timeout_s, self.retries)

    def _call(
        self, method: Callable[..., Answer], request: object, timeout: float | None = None
    ) -> Answer:
        """Return what a method gives. Raises Unreachable if this client was closed before."""
        self._check_open()
        try:
            return method(request, timeout=timeout)
        except ValueError:
            self._check_open()  # it may have been closed meanwhile, on another thread
            raise

    @property
    def _channel(self) -> grpc.Channel:
        """For stubs: gRPC crashes the process where one is made of a channel that is closed."""
        self._check_open()
        return self._opened

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self.address)
