"""What comes back in a stream: an answer or an error for each image, in the order asked for."""

from collections.abc import Callable, Iterator

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.detection_pb2 import (
    DetectRequest,
    DetectStreamRequest,
    DetectStreamResponse,
)
from boxwright.v1.detection_pb2_grpc import DetectionServiceStub

READY = DetectStreamRequest.ORDER_READY

Asked = Callable[[int], DetectRequest]


def lengths(answers: Iterator[DetectStreamResponse]) -> list[tuple[str, float]]:
    """Return the id and the length of the line of each answer."""
    return [(each.id, each.response.detections[0].box.x_max_px) for each in answers]


def reason(answer: DetectStreamResponse) -> str:
    info = ErrorInfo()
    assert answer.error.details[0].Unpack(info)
    return str(info.reason)


def test_answers_come_in_order_with_the_ids_of_the_requests(
    detection: DetectionServiceStub, asked: Asked
) -> None:
    requests = [DetectStreamRequest(id=f"no {n}", request=asked(n)) for n in range(1, 60)]
    answers = detection.DetectStream(iter(requests))
    assert lengths(answers) == [(f"no {n}", n) for n in range(1, 60)]


def test_a_quick_answer_overtakes_a_slow_one_where_that_is_asked(
    slow: Settings, asked: Asked
) -> None:
    with serve_in_background(slow) as address, grpc.insecure_channel(str(address)) as channel:
        detection = DetectionServiceStub(channel)

        def ids(order: DetectStreamRequest.Order.ValueType) -> list[str]:
            looked = DetectStreamRequest(id="looked at", request=asked(1), order=order)
            refused = DetectStreamRequest(id="refused", request=DetectRequest(encoded=b"none"))
            return [each.id for each in detection.DetectStream(iter([looked, refused]))]

        assert ids(DetectStreamRequest.ORDER_UNSPECIFIED) == ["looked at", "refused"]
        assert ids(READY) == ["refused", "looked at"]


def test_answers_as_they_are_ready_are_all_there(
    detection: DetectionServiceStub, asked: Asked
) -> None:
    requests = [DetectStreamRequest(id=str(n), request=asked(n), order=READY) for n in range(1, 60)]
    answers = lengths(detection.DetectStream(iter(requests)))
    assert sorted((int(id_), length) for id_, length in answers) == [(n, n) for n in range(1, 60)]


def test_an_image_that_fails_is_an_error_in_its_place_and_the_stream_goes_on(
    detection: DetectionServiceStub, asked: Asked
) -> None:
    requests = [
        DetectStreamRequest(id="good", request=asked(5)),
        DetectStreamRequest(id="broken", request=DetectRequest(encoded=b"not an image")),
        DetectStreamRequest(id="empty"),
        DetectStreamRequest(id="unknown", request=DetectRequest(model="brigth", encoded=b"x")),
        DetectStreamRequest(id="last", request=asked(7)),
    ]
    answers = list(detection.DetectStream(iter(requests)))
    assert [each.id for each in answers] == ["good", "broken", "empty", "unknown", "last"]
    assert [each.WhichOneof("outcome") for each in answers] == [
        "response", "error", "error", "error", "response",
    ]  # fmt: skip
    assert [reason(each) for each in answers[1:4]] == ["BadImage", "BadInput", "UnknownName"]
    assert answers[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert answers[3].error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert "Did you mean 'bright'?" in answers[3].error.message


def test_a_message_that_cannot_be_read_is_an_error_in_its_place(
    channel: grpc.Channel, asked: Asked
) -> None:
    def written(message: Message | bytes) -> bytes:
        return message if isinstance(message, bytes) else message.SerializeToString()

    stream = channel.stream_stream(
        "/boxwright.v1.DetectionService/DetectStream",
        request_serializer=written,
        response_deserializer=DetectStreamResponse.FromString,
    )
    good = DetectStreamRequest(id="good", request=asked(5))
    large = DetectStreamRequest(id="large", request=DetectRequest(encoded=bytes(1 << 20)))
    first, broken, over, last = stream(iter([good, b"\xff\xff", large, good]))
    assert (first.id, broken.id, over.id, last.id) == ("good", "", "", "good")
    assert reason(broken) == "BadInput"
    assert reason(over) == "TooLarge"
    assert "BOXWRIGHT_MAX_MESSAGE_BYTES (--max-message-bytes)" in over.error.message


def test_a_stream_without_images_ends_without_answers(
    detection: DetectionServiceStub,
) -> None:
    assert list(detection.DetectStream(iter(()))) == []
