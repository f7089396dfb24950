"""The client: one method for each question that a server answers."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.client import reading
from boxwright.client.answers import Model, ModelSummary, Plugin, Result
from boxwright.client.geometry_calls import GeometryCalls
from boxwright.client.proposals import ProposalsLike, asked
from boxwright.client.requests import written
from boxwright.v1 import catalog_pb2, catalog_pb2_grpc, detection_pb2, detection_pb2_grpc
from boxwright_contract.errors import BadImage, BadInput

ImageLike = str | PathLike[str] | bytes | NDArray[np.uint8]
"""The path of an image file, the bytes of one, or pixels (H, W, 3), RGB and upright."""


class Client(GeometryCalls):
    """A connection to one server, or to all that `address` resolves to.

    It may be shared by threads. Every method raises Unreachable where no server answers, and
    otherwise the error that the server raised, with the server's message.
    """

    def __init__(self, address: str = "127.0.0.1:50051", *, timeout_s: float = 60.0) -> None:
        """Connect when first asked; `timeout_s` is the most that any answer may take."""
        super().__init__(address, timeout_s=timeout_s)
        self._detection = detection_pb2_grpc.DetectionServiceStub(self._channel)
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(self._channel)

    def detect(
        self,
        image: ImageLike,
        *,
        model: str = "",
        version: str = "",
        min_score: float | None = None,
        max_detections: int | None = None,
        classes: Sequence[str] = (),
        with_origins: bool = False,
        proposals: ProposalsLike | None = None,
        max_proposals: int | None = None,
        with_proposals: bool = False,
    ) -> Result:
        """Return the objects in `image`, best first.

        Args:
            image: The path of an image file, the bytes of one, or pixels (H, W, 3) uint8 RGB.
            model: Its name; may be empty where the server serves just one.
            version: Empty: the newest.
            min_score: Leave out what scores less, 0 to 1. None: the model's default.
            max_detections: Return at most this many. None: as many as the model can.
            classes: Return only these, by name. Empty: all.
            with_origins: Tell for each which cell it comes from, and what that cell sees.
            proposals: Where a model that needs proposals is to look: the name of a proposal
                source, `FromModel("name")`, or boxes (P, 4), best first. None: as its rule says.
            max_proposals: Use at most this many. None: the model's own limit.
            with_proposals: Tell the proposals that the model was given.

        Raises:
            BadInput: The image, the proposals or an option cannot be used.
            UnknownName: No such model, version, class or proposal source.
            Overloaded: The server is full; it says when to try again.
        """
        content = _content(image)
        with written():
            request = detection_pb2.DetectRequest(
                model=model,
                version=version,
                min_score=min_score,
                max_detections=max_detections,
                classes=classes,
                with_origins=with_origins,
                proposals=asked(proposals, max_proposals),
                with_proposals=with_proposals,
                **content,
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
        with written():
            request = catalog_pb2.GetModelRequest(model=name, version=version)
        return reading.model(self._ask(self._catalog.GetModel, request))

    def plugins(self) -> tuple[Plugin, ...]:
        """Return every plugin that the server found, the broken ones with their reason."""
        answer = self._ask(self._catalog.ListPlugins, catalog_pb2.ListPluginsRequest())
        return reading.plugins(answer)


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
