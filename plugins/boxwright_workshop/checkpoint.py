"""Trained detectors on disk: tensors in safetensors, everything else in JSON, nothing executed.

<folder>/weights.safetensors
<folder>/checkpoint.json
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from boxwright_contract.card import AccuracyRecord, WeightsRecord
from boxwright_contract.errors import BadWeights
from boxwright_workshop import network
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import load_strictly

TENSORS, RECORD = "weights.safetensors", "checkpoint.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a trained detector is, beside its tensors."""

    recipe: Recipe
    classes: tuple[str, ...]
    weights: WeightsRecord
    epochs: float
    """Passes over the training images."""
    accuracy: AccuracyRecord | None
    made_by: str
    """The command that makes it again."""


def save(folder: Path, checkpoint: Checkpoint, state: dict[str, Tensor]) -> None:
    """Write a checkpoint; what was in `folder` before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / TENSORS, state)
    text = msgspec.json.format(msgspec.json.encode(checkpoint), indent=2)
    (folder / RECORD).write_bytes(text + b"\n")


def load(folder: Path) -> tuple[nn.Module, Checkpoint]:
    """Return the trained network, in eval mode, and its record.

    Raises:
        BadWeights: The folder is not a checkpoint, or its tensors do not fit.
    """
    if not (folder / TENSORS).is_file() or not (folder / RECORD).is_file():
        raise BadWeights(
            f"{folder} is not a checkpoint: it lacks {TENSORS} or {RECORD}. "
            "Give the folder that `boxwright train` wrote, for example runs/people/best."
        )
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Checkpoint)
    except msgspec.DecodeError as error:
        raise BadWeights(f"{folder / RECORD} cannot be read: {error}. Train again.") from error
    net = network.build(record.recipe, len(record.classes), trained=False)
    load_strictly(net, load_file(folder / TENSORS), str(folder))
    return net.eval(), record


def write_tensors(path: Path, state: dict[str, Tensor]) -> None:
    """Write `state` so that a crash leaves the old file or the new one, never half of one."""
    whole = path.with_suffix(".part")
    save_file({key: value.detach().contiguous() for key, value in state.items()}, whole)
    whole.replace(path)
