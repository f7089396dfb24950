"""An image and what is wanted of it -> the request that asks."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from boxwright.client.proposals import ProposalsLike, asked
from boxwright.client.requests import written
from boxwright.v1 import detection_pb2
from boxwright_contract.errors import BadImage, BadInput

ImageLike = str | PathLike[str] | bytes | NDArray[np.uint8]
"""The path of an image file, the bytes of one, or pixels (H, W, 3), RGB and upright."""


class DetectOptions(TypedDict, total=False):
    """What is wanted of an image. `Client.detect` tells what each means, and is without it."""

    model: str
    version: str
    min_score: float | None
    max_detections: int | None
    classes: Sequence[str]
    with_origins: bool
    proposals: ProposalsLike | None
    max_proposals: int | None
    with_proposals: bool


def detect_request(image: ImageLike, options: DetectOptions) -> detection_pb2.DetectRequest:
    """Return the request for one image.

    Raises:
        BadInput: The image or an option cannot be sent.
    """
    fields: dict[str, Any] = dict(options)
    limit = fields.pop("max_proposals", None)
    fields["proposals"] = asked(options.get("proposals"), limit)
    content = _content(image)
    with written():
        return detection_pb2.DetectRequest(**fields, **content)


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
