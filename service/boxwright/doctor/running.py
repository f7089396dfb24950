"""A server that runs: whether it answers, what it is, and whether it serves."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TypeVar

import grpc

from boxwright.client.channel import open_channel
from boxwright.client.credentials import Credentials
from boxwright.client.failures import error_from
from boxwright.doctor.finding import Concern, Finding
from boxwright.health_call import SERVING, health_of
from boxwright.inference import open_inference_pb2, open_inference_pb2_grpc
from boxwright_contract.errors import NotAllowed, Unidentified

RUNNING = Concern("running server")

PATIENCE_S = 3.0

Answer = TypeVar("Answer")


def look(address: str, credentials: Credentials) -> Iterator[Finding]:
    """Ask the server at an address for its health and its version."""
    with open_channel(address, credentials, retry=False) as channel:
        yield _health(channel, address)
        try:
            yield _version(channel, address)
        except (NotAllowed, Unidentified) as error:
            yield RUNNING.note(f"it does not tell its version: {error}")


def _health(channel: grpc.Channel, address: str) -> Finding:
    status = _answered(lambda: health_of(channel, "", PATIENCE_S), address)
    if status == SERVING:
        return RUNNING.ok(f"{address} answers: {status}")
    return RUNNING.warning(
        f"{address} answers: {status}", "It is starting, or draining before its end: see its log."
    )


def _version(channel: grpc.Channel, address: str) -> Finding:
    stub = open_inference_pb2_grpc.GRPCInferenceServiceStub(channel)
    request = open_inference_pb2.ServerMetadataRequest()
    told = _answered(lambda: stub.ServerMetadata(request, timeout=PATIENCE_S), address)
    ours = version("boxwright")
    if (told.name, told.version) == ("boxwright", ours):
        return RUNNING.ok(f"it is boxwright {ours}, as installed here")
    return RUNNING.note(f"it is {told.name} {told.version}, and boxwright {ours} is installed here")


def _answered(ask: Callable[[], Answer], address: str) -> Answer:
    try:
        return ask()
    except grpc.RpcError as error:
        raise error_from(error, address, PATIENCE_S) from error
