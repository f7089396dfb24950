"""One photo as a ModelInfer request of the Open Inference Protocol, and what comes back.

The messages are those of KServe's open_inference_grpc.proto, in so far as they are used here.
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from tests.bench.peers.answers import Answer

METHOD = "/inference.GRPCInferenceService/ModelInfer"
MODEL = "photos"

_STRING, _BYTES, _INT64 = (
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_BYTES,
    FieldDescriptorProto.TYPE_INT64,
)
_Field = tuple[str, int, "FieldDescriptorProto.Type.ValueType | str", bool]

_TENSOR: tuple[_Field, ...] = (
    ("name", 1, _STRING, False),
    ("datatype", 2, _STRING, False),
    ("shape", 3, _INT64, True),
)
_MESSAGES: Mapping[str, tuple[_Field, ...]] = {
    "Tensor": _TENSOR,
    "ModelInferRequest": (
        ("model_name", 1, _STRING, False),
        ("inputs", 5, "Tensor", True),
        ("raw_input_contents", 7, _BYTES, True),
    ),
    "ModelInferResponse": (
        ("outputs", 5, "Tensor", True),
        ("raw_output_contents", 6, _BYTES, True),
    ),
}


def encode(photo: bytes) -> bytes:
    """Return the request of one JPEG file, a BYTES tensor of shape (1, 1)."""
    request = _classes["ModelInferRequest"](
        model_name=MODEL,
        inputs=[{"name": "photo", "datatype": "BYTES", "shape": [1, 1]}],
        raw_input_contents=[struct.pack("<I", len(photo)) + photo],
    )
    return request.SerializeToString()


def decode(response: bytes) -> Answer:
    """Return the answer in a response."""
    message: Any = _classes["ModelInferResponse"].FromString(response)
    raw = {
        output.name: content
        for output, content in zip(message.outputs, message.raw_output_contents, strict=True)
    }
    count = int(np.frombuffer(raw["count"], np.int32)[0])
    boxes = np.frombuffer(raw["boxes"], np.float32).reshape(-1, 4)
    return Answer(boxes[:count], np.frombuffer(raw["scores"], np.float32)[:count])


def _message(name: str, fields: tuple[_Field, ...]) -> DescriptorProto:
    message = DescriptorProto(name=name)
    for field, number, kind, repeated in fields:
        label = "LABEL_REPEATED" if repeated else "LABEL_OPTIONAL"
        entry = message.field.add(name=field, number=number)
        entry.label = FieldDescriptorProto.Label.Value(label)
        if isinstance(kind, str):
            entry.type, entry.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".inference.{kind}"
        else:
            entry.type = kind
    return message


def _made() -> Mapping[str, type[Message]]:
    file = FileDescriptorProto(name="open_inference.proto", package="inference", syntax="proto3")
    file.message_type.extend(_message(name, fields) for name, fields in _MESSAGES.items())
    pool = DescriptorPool()
    pool.Add(file)
    return {
        name: GetMessageClass(pool.FindMessageTypeByName(f"inference.{name}")) for name in _MESSAGES
    }


_classes = _made()
