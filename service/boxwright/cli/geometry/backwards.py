"""Sentences that answer the questions that go backwards."""

from boxwright_contract.geometry.backwards import (
    depth_reaching,
    dilations_reaching,
    inputs_giving,
    kernel_reaching,
)
from boxwright_contract.geometry.layers import Conv, Pool, Stack
from boxwright_contract.geometry.numbers import checked
from boxwright_contract.geometry.places import AXES, place_of
from boxwright_contract.geometry.stack import Description, LayerReport


def layers_for(field_px: int, found: Description) -> str:
    """Return which layer first sees `field_px` on every axis, or what more it takes.

    What more it takes is told where all cells see the same: where neighbours differ, a longer
    kernel reaches further on some cells than on others.

    Raises:
        BadInput: `field_px` is over 2**63 - 1.
    """
    checked(field_px, "--reach")
    for report in found.layers:
        if report.layer is not None and _least(report) >= field_px:
            return f"{field_px} px: {place_of(report.index, report.layer)} is the first to see them"
    axes = [axis for axis in found.total.field if axis is not None]
    if any(axis.phases > 1 for axis in axes):
        return (
            f"{field_px} px: no layer sees them on every cell. After scaling up, neighbouring "
            "cells see different amounts, so what more it takes has no formula: add layers, and "
            "ask again"
        )
    cells = 1 + max(-((axis.sizes_px[0] - field_px) // axis.period_px) for axis in axes)
    kernel = _kernel(found)
    dilations = ", ".join(map(str, dilations_reaching(cells, kernel)))
    return (
        f"{field_px} px: it takes {depth_reaching(cells, kernel)} more layers of kernel {kernel} "
        f"and stride 1, or one of kernel {kernel_reaching(cells)}, or layers of kernel {kernel} "
        f"with dilations {dilations}"
    )


def inputs_for(output: int, stack: Stack, found: Description) -> str:
    """Return the lengths of the input that give `output` cells, on each axis."""
    axes = AXES[len(found.total.output.sides)]
    told = []
    for place, name in enumerate(axes):
        lengths = inputs_giving(stack, output, len(axes), place)
        told.append(f"{name}: {_range(lengths)}")
    return f"{output} cells come of inputs of {'; '.join(told)}"


def _least(report: LayerReport) -> float:
    """Return the least that a cell sees, on any axis."""
    return min(float("inf") if axis is None else axis.sizes_px[0] for axis in report.field)


def _kernel(found: Description) -> int:
    """Return the smallest kernel over 1 of the last layer that has one; 3 if none has."""
    for report in reversed(found.layers):
        if isinstance(report.layer, Conv | Pool):
            kernel = report.layer.kernel
            sides = (kernel,) if isinstance(kernel, int) else kernel
            if min(sides) > 1:
                return min(sides)
    return 3


def _range(lengths: range) -> str:
    if not lengths:
        return "no length"
    return str(lengths[0]) if lengths[0] == lengths[-1] else f"{lengths[0]} to {lengths[-1]}"
