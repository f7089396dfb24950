"""What a server and a replica are asked alike, as bytes, and how each call ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import grpc
import numpy as np
from google.rpc.status_pb2 import Status

from boxwright.inference.open_inference_pb2 import ModelInferRequest, RepositoryModelLoadRequest
from boxwright.v1.admin_pb2 import UnloadModelRequest
from boxwright.v1.catalog_pb2 import GetModelRequest
from boxwright.v1.detection_pb2 import DetectRequest
from boxwright.v1.geometry_pb2 import DescribeModelRequest, MapCellsRequest

PICTURE = np.zeros((64, 96, 3), np.uint8)
PICTURE[5:20, 10:40] = 255
PHOTO = cv2.imencode(".png", PICTURE)[1].tobytes()
GOOD = DetectRequest(model="bright", encoded=PHOTO)
DETECT = "/boxwright.v1.DetectionService/Detect"

BAD: Mapping[str, tuple[str, bytes]] = {
    "no message of that type": (DETECT, b"\xff\xff\xff"),
    "no image": (DETECT, b""),
    "too large": (DETECT, bytes((1 << 20) + 1)),
    "half a file": (DETECT, DetectRequest(model="bright", encoded=PHOTO[:40]).SerializeToString()),
    "unknown model": (DETECT, DetectRequest(model="brihgt").SerializeToString()),
    "unknown version": (
        "/boxwright.v1.CatalogService/GetModel",
        GetModelRequest(model="bright", version="8").SerializeToString(),
    ),
    "no size": (
        "/boxwright.v1.GeometryService/MapCells",
        MapCellsRequest(model="bright").SerializeToString(),
    ),
    "unknown model to describe": (
        "/boxwright.v1.GeometryService/DescribeModel",
        DescribeModelRequest(model="x").SerializeToString(),
    ),
    "admin": (
        "/boxwright.v1.AdminService/UnloadModel",
        UnloadModelRequest(model="bright").SerializeToString(),
    ),
    "admin of the open protocol": (
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        RepositoryModelLoadRequest(model_name="bright").SerializeToString(),
    ),
    "no tensor": (
        "/inference.GRPCInferenceService/ModelInfer",
        ModelInferRequest(model_name="bright").SerializeToString(),
    ),
    "unknown service": ("/grpc.health.v1.Health/Check", b"\n\x01x"),
}
"""The path and the request of calls that are refused."""


@dataclass(frozen=True)
class Ending:
    """How a call ended, but for what is new with each."""

    code: str
    message: str
    details: Sequence[Any]
    pushback: Sequence[str]

    @classmethod
    def told(cls, code: str, message: str, metadata: Any) -> "Ending":
        """Return the ending that a status and its metadata tell."""
        fields = tuple(metadata)
        details = [v for k, v in fields if k == "grpc-status-details-bin"]
        assert all(Status.FromString(each).message == message for each in details)
        assert [len(v) for k, v in fields if k == "x-request-id"] == [16]
        return cls(
            code,
            message,
            [list(Status.FromString(each).details) for each in details],
            [v for k, v in fields if k == "grpc-retry-pushback-ms"],
        )


def ending(channel: grpc.Channel, path: str, request: bytes, metadata: Any = ()) -> Ending:
    """Ask a server, and return how the call ended."""
    try:
        ask: Any = channel.unary_unary(path)
        _, call = ask.with_call(request, timeout=30, metadata=metadata)
    except grpc.RpcError as error:
        failed: Any = error
        code, message = failed.code().name, failed.details()
        return Ending.told(code, message, failed.trailing_metadata())
    return Ending.told("OK", "", call.trailing_metadata())
