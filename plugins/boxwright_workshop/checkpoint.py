"""Trained detectors on disk: tensors in safetensors, everything else in JSON, nothing executed.

<folder>/weights.safetensors
<folder>/checkpoint.json
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from boxwright_contract.card import AccuracyRecord, PluginRecord, WeightsRecord
from boxwright_contract.catalog import Catalog
from boxwright_contract.errors import BadPlugin, BadWeights, UnknownName
from boxwright_workshop import network
from boxwright_workshop.export_request import RECORD, TENSORS, check_checkpoint
from boxwright_workshop.plugin_records import lacking, record_of
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import load_strictly, read_state


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a trained detector is, beside its tensors."""

    recipe: Recipe
    """Settled."""
    classes: tuple[str, ...]
    weights: WeightsRecord
    epochs: int
    """Passes over the training images."""
    accuracy: AccuracyRecord | None
    made_by: str
    """The command that makes it again."""
    detector: PluginRecord | None = None
    """Who brought it; `save` looks it up."""
    backbone: PluginRecord | None = None
    """Who brought it; `save` looks it up."""


def save(folder: Path, checkpoint: Checkpoint, state: Mapping[str, Tensor]) -> None:
    """Write a checkpoint; what was in `folder` before is replaced."""
    catalog, recipe = Catalog.installed(), checkpoint.recipe
    whole = replace(
        checkpoint,
        detector=record_of(catalog.detectors[recipe.detector]),
        backbone=record_of(catalog.backbone_offer(recipe.backbone)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(asdict(whole)), indent=2)
    replace_files({folder / TENSORS: packed(state), folder / RECORD: text + b"\n"})


def load(
    folder: Path, detector: str = "", options: Sequence[str] = ()
) -> tuple[nn.Module, Checkpoint]:
    """Return the trained network, in eval mode, and its record.

    Args:
        folder: Which `save` wrote.
        detector: To take the same parameters for, such as a part of the one that was trained.
            Empty: that one.
        options: Of the detector, in place of those of the training, each KEY=VALUE with a value in
            JSON. No parameter may depend on them.

    Raises:
        BadWeights: The folder is not a checkpoint, or its tensors do not fit.
        BadSettings: An option is unknown to the detector, or has the wrong type.
        UnknownName: Its detector or backbone is not installed.
        BadPlugin: The backbone is not what it was.
    """
    check_checkpoint(folder)
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Checkpoint)
    except msgspec.DecodeError as error:
        raise BadWeights(f"{folder / RECORD} cannot be read: {error}. Train again.") from error
    trained, record = record, adapted(record, detector, options)
    absent = lacking((record.detector, record.backbone))
    cure = network.cure_of_misfit(trained.recipe, record.recipe)
    if not (cure or absent):
        cure = "Train again."
    try:
        net = network.build(record.recipe, len(record.classes), trained=False)
        load_strictly(net, read_state(folder / TENSORS), str(folder), cure)
    except (UnknownName, BadPlugin, BadWeights) as error:
        raise type(error)(f"{str(error).strip()} {absent}".strip()) from error
    return net.eval(), record


def adapted(record: Checkpoint, detector: str, options: Sequence[str]) -> Checkpoint:
    """Return `record` for another detector or other options, as `load` takes them.

    What was measured with others is left out.
    """
    recipe = network.adapted(record.recipe, detector, options)
    return record if recipe == record.recipe else replace(record, recipe=recipe, accuracy=None)


def packed(state: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Return `state` as a safetensors file."""
    return to_bytes({key: value.detach().contiguous() for key, value in state.items()}, metadata)


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Write files so that a crash while writing leaves the old ones, and never half of one."""
    parts = {path: path.with_name(f"{path.name}.part") for path in contents}
    for path, part in parts.items():
        part.write_bytes(contents[path])
    for path, part in parts.items():
        part.replace(path)
