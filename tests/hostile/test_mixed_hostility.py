"""Callers that send what is too large, wrong, unknown or half, beside one that is honest."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
from tests.hostile.conftest import MAX_MESSAGE_BYTES
from tests.hostile.http2 import ATTACKS, attack
from tests.hostile.living import Living
from tests.hostile.mutations import mutated
from tests.hostile.statuses import OWN_FAULTS
from tests.hostile.steady import asked, check, steady

from boxwright.inference import open_inference_pb2
from boxwright.services import SERVICES
from boxwright.v1 import admin_pb2, catalog_pb2, detection_pb2, geometry_pb2
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

Code = grpc.StatusCode
FILES = (admin_pb2, catalog_pb2, detection_pb2, geometry_pb2, open_inference_pb2)
UNLOADS = "Unload"
"""Methods of this name would do as they are told."""


def methods() -> Iterator[tuple[str, bool]]:
    """Tell the path of every method, and whether it streams."""
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            assert service.full_name in SERVICES
            for method in service.methods:
                yield f"/{service.full_name}/{method.name}", method.server_streaming


def ended(channel: grpc.Channel, path: str, request: bytes, *, streams: bool = False) -> Code:
    """Send bytes to a method; return how the call ended."""
    timeout_s = 30.0
    raw: Any = channel
    if streams:
        return _drained(raw.stream_stream(path)(iter([request]), timeout=timeout_s))
    code: Code = raw.unary_unary(path).future(request, timeout=timeout_s).code()
    return code


def _drained(call: Any) -> Code:
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        pass
    code: Code = call.code()
    return code


def wrong_messages(channel: grpc.Channel, chance: random.Random) -> Counter[Code]:
    """Send noise, and requests with something wrong, to every method."""
    sound = asked(7).SerializeToString()
    found: Counter[Code] = Counter()
    for path, streams in methods():
        if UNLOADS in path:
            continue
        for request in (chance.randbytes(chance.randrange(200)), mutated(chance, sound)):
            found[ended(channel, path, request, streams=streams)] += 1
    return found


def oversized(channel: grpc.Channel, chance: random.Random) -> Counter[Code]:
    """Send messages over the limit, and so far over it that gRPC cuts them off."""
    sizes = (MAX_MESSAGE_BYTES + 1, 5 * MAX_MESSAGE_BYTES)
    requests = (DetectRequest(encoded=bytes(size)).SerializeToString() for size in sizes)
    return Counter(
        ended(channel, path, request, streams=streams)
        for request in requests
        for path, streams in chance.sample(sorted(methods()), 4)
        if UNLOADS not in path
    )


def unknown(channel: grpc.Channel, chance: random.Random) -> Counter[Code]:
    """Call what there is not."""
    paths = (
        "/",
        "//",
        "/boxwright.v1.DetectionService/",
        "/boxwright.v1.DetectionService/Detekt",
        f"/{chance.getrandbits(64)}/{chance.getrandbits(64)}",
        "/" + "a" * 2000,
    )
    return Counter(ended(channel, path, b"") for path in paths)


def halves(address: str, chance: random.Random) -> Counter[Code]:
    """Send what is no gRPC, or half of it."""
    for name in chance.sample(sorted(ATTACKS), len(ATTACKS)):
        attack(address, ATTACKS[name](chance), chance)
    return Counter()


Attacker = Callable[[random.Random], Counter[Code]]


def settled(server: Living, open_files: int) -> bool:
    """Wait until what was open is closed; return whether it ever was."""
    ending = time.monotonic() + 30
    while time.monotonic() < ending:
        calls = server.now().total("boxwright_open_calls")
        if not calls and server.open_files() <= open_files:
            return True
        time.sleep(0.1)
    return False


def test_hostile_callers_harm_neither_the_server_nor_an_honest_caller(server: Living) -> None:
    with grpc.insecure_channel(server.address) as honest:
        DetectionServiceStub(honest).Detect(asked(1))
        open_files, threads = server.open_files(), server.told("Threads")
        before_mb = server.resident_mb()
        with grpc.insecure_channel(server.address) as channel, steady(honest) as right:
            attackers: list[Attacker] = [
                partial(wrong_messages, channel),
                partial(oversized, channel),
                partial(unknown, channel),
                partial(halves, server.address),
            ]
            with ThreadPoolExecutor(len(attackers)) as pool:
                rounds = [
                    pool.submit(attacker, random.Random(seed))
                    for seed in range(3)
                    for attacker in attackers
                ]
                codes = sum((each.result() for each in rounds), Counter[Code]())
        assert right.answers > 20
        assert not OWN_FAULTS & codes.keys(), codes
        counted = server.now().values("boxwright_call_seconds_count", "code")
        assert not {fault.name for fault in OWN_FAULTS} & set(counted), counted
        assert {Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED, Code.UNIMPLEMENTED} <= codes.keys()
        assert settled(server, open_files + 2), (open_files, server.open_files())
        assert server.told("Threads") <= threads + 8  # those of asyncio.to_thread stay
        assert server.resident_mb() < before_mb + 50
        assert server.troubles() == []
        check(DetectionServiceStub(honest).Detect(asked(50)), 50)
