"""The command `boxwright`: one file a command, imported here; what they need, when they run."""

import typer

from boxwright.cli import (
    admin,
    demo,
    detect,
    doctor,
    evaluate,
    export,
    geometry,
    health,
    models,
    new_backbone,
    plugins,
    precisions,
    serve,
    token,
    train,
)
from boxwright.cli.commands import Commands
from boxwright.cli.exit_codes import MEANINGS
from boxwright.cli.options import Version
from boxwright.cli.top import command as top

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in MEANINGS.items())

app = typer.Typer(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def boxwright(version: Version = False) -> None:
    """Find objects in images: serve detectors over gRPC, ask them, train them."""


app.command()(demo.demo)
app.command()(serve.serve)
app.command()(health.health)
app.command()(top.top)
app.command()(doctor.doctor)
app.command()(detect.detect)
app.command()(models.models)
app.add_typer(admin.app, name="admin")
app.add_typer(token.app, name="token")
app.add_typer(plugins.app, name="plugins")
app.command()(new_backbone.new_backbone)
app.add_typer(geometry.app, name="geometry")
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(export.export)
app.command()(precisions.precisions)


def main() -> None:
    """Run the command line; never returns."""
    app(prog_name="boxwright")
