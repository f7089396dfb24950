"""ConvolutionMatrix: small and large, impossible, and beside other calls."""

from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.geometry_pb2 import (
    Convolution,
    ConvolutionMatrixRequest,
    DescribeModelRequest,
    Shape,
    TransposedConvolution,
)
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub

NUMBERS = {"channels": 1, "kernel": [3], "stride": [2], "padding": [1]}
LARGE = ConvolutionMatrixRequest(
    convolution=Convolution(channels=10, kernel=[1]), input=Shape(channels=10, sides=[100, 100])
)
"""A million entries, the most that there may be."""


def dense(request: ConvolutionMatrixRequest, geometry: GeometryServiceStub) -> np.ndarray:
    """Return the matrix with 1 + the number of its weight at each entry."""
    answer = geometry.ConvolutionMatrix(request)
    matrix = np.zeros((answer.rows, answer.columns), np.int64)
    matrix[answer.entry_row, answer.entry_column] = np.array(answer.entry_weight) + 1
    return matrix


def test_a_convolution_is_written_as_its_matrix(geometry: GeometryServiceStub) -> None:
    request = ConvolutionMatrixRequest(
        convolution=Convolution(**NUMBERS),  # type: ignore[arg-type]
        input=Shape(channels=1, sides=[5]),
    )
    assert dense(request, geometry).tolist() == [[2, 3, 0, 0, 0], [0, 1, 2, 3, 0], [0, 0, 0, 1, 2]]
    assert geometry.ConvolutionMatrix(request).output == Shape(channels=1, sides=[3])


def test_a_transposed_convolution_is_that_matrix_transposed(geometry: GeometryServiceStub) -> None:
    forth = ConvolutionMatrixRequest(
        convolution=Convolution(**NUMBERS),  # type: ignore[arg-type]
        input=Shape(channels=1, sides=[5, 7]),
    )
    back = ConvolutionMatrixRequest(
        transposed_convolution=TransposedConvolution(**NUMBERS),  # type: ignore[arg-type]
        input=Shape(channels=1, sides=[3, 4]),
    )
    np.testing.assert_array_equal(dense(back, geometry), dense(forth, geometry).T)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ConvolutionMatrixRequest(input=Shape(channels=1, sides=[5])), "the layer: it is not set"),
        (
            ConvolutionMatrixRequest(convolution=Convolution(channels=1, kernel=[3])),
            "has no input",
        ),
        (
            ConvolutionMatrixRequest(
                convolution=Convolution(channels=1), input=Shape(channels=1, sides=[5])
            ),
            "the layer: it has no kernel",
        ),
        (
            ConvolutionMatrixRequest(
                convolution=Convolution(channels=1, kernel=[9]),
                input=Shape(channels=1, sides=[5]),
            ),
            "a kernel of 9 is larger than the padded input of 5",
        ),
        (
            ConvolutionMatrixRequest(
                convolution=Convolution(channels=10, kernel=[1]),
                input=Shape(channels=10, sides=[100, 101]),
            ),
            "has 1,010,000 entries, and at most 1,000,000 are written",
        ),
        (
            ConvolutionMatrixRequest(
                convolution=Convolution(channels=1, kernel=[2**40], padding=[2**40]),
                input=Shape(channels=1, sides=[2**41]),
            ),
            "Use",
        ),
    ],
    ids=["no layer", "no input", "no kernel", "kernel too large", "too many", "far too many"],
)
def test_what_cannot_be_written_is_refused(
    request_: ConvolutionMatrixRequest, message: str, geometry: GeometryServiceStub
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        geometry.ConvolutionMatrix(request_)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert message in str(caught.value.details())


def test_a_million_entries_are_written_while_others_are_answered(
    geometry: GeometryServiceStub,
) -> None:
    large = [geometry.ConvolutionMatrix.future(LARGE) for _ in range(3)]
    assert geometry.DescribeModel(DescribeModelRequest()).model == "seeing"
    assert not large[-1].done()
    for call in large:
        assert len(call.result().entry_row) == 1_000_000


def test_calls_over_the_limit_are_sent_away_with_a_hint(
    settings: Settings, seeing_models: Path
) -> None:
    narrow = replace(settings, models=seeing_models, max_requests=1)
    options = [("grpc.max_receive_message_length", -1)]
    with (
        serve_in_background(narrow) as address,
        grpc.insecure_channel(str(address), options=options) as channel,
    ):
        stub = GeometryServiceStub(channel)
        calls = [stub.ConvolutionMatrix.future(LARGE) for _ in range(4)]
        codes = [call.code() for call in calls]
    assert codes.count(grpc.StatusCode.OK) >= 1
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) >= 1
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
