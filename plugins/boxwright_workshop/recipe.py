"""A recipe: everything that decides how a detector is trained, but the images."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec

from boxwright_contract.bounds import Above0, AtLeast0, Count, Share
from boxwright_contract.errors import BadSettings, UnknownName
from boxwright_contract.input_rule import InputRule
from boxwright_contract.proposal_rule import ProposalRule

T = TypeVar("T")

SHIPPED = files("boxwright_workshop") / "recipes"


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training images are varied."""

    canvas_px: Count = 416
    """Sides of the square canvas that is cut out of the scaled image."""
    scale: tuple[Above0, Above0] = (0.8, 1.25)
    """Least and greatest scale, times the scale that the input rule gives."""
    flip: bool = True
    """Mirror half of the images from left to right."""
    colour: Share = 0.0
    """Most that brightness, contrast and saturation change, as a share."""
    keep_visible: Share = 0.3
    """Boxes of which no more than this share is left after cutting are dropped."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast."""

    epochs: Count = 12
    batch: Count = 8
    learning_rate: AtLeast0 = 6e-4
    """Of the neck and the heads."""
    backbone_learning_rate: AtLeast0 = 2e-4
    weight_decay: AtLeast0 = 0.02
    warm_up_steps: Annotated[int, msgspec.Meta(ge=0)] = 300
    clip_norm: Above0 = 5.0
    """Most that the norm of all gradients together may be; larger ones are scaled down."""
    averaging: Share = 0.998
    """Share of the running average of the weights that each step keeps; 0 averages nothing."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a detector is trained."""

    detector: str = "faster_rcnn"
    backbone: str = "efficientnet_lite0"
    weights: str | None = None
    """Name of the backbone's weights. Unset: its first. Empty, or it has none: random ones."""
    options: dict[str, Any] = field(default_factory=dict)
    """For the detector."""
    input: InputRule = InputRule(short_side_px=320, long_side_px=448, divisor=32)
    proposals: ProposalRule | None = None
    """Where they come from, for detectors that need them. Unset: the rule's own defaults."""
    freeze: str | None = None
    """The backbone's layers up to this level stay as they are. Unset: its finest. Empty: none."""
    freeze_depthwise: bool = False
    """Leave the filters of depthwise convolutions as they are: faster on CPUs."""
    augmentation: Augmentation = Augmentation()
    schedule: Schedule = Schedule()
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0


def load(name: str) -> Recipe:
    """Return the recipe in the TOML file at `name`, or the shipped one of that name.

    Raises:
        UnknownName: There is no such file and no such recipe.
        BadSettings: The file is not a recipe; the message names the field.
    """
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        text = path.read_text("utf-8")
    else:
        known = {item.name.removesuffix(".toml"): item for item in SHIPPED.iterdir()}
        if name not in known:
            raise UnknownName.among("recipe", name, known)
        text = known[name].read_text("utf-8")
    return parse(text, name)


def changed(
    recipe: Recipe,
    *,
    detector: str = "",
    backbone: str = "",
    options: Sequence[str] = (),
    epochs: int | None = None,
    seed: int | None = None,
) -> Recipe:
    """Return `recipe` with what is given in place of what it says.

    Args:
        recipe: The recipe to change.
        detector: Its name. Empty: unchanged.
        backbone: Its name. Empty: unchanged.
        options: Of the detector, each KEY=VALUE with a value in JSON.
        epochs: Passes over the images. None: unchanged.
        seed: None: unchanged.

    Raises:
        BadSettings: An option is not KEY=VALUE with a value in JSON.
    """
    return replace(
        recipe,
        detector=detector or recipe.detector,
        backbone=backbone or recipe.backbone,
        options=recipe.options | _told(options),
        schedule=replace(recipe.schedule, epochs=epochs or recipe.schedule.epochs),
        seed=recipe.seed if seed is None else seed,
    )


def _told(options: Sequence[str]) -> dict[str, Any]:
    told = {}
    for option in options:
        key, _, value = option.partition("=")
        try:
            told[key] = json.loads(value)
        except ValueError as error:
            raise BadSettings(
                f"the option '{option}' is not KEY=VALUE with a value in JSON, such as "
                """head_channels=256, anchor_ratios=[0.5,1,2] or 'pooling="max"'. Mend it."""
            ) from error
    return told


def parse(text: str, where: str) -> Recipe:
    """Return the recipe that the TOML in `text` tells; `where` names it in errors."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"the recipe {where} is not TOML: {error}. Mend that line.") from error
    return converted(table, Recipe, f"the recipe {where}")


def converted(table: Mapping[str, Any], kind: type[T], where: str) -> T:
    """Return `table` as the frozen dataclass `kind`; `where` names it in errors.

    Raises:
        BadSettings: A field is unknown, or its value has the wrong type or is out of bounds.
    """
    for name, known in _unknown(table, kind):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise BadSettings(f"{where}: no field '{name}'.{hint} Known: {', '.join(known)}.")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        told = f"{where} cannot be used: {error}{_value_at(str(error), table)}. Mend that field."
        raise BadSettings(told) from error


def _value_at(fault: str, table: Mapping[str, Any]) -> str:
    """Return what stands where `fault` of msgspec ends, as in "... - at `$.schedule.batch`"."""
    found: Any = table
    for name in re.findall(r"\.(\w+)", fault.partition("`$")[2]):
        found = found.get(name, {}) if isinstance(found, Mapping) else found
    return "" if isinstance(found, Mapping) else f", where {found!r} stands"


def _unknown(table: Mapping[str, Any], kind: type) -> Iterator[tuple[str, list[str]]]:
    hints = get_type_hints(kind)
    for name, value in table.items():
        if name not in hints:
            yield name, sorted(hints)
        elif isinstance(value, Mapping):
            for inner in get_args(hints[name]) or (hints[name],):  # "ProposalRule | None" has two
                if is_dataclass(inner) and isinstance(inner, type):
                    yield from _unknown(value, inner)
