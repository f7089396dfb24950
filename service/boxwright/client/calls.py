"""The client: one method for each question that a server answers."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from numpy.typing import NDArray

from boxwright.client import reading
from boxwright.client.answers import Model, ModelSummary, Plugin, Result
from boxwright.client.channel import open_channel
from boxwright.client.failures import error_from
from boxwright.v1 import catalog_pb2, catalog_pb2_grpc, detection_pb2, detection_pb2_grpc
from boxwright_contract.errors import BadImage, BadInput, Unreachable

ImageLike = str | PathLike[str] | bytes | NDArray[np.uint8]
"""The path of an image file, the bytes of one, or pixels (H, W, 3), RGB and upright."""

LARGEST_MESSAGE_BYTES = 256 << 20
"""The most that a server can be told to take."""

Answer = TypeVar("Answer")


class Client:
    """A connection to one server, or to all that `address` resolves to.

    It may be shared by threads. Every method raises Unreachable where no server answers, and
    otherwise the error that the server raised, with the server's message.
    """

    def __init__(self, address: str = "127.0.0.1:50051", *, timeout_s: float = 60.0) -> None:
        """Connect when first asked; `timeout_s` is the most that any answer may take."""
        self.address = address
        self.timeout_s = timeout_s
        self._channel = open_channel(address, LARGEST_MESSAGE_BYTES)
        self._detection = detection_pb2_grpc.DetectionServiceStub(self._channel)
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(self._channel)
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

    def detect(
        self,
        image: ImageLike,
        *,
        model: str = "",
        version: str = "",
        min_score: float | None = None,
        max_detections: int | None = None,
        classes: Sequence[str] = (),
    ) -> Result:
        """Return the objects in `image`, best first.

        Args:
            image: The path of an image file, the bytes of one, or pixels (H, W, 3) uint8 RGB.
            model: Its name; may be empty where the server serves just one.
            version: Empty: the newest.
            min_score: Leave out what scores less, 0 to 1. None: the model's default.
            max_detections: Return at most this many. None: as many as the model can.
            classes: Return only these, by name. Empty: all.

        Raises:
            BadInput: The image or an option cannot be used.
            UnknownName: No such model, version or class.
            Overloaded: The server is full; it says when to try again.
        """
        request = detection_pb2.DetectRequest(
            model=model,
            version=version,
            min_score=min_score,
            max_detections=max_detections,
            classes=classes,
            **_content(image),
        )
        return reading.result(self._ask(self._detection.Detect, request))

    def models(self) -> tuple[ModelSummary, ...]:
        """Return the models that are served, and those on disk that cannot be, with the reason."""
        answer = self._ask(self._catalog.ListModels, catalog_pb2.ListModelsRequest())
        return reading.summaries(answer)

    def model(self, name: str, version: str = "") -> Model:
        """Return all about one model, in its newest version unless told otherwise.

        Raises:
            UnknownName: No such model or version.
        """
        request = catalog_pb2.GetModelRequest(model=name, version=version)
        return reading.model(self._ask(self._catalog.GetModel, request))

    def plugins(self) -> tuple[Plugin, ...]:
        """Return every plugin that the server found, the broken ones with their reason."""
        answer = self._ask(self._catalog.ListPlugins, catalog_pb2.ListPluginsRequest())
        return reading.plugins(answer)

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


def _content(image: ImageLike) -> dict[str, Any]:
    """Return the part of a DetectRequest that carries `image`."""
    if isinstance(image, bytes):
        return {"encoded": image}
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise BadInput(
                f"pixels came as {image.dtype} {image.shape}; send uint8 (height, width, 3), RGB."
            )
        height_px, width_px = image.shape[:2]
        rgb = image.tobytes()
        return {
            "raw": detection_pb2.RawImage(height_px=height_px, width_px=width_px, rgb=rgb),
        }
    try:
        return {"encoded": Path(image).read_bytes()}
    except OSError as error:
        raise BadImage(
            f"'{image}' cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error
