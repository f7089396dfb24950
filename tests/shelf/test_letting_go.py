"""A model that is replaced goes at once, off the event loop, whatever its callers did."""

import asyncio
import gc
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime import InferenceSession

from boxwright.batching import Batcher
from boxwright.client import Client
from boxwright.deadline import Deadline
from boxwright.device.model import Model
from boxwright.device.runtime import Runtime
from boxwright.inference.open_inference_pb2 import ModelInferRequest
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.ports import Address
from boxwright.query import Query
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.shelf import bundle
from boxwright.shelf.bundle import Bundle
from boxwright.shelf.shelf import Shelf
from boxwright.telemetry.metrics import Metrics
from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest, RawImage
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub
from boxwright_contract import card

Put = Callable[..., Path]
Edit = Callable[..., None]
Wait = Callable[[Callable[[], bool]], None]

CALLS, CALLERS = 160, 6
GOOD = DetectRequest(raw=RawImage(height_px=64, width_px=64, rgb=bytes(64 * 64 * 3)))
PHOTO = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
BAD = (
    DetectRequest(encoded=b"no image"),
    DetectRequest(raw=GOOD.raw, model="nobody"),
    DetectRequest(raw=GOOD.raw, min_score=7),
    DetectRequest(),
)


@contextmanager
def cycles_kept() -> Iterator[list[Any]]:
    """Yield a list that afterwards has all that went in cycles, which only the collector finds."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    found: list[Any] = []
    try:
        yield found
        gc.collect()
    finally:
        gc.set_debug(0)
        found += gc.garbage
        gc.garbage.clear()


def alive(kind: type) -> int:
    return sum(type(each) is kind for each in gc.get_objects())


def batch(*images: bytes) -> ModelInferRequest:
    """Return a request for the objects in image files."""
    image = ModelInferRequest.InferInputTensor(name="image", datatype="BYTES", shape=[len(images)])
    raw = b"".join(len(each).to_bytes(4, "little") + each for each in images)
    return ModelInferRequest(model_name="bright", inputs=[image], raw_input_contents=[raw])


def mixed(detection: DetectionServiceStub, inference: GRPCInferenceServiceStub, seed: int) -> None:
    """Make a call that is answered, refused, given up or too late, alone or in a stream."""
    chance = random.Random(seed)
    match seed % 8:
        case 0:
            detection.Detect.future(GOOD).exception()
        case 1:
            detection.Detect.future(chance.choice(BAD)).exception()
        case 2:
            detection.Detect.future(GOOD, timeout=chance.uniform(0, 0.1)).exception()
        case 3:
            call = detection.Detect.future(GOOD)
            time.sleep(chance.uniform(0, 0.05))
            call.cancel()
        case 4:
            sent = [DetectStreamRequest(request=each) for each in (GOOD, *BAD)]
            assert len(list(detection.DetectStream(iter(sent)))) == len(sent)
        case 5:
            inference.ModelInfer.future(batch(PHOTO, PHOTO, b"no image")).exception()
        case 6:
            inference.ModelInfer.future(
                batch(PHOTO, PHOTO), timeout=chance.uniform(0, 0.1)
            ).exception()
        case _:
            stream = detection.DetectStream(cycle([DetectStreamRequest(request=GOOD)]))
            next(stream)
            stream.cancel()


def test_a_model_that_is_replaced_is_gone_after_calls_of_every_end(
    put: Put, edit: Edit, folder: Path, settings: Settings, wait_until: Wait
) -> None:
    place = put("bright/1", multiplications=1)
    chosen = replace(settings, models=folder, watch_s=0, warm_up_s=0, metrics=False, max_requests=4)
    gc.collect()  # what other tests left
    before = alive(Model), alive(InferenceSession)
    with serve_in_background(replace(chosen, admin=True)) as address, cycles_kept() as cycles:
        load(address)
        edit(place, min_score=0.5)
        with Client(str(address)) as client:
            client.load_model("bright")
        wait_until(lambda: alive(Model) == before[0] + 1)
        wait_until(lambda: alive(InferenceSession) <= before[1] + 2)
    assert not {type(each) for each in cycles} & {
        Model,
        InferenceSession,
        DetectRequest,
        ModelInferRequest,
        Query,
    }


def load(address: Address) -> None:
    with (
        grpc.insecure_channel(str(address)) as channel,
        ThreadPoolExecutor(CALLERS) as callers,
    ):
        detection = DetectionServiceStub(channel)
        inference = GRPCInferenceServiceStub(channel)
        for _ in callers.map(lambda seed: mixed(detection, inference, seed), range(CALLS)):
            pass


def only_of_squares(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Return the detector, which then fails on one image that is not 64 x 64."""
    inner = graph.graph
    for node in inner.node:
        node.input[:] = ["shaped" if name == "image" else name for name in node.input]
    inner.node.insert(0, helper.make_node("Reshape", ["image", "square_shape"], ["small"]))
    inner.node.insert(1, helper.make_node("Shape", ["image"], ["size"]))
    inner.node.insert(2, helper.make_node("Reshape", ["small", "size"], ["shaped"]))
    inner.initializer.append(numpy_helper.from_array(np.array([-1, 64, 64, 3]), "square_shape"))
    return graph


def test_an_error_of_a_run_holds_neither_the_image_nor_the_model(
    make_bundle: Callable[..., Path], tmp_path: Path, runtime: Runtime
) -> None:
    plain = onnx.load(make_bundle(tmp_path / "plain" / "1") / card.GRAPH_FILE)
    picky = make_bundle(tmp_path / "picky" / "1", graph=only_of_squares(plain))
    model, image = runtime.load(bundle.read(picky)), np.zeros((64, 96, 3), np.uint8)
    held: list[weakref.ref[Any]] = [weakref.ref(image), weakref.ref(model)]

    async def fail(model: Model, image: Any) -> str:
        batcher = Batcher(1, Metrics())
        (failed,) = await asyncio.gather(
            batcher.detect(model, image, Deadline()), return_exceptions=True
        )
        batcher.close()
        return str(failed)

    gc.disable()
    try:
        assert "cannot be reshaped" in asyncio.run(fail(model, image))
        del model, image
        assert [each() for each in held] == [None, None]
    finally:
        gc.enable()


def test_sessions_end_on_the_thread_of_changes(
    put: Put, edit: Edit, folder: Path, runtime: Runtime
) -> None:
    place, ended_on = put("bright/1"), []

    def load(found: Bundle) -> Model:
        model = runtime.load(found)
        weakref.finalize(
            model.session, lambda: ended_on.append(threading.current_thread().name)
        ).atexit = False
        return model

    async def run() -> None:
        shelf = Shelf(folder, load)
        edit(place, min_score=0.5)
        await shelf.load("bright")
        await shelf.close()
        assert shelf.now.models[0].bundle.card.min_score == 0.5
        assert [name.startswith("boxwright-shelf") for name in ended_on] == [True]

    asyncio.run(run())
