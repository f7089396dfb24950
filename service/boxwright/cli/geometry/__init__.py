"""`boxwright geometry`: one file a command, imported here; what they need, when they run."""

import typer

from boxwright.cli.commands import Questions
from boxwright.cli.geometry import backbone, cell, graph, layers, matrix, model, region

app = typer.Typer(
    cls=Questions,
    help="Tell shapes and receptive fields: of layers, backbones, models and ONNX files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

app.command()(layers.layers)
app.command()(graph.graph)
app.command()(backbone.backbone)
app.command()(model.model)
app.command()(cell.cell)
app.command()(region.region)
app.command()(matrix.matrix)
