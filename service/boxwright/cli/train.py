"""`boxwright train`: annotated images in, checkpoint out."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boxwright.cli.training_progress import show
from boxwright.cli.workshop import workshop
from boxwright_contract.errors import BadSettings
from boxwright_contract.model_name import as_model_name

if TYPE_CHECKING:
    from boxwright_workshop.recipe import Recipe
    from boxwright_workshop.train import Event

STOPPED = "stopped. The same command with --resume goes on."
STOPPED_UNSAVED = "stopped before anything was saved. The same command starts it again."


def train(
    data: Annotated[
        Path | None, typer.Option(metavar="TRAIN.json", help="COCO JSON to learn from. Needed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the checkpoints go. Needed.")
    ] = None,
    val: Annotated[
        Path | None,
        typer.Option(
            metavar="VAL.json",
            help="COCO JSON to judge each epoch by; the best is kept. Unset: the last is.",
        ),
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            help="A TOML file, or a recipe that ships: people, or DATA_DETECTOR such as "
            "blood_cells_fast_rcnn."
        ),
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
    explain_recipe: Annotated[
        bool,
        typer.Option(
            "--explain-recipe",
            help="Print the recipe as TOML to edit, every field with its meaning, and train "
            "nothing.",
        ),
    ] = False,
) -> None:
    """Train a detector on a backbone. Needs boxwright[workshop].

    Writes FOLDER/best, the checkpoint that `boxwright export` takes, FOLDER/last, which --resume
    needs, and FOLDER/log.jsonl. Images are looked for in the folder beside the JSON that has its
    name, or in `images`, or right beside it.
    """
    recipes = workshop("recipe")
    chosen = recipes.changed(
        recipes.load(recipe) if recipe else recipes.Recipe(),
        detector=detector,
        backbone=backbone,
        options=option or [],
        epochs=epochs,
        seed=seed,
    )
    if explain_recipe:
        typer.echo(workshop("recipe_text").explained(chosen).rstrip())
        return
    if data is None or out is None:
        raise BadSettings("--data TRAIN.json and --out FOLDER are both needed. Give them.")
    events = _started(chosen, data, val, out, resume)
    try:
        show(events)
    except KeyboardInterrupt:
        saved = (out / workshop("train").STATE).is_file()
        typer.echo(STOPPED if saved else STOPPED_UNSAVED, err=True)
        raise
    best = out / "best"
    name = as_model_name(out.name) or "mine"
    typer.echo(f"The best checkpoint is in {best}. Next: boxwright export {best} --name {name}")


def _started(
    recipe: "Recipe", data: Path, val: Path | None, out: Path, resume: bool
) -> "Iterator[Event]":
    """Return the run, after a look at all that can be wrong without torch, which loads slowly."""
    from boxwright_contract.catalog import Catalog

    catalog = Catalog.installed()
    catalog.detector(recipe.detector)
    catalog.backbone(recipe.backbone)
    annotations = workshop("annotations")
    learnt, judged = annotations.read(data), annotations.read(val) if val else None
    made_by = shlex.join(["boxwright", *(word for word in sys.argv[1:] if word != "--resume")])
    train = workshop("train").train
    return train(recipe, learnt, judged, out, resume=resume, made_by=made_by)  # type: ignore[no-any-return]
