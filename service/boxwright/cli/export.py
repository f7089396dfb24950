"""`boxwright export`: checkpoint in, bundle out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from boxwright.cli.workshop import workshop


def export(
    checkpoint: Annotated[Path, typer.Argument(help="What `boxwright train` wrote.")],
    name: Annotated[str, typer.Option(help="Of the model, as requests name it.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of models.")] = Path("models"),
    version: Annotated[int, typer.Option(min=1, help="Of the model.")] = 1,
    precision: Annotated[
        Literal["float32", "float16"], typer.Option(help="Of the stored parameters.")
    ] = "float32",
) -> None:
    """Turn a checkpoint into a model to serve.

    It writes FOLDER/NAME/VERSION, if ONNX Runtime answers as torch does, and else says what
    differed. Needs boxwright[workshop].
    """
    workshop("export").export(**locals())
