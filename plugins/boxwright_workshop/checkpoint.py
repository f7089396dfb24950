"""Trained detectors on disk: tensors in safetensors, everything else in JSON, nothing executed.

<folder>/weights.safetensors
<folder>/checkpoint.json
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from boxwright_contract.card import AccuracyRecord, WeightsRecord
from boxwright_contract.errors import BadWeights
from boxwright_workshop import network
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.weights import load_strictly, read_state

TENSORS, RECORD = "weights.safetensors", "checkpoint.json"


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


def save(folder: Path, checkpoint: Checkpoint, state: Mapping[str, Tensor]) -> None:
    """Write a checkpoint; what was in `folder` before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(asdict(checkpoint)), indent=2)
    replace_files({folder / TENSORS: packed(state), folder / RECORD: text + b"\n"})


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
    load_strictly(net, read_state(folder / TENSORS), str(folder))
    return net.eval(), record


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
