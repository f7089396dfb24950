"""A backbone's named weights: found, checked against their digest, loaded strictly."""

import hashlib
import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from boxwright_contract.errors import BadWeights, UnknownName
from boxwright_contract.parts import Backbone, StateDict, Weights


def named(backbone: Backbone, name: str) -> Weights:
    """Return the weights of `backbone` with that name."""
    known = {weights.name: weights for weights in backbone.weights}
    if name not in known:
        raise UnknownName.among(f"weights of {backbone.name}", name, known)
    return known[name]


def load_into(net: nn.Module, weights: Weights) -> None:
    """Load `weights` into what `Backbone.build` returned.

    Raises:
        BadWeights: The file is missing, altered, or for another network, or holds NaN or infinity.
    """
    path = Path(weights.locate())  # a stranger's function may return text
    if not path.is_file():
        raise BadWeights(f"there is no weights file at {path}. Check the path.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(weights.sha256):
        raise BadWeights(
            f"{path} has SHA-256 {digest}, but that of the weights '{weights.name}' is or begins "
            f"with {weights.sha256}. Fetch it again; if you changed a file of your own plugin, its "
            "new digest belongs in Weights.sha256."
        )
    state = weights.rename(read_state(path))
    wild = [key for key, value in state.items() if not value.isfinite().all()]
    if wild:
        raise BadWeights(
            f"{path} holds NaN or infinity in {len(wild)} of {len(state)} tensors: "
            f"{', '.join(wild[:3])}. Use weights from a training that did not diverge."
        )
    load_strictly(net, state, str(path))


def read_state(path: Path) -> StateDict:
    """Return the tensors in a file, .safetensors or torch's own; nothing in it is executed.

    Raises:
        BadWeights: The file is missing or damaged, or holds something else.
    """
    if not path.is_file():
        raise BadWeights(f"there is no weights file at {path}. Check the path.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadWeights(
            f"{path} holds more than tensors, or is not a weights file, and was not opened. "
            "Use a file that holds a state dict only."
        ) from error
    # What torch's reader raises on a file that is cut short or of another kind.
    except (SafetensorError, RuntimeError, OSError, EOFError, KeyError, ValueError) as error:
        raise BadWeights(
            f"{path} cannot be read as a weights file: {error}. Fetch it again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(x, Tensor) for x in state.values()):
        raise BadWeights(f"{path} holds no state dict. Use a file with tensors by name only.")
    return state


def load_strictly(
    net: nn.Module,
    state: StateDict,
    where: str,
    cure: str = "Use weights that were made for this architecture.",
) -> None:
    """Load `state` into `net`; every key and shape must fit.

    Args:
        net: Takes all of it.
        state: What is loaded.
        where: It is from, for errors.
        cure: What to do if it does not fit.

    Raises:
        BadWeights: Naming the first keys that do not fit.
    """
    wanted = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in state.items()}
    wrong = [
        f"{key}: {given.get(key, 'absent')} where {wanted.get(key, 'nothing')} belongs"
        for key in sorted(wanted.keys() | given.keys())
        if wanted.get(key) != given.get(key) and not key.endswith("num_batches_tracked")
    ]
    if wrong:
        raise BadWeights(
            f"{where} does not fit the network in {len(wrong)} of {len(wanted | given)} tensors: "
            f"{'; '.join(wrong[:3])}. {cure}"
        )
    net.load_state_dict(dict(state), strict=False)
