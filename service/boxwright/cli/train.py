"""`boxwright train`: annotated images in, checkpoint out."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from boxwright.cli.training_progress import show
from boxwright.cli.workshop import workshop


def train(
    data: Annotated[Path, typer.Option(metavar="TRAIN.json", help="COCO JSON to learn from.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the checkpoints go.")],
    val: Annotated[
        Path | None,
        typer.Option(
            metavar="VAL.json",
            help="COCO JSON to judge each epoch by; the best is kept. Unset: the last is.",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="A TOML file, or the name of a recipe that ships: people.")
    ] = "",
    detector: Annotated[str, typer.Option(help="Unset: the recipe's, or faster_rcnn.")] = "",
    backbone: Annotated[str, typer.Option(help="Unset: the recipe's, or efficientnet_lite0.")] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Of the detector; the value is JSON. Repeatable."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the images. Unset: the recipe's.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same seed gives the same run. Unset: the recipe's."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in FOLDER.")] = False,
) -> None:
    """Train a detector on a backbone. Needs boxwright[workshop].

    Writes FOLDER/best, the checkpoint that `boxwright export` takes, FOLDER/last, which --resume
    needs, and FOLDER/log.jsonl. Images are looked for in the folder beside the JSON that has its
    name, or in `images`, or right beside it.
    """
    annotations, recipes = workshop("annotations"), workshop("recipe")
    chosen = recipes.changed(
        recipes.load(recipe) if recipe else recipes.Recipe(),
        detector=detector,
        backbone=backbone,
        options=option or [],
        epochs=epochs,
        seed=seed,
    )
    events = workshop("train").train(
        chosen,
        annotations.read(data),
        annotations.read(val) if val else None,
        out,
        resume=resume,
        made_by=shlex.join(["boxwright", *(word for word in sys.argv[1:] if word != "--resume")]),
    )
    try:
        show(events)
    except KeyboardInterrupt:
        typer.echo("stopped. The same command with --resume goes on.", err=True)
        raise
    best = out / "best"
    typer.echo(f"The best checkpoint is in {best}. Next: boxwright export {best} --name {out.name}")
