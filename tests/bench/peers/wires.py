"""How each server is asked: a photo -> the bytes of a request; the bytes of a response -> boxes."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tests.bench.peers import open_inference
from tests.bench.peers.answers import Answer
from tests.bench.peers.connections import Connection, GrpcConnection, HttpConnection

from boxwright.v1.detection_pb2 import DetectRequest, DetectResponse

BOUNDARY = "photo-boundary"


@dataclass(frozen=True)
class Wire:
    """A protocol, as one client speaks it."""

    name: str
    connect: Callable[[int], Connection]
    """To a port of loopback."""
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], Answer]


def own() -> Wire:
    """Return Boxwright's own protocol."""
    method = "/boxwright.v1.DetectionService/Detect"
    return Wire("gRPC", lambda port: GrpcConnection(port, method), _own_request, _own_answer)


def open_inference_protocol() -> Wire:
    """Return the Open Inference Protocol, version 2, over gRPC."""
    return Wire(
        "gRPC, Open Inference Protocol",
        lambda port: GrpcConnection(port, open_inference.METHOD),
        open_inference.encode,
        open_inference.decode,
    )


def http_body(path: str) -> Wire:
    """Return HTTP whose body is the photo."""
    return Wire(
        "HTTP", lambda port: HttpConnection(port, path, "image/jpeg"), lambda photo: photo, _json
    )


def http_form(path: str) -> Wire:
    """Return HTTP with the photo as a file of a form."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return Wire("HTTP form", lambda port: HttpConnection(port, path, kind), _form, _json)


def _own_request(photo: bytes) -> bytes:
    return DetectRequest(encoded=photo).SerializeToString()


def _own_answer(response: bytes) -> Answer:
    found = DetectResponse.FromString(response).detections
    boxes = [
        (each.box.x_min_px, each.box.y_min_px, each.box.x_max_px, each.box.y_max_px)
        for each in found
    ]
    return Answer(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([each.score for each in found], np.float32),
    )


def _form(photo: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="photos"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def _json(response: bytes) -> Answer:
    found = json.loads(response)
    return Answer.of(found[0] if isinstance(found, list) else found)
