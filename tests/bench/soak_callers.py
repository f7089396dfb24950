"""The callers of the soak: each asks in its own way, again and again, until it is over."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import cv2
import grpc
import numpy as np
from tests.hostile.http2 import ATTACKS, attack
from tests.hostile.mutated_images import requests as mutated_requests

from boxwright.inference import open_inference_pb2 as oip
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.v1.catalog_pb2 import ListModelsRequest
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright.v1.detection_pb2 import Boxes, DetectRequest, DetectStreamRequest, Proposals
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright.v1.geometry_pb2 import DescribeModelRequest
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub

Code = grpc.StatusCode
FULL = Code.RESOURCE_EXHAUSTED
PATIENCE_S = 60.0
IMAGES_OF_A_STREAM = 40
REGIONS = (0, 0, 50, 50, 20, 20, 120, 120, 0, 0, 200, 150)


@dataclass
class Tally:
    """What came of the calls since it was last taken."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of caller and code."""
    latencies_ms: list[float] = field(default_factory=list)
    """Of calls of one image that were answered."""
    unclean: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Asker:
    """What every caller knows."""

    address: str
    photos: Sequence[bytes]
    models: Sequence[tuple[str, bool]]
    """Their names, and whether they need proposals."""
    going: threading.Event
    """While it is not set, nobody asks."""
    over: threading.Event
    tally: Tally

    def request(self, chance: random.Random) -> DetectRequest:
        name, needs_proposals = chance.choice(self.models)
        asked = DetectRequest(model=name, encoded=chance.choice(self.photos))
        if needs_proposals and chance.random() < 0.8:
            asked.proposals.CopyFrom(Proposals(boxes=Boxes(edges_px=REGIONS)))
        return asked

    def note(self, kind: str, call: Any, allowed: set[Code]) -> None:
        code, told = call.code(), call.details()
        with self.tally.lock:
            self.tally.ended[kind, code.name] += 1
            if code not in allowed:
                self.tally.unclean.append(f"{kind}: {code.name}: {told}")


Ask = Callable[[Asker, grpc.Channel, random.Random], None]


def single(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    began = time.perf_counter()
    call = DetectionServiceStub(channel).Detect.future(asker.request(chance), timeout=PATIENCE_S)
    if call.code() is Code.OK:
        with asker.tally.lock:
            asker.tally.latencies_ms.append((time.perf_counter() - began) * 1e3)
    asker.note("single", call, {Code.OK, FULL})


def stream(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    asked = (DetectStreamRequest(request=asker.request(chance)) for _ in range(IMAGES_OF_A_STREAM))
    call: Any = DetectionServiceStub(channel).DetectStream(asked, timeout=PATIENCE_S)
    with suppress(grpc.RpcError):
        codes = Counter(answer.error.code for answer in call)
        with asker.tally.lock:
            asker.tally.ended["image of a stream", "OK"] += codes.pop(0, 0)
            asker.tally.unclean += [f"image of a stream: code {code}" for code in codes]
    asker.note("stream", call, {Code.OK, FULL})


def open_inference(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    plain = [name for name, needs_proposals in asker.models if not needs_proposals]
    if not plain:
        return
    files = chance.sample(asker.photos, chance.choice((1, 2)))
    asked = oip.ModelInferRequest(
        model_name=chance.choice(plain),
        inputs=[
            oip.ModelInferRequest.InferInputTensor(
                name="image", datatype="BYTES", shape=[len(files)]
            )
        ],
        raw_input_contents=[b"".join(len(each).to_bytes(4, "little") + each for each in files)],
    )
    call = GRPCInferenceServiceStub(channel).ModelInfer.future(asked, timeout=PATIENCE_S)
    asker.note("open inference", call, {Code.OK, FULL, Code.UNAVAILABLE})


def hurried(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    timeout_s = chance.uniform(0.0005, 0.05)
    call = DetectionServiceStub(channel).Detect.future(asker.request(chance), timeout=timeout_s)
    asker.note("hurried", call, {Code.OK, FULL, Code.DEADLINE_EXCEEDED})
    time.sleep(0.05)


def giving_up(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    stub = DetectionServiceStub(channel)
    images = [DetectStreamRequest(request=asker.request(chance)) for _ in range(4)]
    call: Any = (
        stub.Detect.future(images[0].request)
        if chance.random() < 0.5
        else stub.DetectStream(iter(images))
    )
    time.sleep(chance.uniform(0, 0.2))
    call.cancel()
    asker.note("giving up", call, {Code.OK, FULL, Code.CANCELLED})
    time.sleep(0.2)


def damaged(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    for _, asked in mutated_requests(chance.getrandbits(40), 1):
        asked.model = chance.choice(asker.models)[0]
        call = DetectionServiceStub(channel).Detect.future(asked, timeout=PATIENCE_S)
        asker.note("damaged", call, {Code.OK, FULL, Code.INVALID_ARGUMENT})
    time.sleep(0.03)


def large(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    asked = asker.request(chance)
    asked.encoded = large_photo()
    call = DetectionServiceStub(channel).Detect.future(asked, timeout=PATIENCE_S)
    asker.note("large", call, {Code.OK, FULL})
    time.sleep(0.5)


@cache
def large_photo() -> bytes:
    """Return a photo of 29 MB of pixels, sharp at no edge, so that its file is small.

    glibc keeps memory of each thread by the largest block up to 32 MB that was ever freed: with
    this it has done so from the first minute on, and what grows after that is a leak.
    """
    y, x = np.indices((3000, 3200), np.uint16)
    pixels = np.stack([x // 13, y // 12, (x + y) // 25], -1).astype(np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def asking_about(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    listed: Any = CatalogServiceStub(channel).ListModels.future(ListModelsRequest())
    asker.note("asking about", listed, {Code.OK})
    name, _ = chance.choice(asker.models)
    described: Any = GeometryServiceStub(channel).DescribeModel.future(
        DescribeModelRequest(model=name)
    )
    asker.note("asking about", described, {Code.OK, FULL, Code.INVALID_ARGUMENT})
    time.sleep(0.5)


def connecting(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    alone = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(asker.address, alone) as own:
        single(asker, own, chance)
    time.sleep(0.2)


def attacking(asker: Asker, channel: grpc.Channel, chance: random.Random) -> None:
    name = chance.choice(sorted(ATTACKS))
    attack(asker.address, ATTACKS[name](chance), chance)
    time.sleep(0.5)


CALLERS: MappingProxyType[Ask, int] = MappingProxyType(
    {
        single: 4,
        stream: 1,
        open_inference: 1,
        hurried: 1,
        giving_up: 1,
        damaged: 1,
        large: 1,
        asking_about: 1,
        connecting: 1,
        attacking: 1,
    }
)
"""How many there are of each."""


def at_work(asker: Asker, seed: int) -> Iterator[threading.Thread]:
    """Start all callers, each on a thread of its own with a connection of its own."""

    def run(ask: Ask, chance: random.Random) -> None:
        alone = [("grpc.use_local_subchannel_pool", 1)]
        try:
            with grpc.insecure_channel(asker.address, alone) as channel:
                while asker.going.wait() and not asker.over.is_set():
                    ask(asker, channel, chance)
        except Exception as error:  # noqa: BLE001  The soak fails by it.
            asker.tally.unclean.append(f"{ask.__name__}: {error!r}")

    number = seed
    for ask, count in CALLERS.items():
        for _ in range(count):
            number += 1
            thread = threading.Thread(target=run, args=(ask, random.Random(number)))
            thread.start()
            yield thread
