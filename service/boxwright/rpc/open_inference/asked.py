"""What a request asks of the pipeline: a query for each image of its batch."""

from collections.abc import Mapping, Sequence

import numpy as np

from boxwright.deadline import Deadline
from boxwright.inference.open_inference_pb2 import ModelInferRequest
from boxwright.query import Boxes, Encoded, ProposalsAsked, Query, Raw
from boxwright.rpc.open_inference.parameters import Parameters
from boxwright.rpc.open_inference.tensors import Tensor, byte_strings, numbers
from boxwright_contract.errors import LONGEST_QUOTE, BadInput

INPUTS = ("image", "proposals", "proposal_count")


def queries(
    request: ModelInferRequest,
    tensors: Mapping[str, Tensor],
    parameters: Parameters,
    deadline: Deadline,
    most: int,
) -> list[Query]:
    """Return a query for each image; `most` images may come at once.

    Raises:
        BadInput: A tensor is not one of ours, or not of its datatype or shape.
    """
    for name in tensors:
        if name not in INPUTS:
            raise BadInput(
                f"no input is named '{name[:LONGEST_QUOTE]}'. Known: {', '.join(INPUTS)}."
            )
    if "image" not in tensors:
        raise BadInput("the request has no input 'image'. Send image files, or pixels, as it.")
    images = _images(tensors["image"], most)
    return [
        Query(
            image=image,
            model=request.model_name,
            version=request.model_version,
            min_score=parameters.score_threshold,
            max_detections=parameters.max_detections,
            classes=parameters.classes,
            proposals=proposals,
            mates=mates,
            deadline=deadline,
        )
        for mates, (image, proposals) in enumerate(
            zip(images, _proposals(tensors, len(images)), strict=True)
        )
    ]


def _images(tensor: Tensor, most: int) -> Sequence[Encoded | Raw]:
    shape = tensor.shape
    match tensor.datatype, len(shape):
        case "BYTES", 1 | 2 if shape[1:] in ((), (1,)):
            _check_number(tensor, shape[0], most)
            return [Encoded(data) for data in byte_strings(tensor)]
        case "UINT8", 3 | 4 if shape[-1] == 3:
            images = 1 if len(shape) == 3 else shape[0]
            _check_number(tensor, images, most)
            return _pixels(tensor, images)
        case _:
            raise BadInput(
                f"{tensor} is no batch of images. Send image files as BYTES [N] or [N, 1], or "
                "pixels as UINT8 [N, height, width, 3] or [height, width, 3]."
            )


def _check_number(tensor: Tensor, images: int, most: int) -> None:
    if not 1 <= images <= most:
        raise BadInput(
            f"{tensor} has {images} images, and a request may have 1 to {most}. Send as many, or "
            "raise the server's BOXWRIGHT_MAX_REQUESTS (--max-requests)."
        )


def _pixels(tensor: Tensor, images: int) -> list[Encoded | Raw]:
    height, width = tensor.shape[-3:-1]
    array = numbers(tensor)
    rgb = array.tobytes() if tensor.raw is None else tensor.raw
    size = len(rgb) // images
    return [Raw(height, width, rgb[n * size : (n + 1) * size]) for n in range(images)]


def _proposals(tensors: Mapping[str, Tensor], images: int) -> Sequence[ProposalsAsked | None]:
    if "proposals" not in tensors:
        if "proposal_count" in tensors:
            raise BadInput("the request has proposal_count without proposals. Send both, or none.")
        return [None] * images
    boxes = _of_type(tensors["proposals"], "FP32", f"[{images}, P, 4]")
    if boxes.shape[::2] != (images, 4) or len(boxes.shape) != 3:
        raise _wrong(boxes, f"FP32 [{images}, P, 4], a row of boxes for each image")
    edges, room = numbers(boxes).reshape(boxes.shape), boxes.shape[1]
    counts = np.full(images, room)
    if "proposal_count" in tensors:
        count = _of_type(tensors["proposal_count"], "INT32", f"[{images}]")
        if count.shape not in ((images,), (images, 1)):
            raise _wrong(count, f"INT32 [{images}], a number for each image")
        counts = numbers(count)
        if ((counts < 0) | (counts > room)).any():
            raise BadInput(
                f"{count} is {counts.tolist()}. Send 0 to {room}, of which there are boxes."
            )
    return [
        ProposalsAsked(Boxes(row[:used].ravel().tolist()))
        for row, used in zip(edges, counts, strict=True)
    ]


def _of_type(tensor: Tensor, datatype: str, shape: str) -> Tensor:
    if tensor.datatype != datatype:
        raise _wrong(tensor, f"{datatype} {shape}")
    return tensor


def _wrong(tensor: Tensor, expected: str) -> BadInput:
    return BadInput(f"{tensor} cannot be used. Send {expected}.")
