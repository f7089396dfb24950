"""GET /metrics over HTTP, for Prometheus, on a thread of its own.

A reader has a few seconds for all of it, and there are a few readers at once, so that none who is
slow or silent keeps the others out.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http import HTTPStatus
from socket import (
    AF_INET,
    AI_PASSIVE,
    SOCK_STREAM,
    create_server,
    getaddrinfo,
    has_dualstack_ipv6,
    socket,
)
from threading import Thread

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from boxwright.ports import Address
from boxwright.settings import Settings
from boxwright.telemetry.metrics import Metrics
from boxwright_contract.errors import BadSettings

log = logging.getLogger(__name__)

PATH = "/metrics"
LAST_PORT = 65535
PATIENCE_S = 5.0
MOST_READERS = 32
LONGEST_HEAD = 8 << 10
"""Bytes of a request, of which all are head."""


@contextmanager
def metrics_port(metrics: Metrics, settings: Settings) -> Iterator[None]:
    """Let `metrics` be read over HTTP until the block ends, unless the settings turn that off.

    Raises:
        BadSettings: The port is taken, or the host is not one of this machine's.
    """
    if not settings.metrics:
        yield
        return
    listening = _listen(settings)
    address = Address(settings.host, listening.getsockname()[1])
    log.info("metrics on http://%s%s", address, PATH)
    stop = asyncio.Event()
    with listening, closing(asyncio.new_event_loop()) as loop:
        serving = _serve(listening, metrics.registry, stop)
        thread = Thread(target=loop.run_until_complete, args=(serving,), name="boxwright-metrics")
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()


def port_of(settings: Settings) -> int:
    """Return the port of the metrics; 0 for any that is free."""
    follows = 0 < settings.port < LAST_PORT
    return settings.metrics_port or (settings.port + 1 if follows else 0)


def _listen(settings: Settings) -> socket:
    host = settings.host.strip("[]")
    port = port_of(settings)
    try:
        found = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)
        family, *_, where = min(found, key=lambda each: each[0] != AF_INET)
        both = host == "::" and has_dualstack_ipv6()
        listening = create_server(where[:2], family=family, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        raise BadSettings(
            f"metrics cannot be read on {Address(settings.host, port)}: {error}. Choose another "
            "port with BOXWRIGHT_METRICS_PORT (--metrics-port), or turn metrics off with "
            "BOXWRIGHT_METRICS=off (--no-metrics)."
        ) from error
    listening.setblocking(False)
    return listening


async def _serve(listening: socket, registry: CollectorRegistry, stop: asyncio.Event) -> None:
    readers: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    loop.add_reader(listening, _accept, listening, registry, readers)
    await stop.wait()
    loop.remove_reader(listening)
    for task in readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


def _accept(
    listening: socket, registry: CollectorRegistry, readers: set[asyncio.Task[None]]
) -> None:
    loop = asyncio.get_running_loop()
    try:
        reader, _ = listening.accept()
    except BlockingIOError:  # who knocked is gone
        return
    except OSError as error:
        log.warning("metrics: no reader can be let in: %s", error)
        loop.remove_reader(listening)  # till there are files to open again
        loop.call_later(
            PATIENCE_S, loop.add_reader, listening, _accept, listening, registry, readers
        )
        return
    reader.setblocking(False)
    task = loop.create_task(_answer(reader, registry))
    readers.add(task)
    task.add_done_callback(readers.discard)
    task.add_done_callback(partial(_hang_up, reader))
    if len(readers) > MOST_READERS:
        task.cancel()


def _hang_up(reader: socket, answered: asyncio.Task[None]) -> None:
    reader.close()
    if not answered.cancelled() and answered.exception() is not None:
        log.debug("metrics: a reader went, or took over %g s", PATIENCE_S)


async def _answer(reader: socket, registry: CollectorRegistry) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_S):
        head = b""
        while b"\r\n\r\n" not in head:
            received = await loop.sock_recv(reader, LONGEST_HEAD)
            head += received
            if not received or len(head) > LONGEST_HEAD:
                return
        await loop.sock_sendall(reader, _response(head.decode("latin-1").split("\r\n"), registry))


def _response(head: list[str], registry: CollectorRegistry) -> bytes:
    method, _, target = head[0].partition(" ")
    path = target.partition(" ")[0].partition("?")[0]
    kind, body = "text/plain; charset=utf-8", f"Metrics are at {PATH}.\n".encode()
    if path != PATH:
        status = HTTPStatus.NOT_FOUND
    elif method not in {"GET", "HEAD"}:
        status = HTTPStatus.METHOD_NOT_ALLOWED
    else:
        status = HTTPStatus.OK
        encode, kind = choose_encoder(_field(head, "accept"))
        body = encode(registry)
    fields = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    told = "".join(f"{field}\r\n" for field in (*fields, "")).encode("latin-1")
    return told if method == "HEAD" else told + body


def _field(head: list[str], wanted: str) -> str:
    fields = (line.partition(":") for line in head[1:])
    return next((value.strip() for name, _, value in fields if name.lower() == wanted), "")
