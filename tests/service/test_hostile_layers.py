"""10,000 random and hostile stacks: each is answered or refused, soon and in little memory."""

import random
import time
import tracemalloc

import grpc
import pytest
from google.protobuf.message import Message

from boxwright.rpc.geometry import describe_layers
from boxwright.v1.geometry_pb2 import DescribeLayersRequest, Layer, Shape
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub
from boxwright_contract.errors import BadInput

SENSIBLE = (1, 1, 2, 3, 4, 5, 8)
HOSTILE = (-(2**63), -7, -1, 0, 64, 4096, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**62, 2**63 - 1)
REPEATS = (1, 2, 3, 5, 100, 1024, 2**31, 2**32 - 1)
KINDS = [field.name for field in Layer.DESCRIPTOR.oneofs_by_name["kind"].fields]
WORDS = (
    *("conv", "tconv", "pool", "up", "dense", "light", "add(", "concat(", "(", ")", "|", ",", "="),
    *("3", "7/2", "p1", "c8", "g3", "d2", "same", "x2", "x99999999999", "growth8", "h4", "linear"),
    *('"', "\\", "\x00", "é", "99999999999999999999", "3x3x3x3", "-1", "c0", "", " ", "\n"),
)
LONGEST_S = 2.0
MOST_BYTES = 32 << 20
LARGEST_ANSWER_BYTES = 4 << 20
"""What clients of gRPC take by default."""


def number(dice: random.Random) -> int:
    return dice.choice(SENSIBLE if dice.random() < 0.7 else HOSTILE)


def fill(message: Message, dice: random.Random) -> None:
    """Set most fields of `message` to numbers that may be anything."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None or dice.random() < 0.35:
            continue
        if field.is_repeated:
            count = dice.choice((1, 1, 1, 2, 2, 3, 5))
            getattr(message, field.name).extend(number(dice) for _ in range(count))
        elif field.type == field.TYPE_BOOL:
            setattr(message, field.name, dice.random() < 0.5)
        else:
            enum = field.type == field.TYPE_ENUM
            setattr(message, field.name, dice.randrange(4) if enum else number(dice))


def layer(dice: random.Random, depth: int = 0) -> Layer:
    made = Layer()
    kind = dice.choice(KINDS)
    if kind == "branching" and depth < 8:
        made.branching.concatenate = dice.random() < 0.6
        for _ in range(dice.choice((0, 1, 2, 2, 3))):
            inner = (layer(dice, depth + 1) for _ in range(dice.choice((0, 1, 1, 2))))
            made.branching.branches.add().layers.extend(inner)
    elif kind != "branching":
        getattr(made, kind).SetInParent()
        fill(getattr(made, kind), dice)
    if dice.random() < 0.2:
        made.repeat = dice.choice(REPEATS)
    return made


def request(dice: random.Random) -> DescribeLayersRequest:
    made = DescribeLayersRequest()
    sensible = dice.random() < 0.8
    made.input.channels = dice.choice((3, 4, 8, 16) if sensible else HOSTILE)
    axes = dice.choice((1, 2, 2, 3) if sensible else (0, 1, 2, 3, 4, 50))
    sides = (7, 32, 224, 1000, 2**40) if sensible else HOSTILE
    made.input.sides.extend(dice.choice(sides) for _ in range(axes))
    if dice.random() < 0.2:
        made.notation = " ".join(dice.choice(WORDS) for _ in range(dice.randrange(1, 12)))
    else:
        count = dice.choice((1, 1, 2, 3, 5, 20))
        made.layers.extend(layer(dice) for _ in range(count))
    return made


def outcome(asked: DescribeLayersRequest) -> int | str:
    """Return the size of the answer, or the message of the refusal."""
    try:
        return describe_layers(asked).ByteSize()
    except BadInput as error:
        return str(error)


def test_ten_thousand_are_answered_or_refused_soon() -> None:
    dice = random.Random(0)
    answered = 0
    for place in range(10_000):
        asked = request(dice)
        began = time.perf_counter()
        found = outcome(asked)
        assert time.perf_counter() - began < LONGEST_S, (place, asked)
        if isinstance(found, int):
            answered += 1
            assert found < LARGEST_ANSWER_BYTES, asked
        else:
            assert 0 < len(found) < 1000, found
    assert answered > 500


def test_no_request_takes_much_memory() -> None:
    dice = random.Random(1)
    asked = [request(dice) for _ in range(500)]
    tracemalloc.start()
    try:
        for each in asked:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            outcome(each)
            assert tracemalloc.get_traced_memory()[1] - before < MOST_BYTES, each
    finally:
        tracemalloc.stop()


WORST = {
    "as many layers as there may be": "conv 3 p1 x1024",
    "as many phases as there may be": "up 1024, " + "conv 3 p1, " * 20 + "norm",
    "phases on three axes": "up 64 linear, conv 3/3 p1, up 32 linear, conv 3/5 p1 x3, norm x900",
    "corners kept": "up 31 linear corners, conv 3/2 p1, up 37 linear corners",
    "branches in branches": "add(" * 30 + "conv 3 same x900" + " | )" * 30,
    "branches that fit rarely": "concat(pool 7/7, up 7 | pool 11/11, up 11 | pool 13/13, up 13) x9",
    "branches side by side": "concat(" + "|".join(["conv 1 c1"] * 500) + ")",
    "the longest text": "conv 3, " * 9000,
    "every bracket open": "(" * 60_000,
    "a number of 60,000 digits": "conv " + "9" * 60_000,
    "a name of 60,000 characters": '"' + "x" * 60_000 + '"=conv 3',
    "spaces": " " * 60_000,
}


@pytest.mark.parametrize("text", WORST.values(), ids=WORST)
def test_the_worst_that_we_could_think_of_is_bounded(text: str) -> None:
    for sides in ([2**40], [300_300, 300_300], [97, 2**40, 2**62]):
        asked = DescribeLayersRequest(notation=text, input=Shape(channels=1, sides=sides))
        began = time.perf_counter()
        found = outcome(asked)
        assert time.perf_counter() - began < LONGEST_S
        assert not isinstance(found, int) or found < LARGEST_ANSWER_BYTES
        assert not isinstance(found, str) or len(found) < 1000


def test_a_live_server_answers_or_refuses_hundreds_at_once(geometry: GeometryServiceStub) -> None:
    dice = random.Random(2)
    for _ in range(10):
        calls = [geometry.DescribeLayers.future(request(dice)) for _ in range(30)]
        codes = {call.code() for call in calls}
        assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
    assert (
        geometry.DescribeLayers(
            DescribeLayersRequest(notation="conv 3", input=Shape(channels=3, sides=[9]))
        )
        .total.field[0]
        .max_size_px
        == 3
    )
