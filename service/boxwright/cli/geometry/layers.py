"""`boxwright geometry layers`: a stack of layers, from its notation."""

from dataclasses import asdict
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.geometry.columns import FIELD_COLUMNS, count, field_columns, sides
from boxwright.cli.geometry.facts import Facts, axes_facts
from boxwright.cli.geometry.sizes import image_size, input_shape
from boxwright.cli.options import AsJson
from boxwright.cli.tables import WIDTH, print_json, print_parted
from boxwright_contract.errors import BadSettings, UnknownName

if TYPE_CHECKING:
    from boxwright_contract.geometry.layers import Layer, Stack
    from boxwright_contract.geometry.stack import Description, LayerReport, Shape

COST_COLUMNS = ("", "layer", "output", "parameters", "MACs", "memory")


def layers(
    notation: Annotated[
        str, typer.Argument(help="The layers, as in the examples.", show_default=False)
    ] = "",
    image: Annotated[
        str, typer.Option(metavar="HxW", help="Size of the image; one number: a square.")
    ] = "224",
    shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="CxHxW", help="Instead of --image: channels, then each side."
        ),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Instead of the layers: a known network; '?' lists."),
    ] = None,
    reach: Annotated[
        int | None,
        typer.Option(min=1, metavar="PX", help="Tell too what it takes to see that much."),
    ] = None,
    output: Annotated[
        int | None,
        typer.Option(min=1, metavar="CELLS", help="Tell too which inputs give that output."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell shapes, costs and receptive fields of a stack of layers.

    \b
    Examples:
      boxwright geometry layers "conv 7/2 p3 c64, pool 3/2 p1, conv 3 same x2"
      boxwright geometry layers "conv 3 d2 c16, up 2 linear" --image 480x640
      boxwright geometry layers "add(conv 3 same, norm | ), globalpool, linear c10"
      boxwright geometry layers --example kim
    \b
    The notation, a layer after the other, with commas between them:
      conv K/S pP dD gG cC    convolution: kernel K, stride S, padding P (or `same`),
                              dilation D, groups G, channels C; `nobias`
      tconv, depthwise, separable, pointwise, light K hH    its kin
      pool, avgpool K/S pP, globalpool, up F, norm, linear cC
      aggregated cC wW gG, dense N growthG                  whole blocks
      add(a | b), concat(a | b)                             branches; an empty one: the input
      (a, b) x3, conv 3 x3                                  repeated
      stem=conv 7/2                                         named
    K is one number for every axis, or one for each: 3x5. What is left out is 1 (stride, dilation,
    groups), 0 (padding), or what came in (channels).
    """
    from boxwright_contract.geometry.notation import parse, write
    from boxwright_contract.geometry.stack import describe, smallest_input_found

    if example == "?":
        _list_examples(as_json)
        return
    text, its = _asked(notation, image, shape, example)
    stack = parse(text, its.channels)
    found = describe(stack, its)
    smallest = smallest_input_found(stack, its.channels, len(its.sides))
    answers = _answers(stack, found, reach, output)
    if as_json:
        print_json(
            {
                "notation": write(stack),
                "layers": [_facts(report) for report in found.layers],
                "total": _facts(found.total),
                "smallest_input_sides": smallest,
                "answers": answers,
            }
        )
        return
    columns, rows = (*COST_COLUMNS, *FIELD_COLUMNS), [*map(_row, found.layers), _row(found.total)]
    print_parted(columns, rows, keys=2, part=len(COST_COLUMNS))
    fits = sides(smallest) or "not found"
    typer.echo(f"\ninput {its}; the smallest that every layer accepts: {fits}")
    typer.echo("near the borders the field cut off there is an upper bound")
    for line in answers:
        typer.echo(line)


def _list_examples(as_json: bool) -> None:
    """Print the known networks, with what they show and where they come from."""
    from boxwright_contract.geometry.examples import EXAMPLES

    if as_json:
        print_json({name: asdict(known) for name, known in EXAMPLES.items()})
        return
    for name, known in EXAMPLES.items():
        typer.echo(f"{name}, input {known.input}")
        for text in (known.note, f"{known.source}."):
            typer.echo(fill(text, WIDTH, initial_indent="  ", subsequent_indent="  "))


def _asked(
    notation: str, image: str, shape: str | None, example: str | None
) -> "tuple[str, Shape]":
    """Return the notation that was asked for, and the input."""
    from boxwright_contract.geometry.examples import EXAMPLES
    from boxwright_contract.geometry.stack import Shape

    if bool(notation) == bool(example):
        raise BadSettings("which layers? Give them in the notation, or --example NAME; see --help.")
    if example and example not in EXAMPLES:
        raise UnknownName.among("example", example, EXAMPLES)
    given = Shape(*input_shape(shape, "--input")) if shape else None
    if example:
        return EXAMPLES[example].notation, given or EXAMPLES[example].input
    return notation, given or Shape(3, image_size(image, "--image"))


def _answers(
    stack: "Stack", found: "Description", reach: int | None, output: int | None
) -> list[str]:
    """Return a line for each question that goes backwards."""
    from boxwright.cli.geometry.backwards import inputs_for, layers_for

    lines = [] if reach is None else [layers_for(reach, found)]
    return lines if output is None else [*lines, inputs_for(output, stack, found)]


def _row(report: "LayerReport") -> tuple[str, ...]:
    return (
        report.index,
        _short(report.layer),
        str(report.output),
        count(report.parameters),
        count(report.multiply_accumulates),
        count(report.activation_bytes, "B"),
        *field_columns(report.field),
    )


def _short(layer: "Layer | None") -> str:
    """Return a layer in the notation, without what stands in rows of its own."""
    from boxwright_contract.geometry.layers import Branches
    from boxwright_contract.geometry.notation import write_layer

    if layer is None:
        return "total"
    if not isinstance(layer, Branches):
        return write_layer(layer)
    name = f"{layer.name}=" if layer.name else ""
    joined = len(layer.branches)
    return f"{name}{layer.join} of {joined} branch{'es' if joined != 1 else ''}"


def _facts(report: "LayerReport") -> Facts:
    from boxwright_contract.geometry.notation import write_layer

    return {
        "index": report.index,
        "name": report.layer.name if report.layer else "",
        "layer": write_layer(report.layer) if report.layer else "",
        "output": {"channels": report.output.channels, "sides": report.output.sides},
        "parameters": report.parameters,
        "parameters_without_bias": report.parameters_without_bias,
        "multiply_accumulates": report.multiply_accumulates,
        "activation_bytes": report.activation_bytes,
        "field": axes_facts(report.field),
    }
