"""Does a backbone see what it declares to see?"""

from dataclasses import replace

from boxwright_contract.errors import BadPlugin
from boxwright_contract.geometry.field import Field
from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.declaration import declaration, written
from boxwright_workshop.feature_graph import measured_fields
from boxwright_workshop.gradient_field import disagreements

DECLARE = "Declare what is measured; this is the whole tuple, to paste:"


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
    code = declaration(replace(lev, field=measured[lev.name]) for lev in specimen.part.levels)
    wrong = [
        f"{level.name} declares {written(level.field)}, measured is {written(measured[level.name])}"
        for level in specimen.part.levels
        if level.field is not None and level.field != measured[level.name]
    ]
    if wrong:
        return failed(f"{'; '.join(wrong)}.", DECLARE, code)
    silent = [level.name for level in specimen.part.levels if level.field is None]
    if silent:
        return warned(
            f"{', '.join(silent)} declare no field, so `boxwright geometry` cannot tell it without "
            "torch.",
            DECLARE,
            code,
        )
    told = (f"{name} {sides(field)}" for name, field in measured.items())
    return passed(f"{', '.join(told)} px, {proof}")


def sides(field: Field) -> str:
    """Return how much a cell sees, in pixels."""
    return " x ".join(
        "all" if axis is None else "-".join(map(str, sorted(set(axis.sizes_px))))
        for axis in field.axes
    )
