"""The matrix of a convolution: its form, and what is refused. Elsewhere it meets torch."""

import time
import tracemalloc

import numpy as np
import pytest

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.layers import Conv, ConvTranspose
from boxwright_contract.geometry.matrix import SparseMatrix, convolution_matrix
from boxwright_contract.geometry.stack import Shape

FAR = 2**62


def entries(matrix: SparseMatrix) -> list[tuple[int, int, int]]:
    return list(
        zip(matrix.row.tolist(), matrix.column.tolist(), matrix.weight.tolist(), strict=True)
    )


def test_the_matrix_of_the_guide_has_its_sixteen_columns() -> None:
    matrix = convolution_matrix(Conv(channels=1, kernel=3), Shape(1, (4, 4)), 36)
    assert (matrix.rows, matrix.columns, matrix.output) == (4, 16, Shape(1, (2, 2)))
    first = matrix.column[matrix.row == 0]
    assert first.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert matrix.weight.tolist() == list(range(9)) * 4


def test_a_transposed_layer_is_the_transpose_of_the_convolution_with_its_numbers() -> None:
    conv = Conv(channels=4, kernel=(3, 2), stride=2, padding=1, dilation=2, groups=2)
    transposed = ConvTranspose(
        channels=6, kernel=(3, 2), stride=2, padding=1, dilation=2, groups=2, output_padding=(0, 1)
    )
    image = Shape(6, (7, 6))
    forward = convolution_matrix(conv, image, 10_000)
    back = convolution_matrix(transposed, forward.output, 10_000)
    assert back.output == image
    assert entries(back) == sorted((column, row, w) for row, column, w in entries(forward))


def test_the_entries_are_sorted_and_never_double() -> None:
    layer = ConvTranspose(channels=4, kernel=3, stride=2, padding=1, groups=2)
    matrix = convolution_matrix(layer, Shape(2, (5, 4)), 10_000)
    pairs = [(row, column) for row, column, _ in entries(matrix)]
    assert pairs == sorted(set(pairs))


def test_the_number_of_entries_is_told_before_any_is_made() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadInput) as caught:
            convolution_matrix(
                Conv(channels=1024, kernel=3, padding=1), Shape(1024, (512, 512)), 1_000_000
            )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    inside = 3 * 512 - 2
    assert f"{1024 * 1024 * inside * inside:,} entries, and at most 1,000,000" in str(caught.value)
    assert peak < 1_000_000


def test_a_matrix_of_exactly_the_limit_is_written() -> None:
    conv, image = Conv(channels=2, kernel=3, padding=1), Shape(3, (5,))
    assert len(convolution_matrix(conv, image, 6 * 13).row) == 6 * 13
    with pytest.raises(BadInput, match="78 entries, and at most 77"):
        convolution_matrix(conv, image, 6 * 13 - 1)


@pytest.mark.parametrize(
    ("layer", "sides"),
    [
        (Conv(channels=1, kernel=1, padding=FAR // 4, stride=FAR // 8), (1,)),
        (Conv(channels=1, kernel=2, dilation=FAR // 2, padding=FAR // 4), (1,)),
        (Conv(channels=1, kernel=1, stride=3, padding=(0, 1)), (FAR // 16, 1)),
        (ConvTranspose(channels=1, kernel=2, stride=FAR // 8), (3,)),
        (Conv(channels=1, kernel=FAR // 4, padding=FAR // 8), (3,)),
        (Conv(channels=FAR, kernel=1), (3,)),
        (Conv(channels=1, kernel=1), (FAR, FAR)),
    ],
    ids=str,
)
def test_numbers_of_any_size_are_answered_or_refused_at_once(
    layer: Conv | ConvTranspose, sides: tuple[int, ...]
) -> None:
    began = time.perf_counter()
    try:
        matrix = convolution_matrix(layer, Shape(1, sides), 10_000)
    except BadInput:
        pass
    else:
        assert len(matrix.row) <= 10_000
        assert all(0 <= row < matrix.rows for row in matrix.row.tolist())
        assert all(0 <= column < matrix.columns for column in matrix.column.tolist())
    assert time.perf_counter() - began < 1


def test_windows_that_lie_in_the_padding_have_no_entries() -> None:
    conv = Conv(channels=1, kernel=1, stride=3, padding=(1, 0))
    matrix = convolution_matrix(conv, Shape(1, (1, 9)), 100)
    assert (matrix.rows, len(matrix.row)) == (3, 0)
    assert matrix.row.dtype == matrix.column.dtype == matrix.weight.dtype == np.int64


def test_an_impossible_layer_is_refused_with_its_numbers() -> None:
    with pytest.raises(BadInput, match=r"5 channels cannot be divided among 2 groups"):
        convolution_matrix(Conv(channels=4, kernel=1, groups=2), Shape(5, (3,)), 100)
    with pytest.raises(BadInput, match="a kernel of 7 is larger"):
        convolution_matrix(Conv(channels=4, kernel=7), Shape(5, (3,)), 100)
