"""DescribeLayers: shapes, costs and fields of stacks, and what is refused."""

import pytest

from boxwright.v1.geometry_pb2 import (
    AggregatedBlock,
    Branching,
    Convolution,
    DenseBlock,
    DepthwiseSeparable,
    DescribeLayersRequest,
    DescribeLayersResponse,
    FullyConnected,
    GlobalPooling,
    Layer,
    LightweightConvolution,
    Normalisation,
    Pooling,
    Shape,
    TransposedConvolution,
    Upsampling,
)
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub

IMAGE = Shape(channels=3, sides=[224, 224])
EVERY_KIND = {
    "conv 3 p1 c64": Layer(convolution=Convolution(channels=64, kernel=[3], padding=[1])),
    "conv 3x5 same c6 g3 nobias": Layer(
        convolution=Convolution(
            channels=6, kernel=[3, 5], same_padding=True, groups=3, without_bias=True
        )
    ),
    "tconv 4/2 p1 c8": Layer(
        transposed_convolution=TransposedConvolution(
            channels=8, kernel=[4], stride=[2], padding=[1]
        )
    ),
    "light 3 h3": Layer(lightweight_convolution=LightweightConvolution(kernel=[3], heads=3)),
    "pool 3/2 p1 ceil": Layer(pooling=Pooling(kernel=[3], stride=[2], padding=[1], ceil=True)),
    "avgpool 2": Layer(pooling=Pooling(kind=Pooling.KIND_AVERAGE, kernel=[2])),
    "globalpool max": Layer(global_pooling=GlobalPooling(kind=Pooling.KIND_MAX)),
    "up 2 linear corners": Layer(
        upsampling=Upsampling(factor=[2], linear=True, align_corners=True)
    ),
    "norm": Layer(normalisation=Normalisation()),
    "linear c10": Layer(fully_connected=FullyConnected(channels=10)),
    "concat(conv 3 p1 c4 | )": Layer(
        branching=Branching(
            concatenate=True,
            branches=[
                Branching.Branch(
                    layers=[Layer(convolution=Convolution(channels=4, kernel=[3], padding=[1]))]
                ),
                Branching.Branch(),
            ],
        )
    ),
    "separable 3 p1 c16": Layer(
        depthwise_separable=DepthwiseSeparable(channels=16, kernel=[3], padding=[1])
    ),
    "aggregated c256 w128 g32 /2": Layer(
        aggregated_block=AggregatedBlock(channels=256, width=128, cardinality=32, stride=2)
    ),
    "dense 3 growth8 bottleneck4": Layer(dense_block=DenseBlock(layers=3, growth=8, bottleneck=4)),
    "stem=conv 7/2 p3 c64": Layer(
        name="stem", convolution=Convolution(channels=64, kernel=[7], stride=[2], padding=[3])
    ),
    "conv 3 c5 x3": Layer(convolution=Convolution(channels=5, kernel=[3]), repeat=3),
}


def described(geometry: GeometryServiceStub, text: str) -> DescribeLayersResponse:
    return geometry.DescribeLayers(DescribeLayersRequest(notation=text, input=IMAGE))


def test_a_stem_has_the_shapes_costs_and_fields_of_the_notes(geometry: GeometryServiceStub) -> None:
    answer = described(geometry, "stem=conv 7/2 p3 c64, pool 3/2 p1")
    stem, pool = answer.layers
    assert (stem.index, stem.name, stem.layer) == ("1", "stem", "stem=conv 7/2 p3 c64")
    assert stem.output == Shape(channels=64, sides=[112, 112])
    assert (stem.parameters, stem.parameters_without_bias) == (9472, 9408)
    assert stem.multiply_accumulates == 9408 * 112 * 112
    assert stem.activation_bytes == 4 * 64 * 112 * 112
    for axis in pool.field:
        assert (axis.min_size_px, axis.max_size_px, axis.stride_px) == (11, 11, 4)
        assert (axis.period_px, list(axis.first_px), list(axis.last_px)) == (4, [-5], [5])
        assert (axis.padding_px, axis.first_centre_px, axis.stride_varies) == (5, 0, False)
    assert answer.total.parameters == 9472
    assert answer.total.output == pool.output
    assert answer.total.field == pool.field
    assert answer.notation == "stem=conv 7/2 p3 c64, pool 3/2 p1"
    assert list(answer.smallest_input_sides) == [1, 1]


@pytest.mark.parametrize("text", EVERY_KIND)
def test_a_layer_as_a_value_is_the_layer_of_the_notation(
    text: str, geometry: GeometryServiceStub
) -> None:
    request = DescribeLayersRequest(layers=[EVERY_KIND[text]], input=IMAGE)
    assert geometry.DescribeLayers(request) == described(geometry, text)


def test_blocks_take_the_channels_that_reach_them(geometry: GeometryServiceStub) -> None:
    layers = [EVERY_KIND["concat(conv 3 p1 c4 | )"], EVERY_KIND["separable 3 p1 c16"]]
    request = DescribeLayersRequest(layers=layers, input=IMAGE)
    text = "concat(conv 3 p1 c4 | ), depthwise 3 p1, pointwise c16"
    answer = geometry.DescribeLayers(request)
    assert answer == described(geometry, text)
    assert answer.layers[-1].parameters == (4 + 3) * 16 + 16


def test_a_global_layer_sees_the_whole_axis(geometry: GeometryServiceStub) -> None:
    answer = described(geometry, "conv 3 c8, globalpool")
    assert [axis.whole for axis in answer.total.field] == [True, True]


def test_phases_of_an_up_sampled_map_are_told_one_by_one(geometry: GeometryServiceStub) -> None:
    answer = described(geometry, "conv 3 p1 c8, up 2, conv 3 p1")
    down, _ = answer.total.field
    assert (list(down.first_px), list(down.last_px)) == ([-2, -1], [1, 2])
    assert (down.min_size_px, down.max_size_px, down.stride_px) == (4, 4, 0.5)


def test_an_empty_stack_is_the_identity(geometry: GeometryServiceStub) -> None:
    answer = geometry.DescribeLayers(DescribeLayersRequest(input=IMAGE))
    assert not answer.layers
    assert answer.total.output == IMAGE
    assert [axis.max_size_px for axis in answer.total.field] == [1, 1]


def test_one_axis_and_three_are_described_too(geometry: GeometryServiceStub) -> None:
    for sides in ([50], [20, 30, 40]):
        request = DescribeLayersRequest(notation="conv 3 c4", input=Shape(channels=3, sides=sides))
        answer = geometry.DescribeLayers(request)
        assert list(answer.total.output.sides) == [side - 2 for side in sides]


def test_sides_up_to_the_limit_of_64_bits_are_arithmetic(geometry: GeometryServiceStub) -> None:
    request = DescribeLayersRequest(notation="pool 2", input=Shape(channels=1, sides=[2**61 - 1]))
    assert list(geometry.DescribeLayers(request).total.output.sides) == [(2**61 - 1) // 2]


def test_the_longest_stack_that_is_taken_is_answered(geometry: GeometryServiceStub) -> None:
    request = DescribeLayersRequest(layers=[EVERY_KIND["conv 3 p1 c64"]] * 1024, input=IMAGE)
    answer = geometry.DescribeLayers(request)
    assert len(answer.layers) == 1024
    assert answer.total.field[0].max_size_px == 2049
    assert answer.notation == "conv 3 p1 c64 x1024"


def test_branches_are_nested_as_deep_as_a_message_can_be(geometry: GeometryServiceStub) -> None:
    layer = EVERY_KIND["norm"]
    for _ in range(32):
        layer = Layer(branching=Branching(branches=[Branching.Branch(layers=[layer])]))
    answer = geometry.DescribeLayers(DescribeLayersRequest(layers=[layer], input=IMAGE))
    assert answer.layers[-1].index == "1" + ".1.1" * 32
