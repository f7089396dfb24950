"""Answers -> the tensors of a response, in one of two forms.

padded: every image has as many rows as the model can return, and `count` says how many are real.
ragged: the rows of all images follow each other, and `batch_splits` says where each image's begin.

Shape shorthand: N images, D most detections of the model, T detections of all images.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright.answer import Answer
from boxwright.inference.open_inference_pb2 import ModelInferRequest, ModelInferResponse
from boxwright.rpc.open_inference.parameters import Form
from boxwright.rpc.open_inference.tensors import LENGTH_BYTES
from boxwright_contract.errors import LONGEST_QUOTE, BadInput

Array: TypeAlias = NDArray[Any]
Make: TypeAlias = Callable[[Sequence[Answer], int], Array]
"""Makes a tensor of the answers to N images and of D."""


@dataclass(frozen=True)
class Column:
    """What there is of each detection."""

    of: Callable[[Answer], Array]
    """(n, ...)"""
    filling: object
    """In rows that are not real."""

    def padded(self, answers: Sequence[Answer], rows: int) -> Array:
        """Return (N, D, ...)."""
        each = [self.of(answer) for answer in answers]
        filled = np.full((len(each), rows, *each[0].shape[1:]), self.filling, each[0].dtype)
        for row, values in zip(filled, each, strict=True):
            row[: len(values)] = values
        return filled

    def ragged(self, answers: Sequence[Answer], rows: int) -> Array:
        """Return (T, ...)."""
        return np.concatenate([self.of(answer) for answer in answers])


def _names(answer: Answer) -> Array:
    classes = answer.bundle.card.classes
    return np.array([classes[label].encode() for label in answer.labels.tolist()], np.object_)


def _count(answers: Sequence[Answer], rows: int) -> Array:
    return np.array([len(answer.scores) for answer in answers], np.int32)


def _batch_splits(answers: Sequence[Answer], rows: int) -> Array:
    return np.concatenate([[0], np.cumsum(_count(answers, rows))]).astype(np.int32)


def _image_size(answers: Sequence[Answer], rows: int) -> Array:
    return np.array([(answer.height_px, answer.width_px) for answer in answers], np.int32)


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "boxes": Column(lambda answer: answer.boxes, 0),
        "scores": Column(lambda answer: answer.scores, 0),
        "labels": Column(lambda answer: answer.labels, -1),
        "label_names": Column(_names, b""),
    }
)

FORMS: Mapping[Form, Mapping[str, Make]] = MappingProxyType(
    {
        "padded": {
            **{name: column.padded for name, column in COLUMNS.items()},
            "count": _count,
            "image_size": _image_size,
        },
        "ragged": {
            **{name: column.ragged for name, column in COLUMNS.items()},
            "batch_splits": _batch_splits,
            "image_size": _image_size,
        },
    }
)

DATATYPES = MappingProxyType({"float32": "FP32", "int32": "INT32", "object": "BYTES"})


def wanted(request: ModelInferRequest, form: Form) -> Mapping[str, Make]:
    """Return the outputs that a request asks for, in the model's order.

    Raises:
        BadInput: There is no such output in that form, or it is to come as the server cannot.
    """
    makes = FORMS[form]
    if len(request.outputs) > len(makes):
        raise BadInput(
            f"the request asks for {len(request.outputs)} outputs. Known: {', '.join(makes)}. "
            "Name each once."
        )
    for output in request.outputs:
        if output.name not in makes:
            raise BadInput(
                f"no output of the form '{form}' is named '{output.name[:LONGEST_QUOTE]}'. Known: "
                f"{', '.join(makes)}."
            )
        for name in output.parameters:
            if name == "classification" or name.startswith("shared_memory"):
                raise BadInput(
                    f"the output '{output.name}' is to come by {name}, which this server does not "
                    "do. Ask for it plainly; label_names are the classes."
                )
    asked = {output.name for output in request.outputs} or makes.keys()
    return {name: make for name, make in makes.items() if name in asked}


def response(
    request: ModelInferRequest, answers: Sequence[Answer], makes: Mapping[str, Make]
) -> ModelInferResponse:
    """Return the answers to the images of a request as tensors, all raw."""
    bundle = answers[0].bundle
    told = ModelInferResponse(
        model_name=bundle.name, model_version=str(bundle.version), id=request.id
    )
    for name, make in makes.items():
        array = make(answers, bundle.card.most_detections)
        datatype = DATATYPES[array.dtype.name]
        told.outputs.add(name=name, datatype=datatype, shape=array.shape)
        told.raw_output_contents.append(_joined(array) if datatype == "BYTES" else array.tobytes())
    return told


def _joined(strings: Array) -> bytes:
    return b"".join(
        part for each in strings.flat for part in (len(each).to_bytes(LENGTH_BYTES, "little"), each)
    )
