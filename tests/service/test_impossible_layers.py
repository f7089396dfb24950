"""DescribeLayers refuses what cannot be, by layer, index and numbers, with the cure."""

import grpc
import pytest

from boxwright.v1.geometry_pb2 import (
    Branching,
    Convolution,
    DenseBlock,
    DescribeLayersRequest,
    Layer,
    Normalisation,
    Pooling,
    Shape,
    Upsampling,
)
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub

IMAGE = Shape(channels=3, sides=[224, 224])
LARGEST = 2**63 - 1


def conv(**numbers: object) -> Layer:
    return Layer(convolution=Convolution(**{"channels": 3, "kernel": [3], **numbers}))  # type: ignore[arg-type]


def nested(depth: int) -> Layer:
    layer = conv(kernel=[1])
    for _ in range(depth):
        branches = [Branching.Branch(layers=[layer]), Branching.Branch()]
        layer = Layer(branching=Branching(branches=branches))
    return layer


IMPOSSIBLE: dict[str, tuple[list[Layer], str]] = {
    "kernel over the padded input": (
        [conv(), conv(kernel=[230], padding=[3])],
        "layer 2 (conv): axis y: a kernel of 230 is larger than the padded input of 228",
    ),
    "channels that groups do not divide": (
        [conv(groups=2)],
        "layer 1 (conv): 3 channels cannot be divided among 2 groups",
    ),
    "negative stride": ([conv(), conv(stride=[-1])], "layer 2 (conv): stride is -1"),
    "negative padding": ([conv(padding=[-3])], "layer 1 (conv): padding is -3"),
    "no channels": ([conv(channels=0)], "layer 1 (conv): channels is 0"),
    "three kernels on two axes": ([conv(kernel=[3, 3, 3])], "kernel has 3 numbers"),
    "no kernel": ([Layer(convolution=Convolution(channels=3))], "layer 1: it has no kernel"),
    "no kind": ([conv(), Layer(name="what")], "layer 2: it has no kind"),
    "both paddings": ([conv(padding=[1], same_padding=True)], "layer 1: it has both padding"),
    "an unknown pooling": (
        [Layer(pooling=Pooling(kind=7, kernel=[2]))],  # type: ignore[arg-type]
        "layer 1: its kind of pooling is 7",
    ),
    "no factor": ([Layer(upsampling=Upsampling())], "layer 1: it has no factor"),
    "branches of different sides": (
        [
            conv(padding=[1]),
            Layer(
                branching=Branching(
                    branches=[Branching.Branch(layers=[conv()]), Branching.Branch()]
                )
            ),
        ],
        "layer 2 (branches): branch 1 makes 3 x 222 x 222 and branch 2 3 x 224 x 224",
    ),
    "a fault inside a branch": (
        [
            Layer(
                branching=Branching(
                    branches=[Branching.Branch(), Branching.Branch(layers=[conv(), conv(groups=5)])]
                )
            )
        ],
        "layer 1.2.2 (conv): 3 channels cannot be divided among 5 groups",
    ),
    "repeated 2 ** 32 - 1 times": (
        [Layer(convolution=Convolution(channels=3, kernel=[1]), repeat=2**32 - 1)],
        "has over 1,024 layers",
    ),
    "100,000 layers": ([conv(kernel=[1])] * 100_000, "has over 1,024 layers"),
    "a block of 2 ** 62 layers": (
        [Layer(dense_block=DenseBlock(layers=2**62, growth=1))],
        "layer 1: a dense block of 4611686018427387904 layers",
    ),
    "the largest kernel and padding": (
        [conv(kernel=[LARGEST], padding=[LARGEST])],
        "layer 1 (conv)",
    ),
    "a name of 100 characters": (
        [Layer(name="x" * 100, normalisation=Normalisation())],
        "layer 1: its name has 100 characters",
    ),
}


def refused(geometry: GeometryServiceStub, request: DescribeLayersRequest) -> str:
    """Return the message with which a request is refused as INVALID_ARGUMENT."""
    with pytest.raises(grpc.RpcError) as caught:
        geometry.DescribeLayers(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(caught.value.details())


@pytest.mark.parametrize(("layers", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_stack_is_refused_by_layer_index_and_numbers(
    layers: list[Layer], message: str, geometry: GeometryServiceStub
) -> None:
    assert message in refused(geometry, DescribeLayersRequest(layers=layers, input=IMAGE))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Shape(channels=3, sides=[-224, 224]), "a side of the input is -224"),
        (Shape(channels=3, sides=[0, 224]), "a side of the input is 0"),
        (Shape(channels=-(2**63), sides=[224]), "channels of the input"),
        (Shape(channels=3), "the input has 0 sides"),
        (Shape(channels=3, sides=[2, 2, 2, 2]), "the input has 4 sides"),
    ],
)
def test_an_impossible_input_is_refused(
    shape: Shape, message: str, geometry: GeometryServiceStub
) -> None:
    for request in (
        DescribeLayersRequest(layers=[conv()], input=shape),
        DescribeLayersRequest(notation="conv 3 c4", input=shape),
    ):
        assert message in refused(geometry, request)


def test_a_request_without_an_input_is_refused(geometry: GeometryServiceStub) -> None:
    assert "has no input" in refused(geometry, DescribeLayersRequest(notation="conv 3"))


def test_notation_and_layers_exclude_each_other(geometry: GeometryServiceStub) -> None:
    request = DescribeLayersRequest(notation="conv 3", layers=[conv()], input=IMAGE)
    assert "Send one of the two" in refused(geometry, request)


def test_a_word_that_is_no_layer_is_refused_with_the_nearest(geometry: GeometryServiceStub) -> None:
    request = DescribeLayersRequest(notation="conv 3, pol 2", input=IMAGE)
    assert "'pol' (character 9) is no layer. Did you mean 'pool'?" in refused(geometry, request)


def test_a_message_that_is_nested_too_deep_to_read_is_refused(
    geometry: GeometryServiceStub,
) -> None:
    request = DescribeLayersRequest(layers=[nested(33)], input=IMAGE)
    assert "nested over 100 deep" in refused(geometry, request)


def test_numbers_that_leave_64_bits_are_refused(geometry: GeometryServiceStub) -> None:
    request = DescribeLayersRequest(notation="up 2", input=Shape(channels=1, sides=[LARGEST]))
    assert f"the output would be over {LARGEST} cells long" in refused(geometry, request)
    request.notation = "norm"
    assert f"are over {LARGEST}" in refused(geometry, request)
