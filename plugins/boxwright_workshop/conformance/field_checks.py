"""Does a backbone see what it declares to see?"""

from collections.abc import Mapping

from boxwright_contract.errors import BadPlugin
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.conformance.specimen import BackboneSpecimen
from boxwright_workshop.feature_graph import measured_fields
from boxwright_workshop.gradient_field import disagreements


def declares_what_it_sees(specimen: BackboneSpecimen) -> Outcome:
    """Hold the declared fields against the analysis of the graph, and that against gradients."""
    measured = measured_fields(specimen.net, specimen.names, specimen.divisor)
    proof = "by the graph and by gradients"
    try:
        doubted = disagreements(specimen.net, measured, specimen.divisor)
    except BadPlugin:
        doubted, proof = [], "by the graph; gradients cannot tell where there is attention"
    if doubted:
        return failed(
            f"gradients and the analysis of the graph disagree: {doubted[0]}.",
            "Please report it to Boxwright with this network; one of the two is wrong.",
        )
    wrong = [
        f"{level.name} declares {written(level.field)}, measured is {written(measured[level.name])}"
        for level in specimen.part.levels
        if level.field is not None and level.field != measured[level.name]
    ]
    if wrong:
        return failed(f"{'; '.join(wrong)}.", f"Declare {declaration(measured)}")
    silent = [level.name for level in specimen.part.levels if level.field is None]
    if silent:
        return warned(
            f"{', '.join(silent)} declare no field, so `boxwright geometry` cannot tell it without "
            "torch.",
            f"Declare {declaration(measured)}",
        )
    told = (f"{name} {sides(field)}" for name, field in measured.items())
    return passed(f"{', '.join(told)} px, {proof}")


def declaration(fields: Mapping[str, Field]) -> str:
    """Return the fields as the plugin should write them."""
    return "; ".join(f"{name}: field={written(field)}" for name, field in fields.items())


def written(field: Field) -> str:
    """Return a field as Python."""
    first = field.axes[0]
    if all(axis == first for axis in field.axes):
        axes = f"({axis_written(first)},) * {len(field.axes)}"
    else:
        axes = f"({', '.join(map(axis_written, field.axes))})"
    through = f", whole_through={field.whole_through!r}" if field.whole_through else ""
    inexact = "" if field.exact_at_border else ", exact_at_border=False"
    return f"Field(axes={axes}{through}{inexact})"


def axis_written(axis: AxisField | None) -> str:
    """Return one axis as Python."""
    if axis is None:
        return "None"
    return f"AxisField({axis.period_px}, {axis.first_px}, {axis.last_px})"


def sides(field: Field) -> str:
    """Return how much a cell sees, in pixels."""
    return " x ".join(
        "all" if axis is None else "-".join(map(str, sorted(set(axis.sizes_px))))
        for axis in field.axes
    )
