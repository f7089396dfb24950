"""The handler of a method, with all that surrounds it, is built once and not for each call."""

from collections.abc import Awaitable, Callable

import grpc
from grpc import aio

from boxwright.rpc.edge import Handler


class Once(aio.ServerInterceptor):
    """Asks the interceptors inside of it once for each method. It stands outside of all others."""

    def __init__(self) -> None:
        self._built: dict[str, Handler] = {}
        """By path."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler; None for an unknown method, of which nothing is kept."""
        path = handler_call_details.method
        handler = self._built.get(path)
        if handler is None:
            handler = await continuation(handler_call_details)
            if handler is not None:
                self._built[path] = handler
        return handler
