"""A backbone's named weights: found, checked against their digest, loaded strictly."""

import hashlib
import pickle
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

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
        BadWeights: The file is missing, altered, or for another network.
    """
    path = weights.locate()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != weights.sha256:
        raise BadWeights(
            f"{path} has SHA-256 {digest}, but the weights '{weights.name}' have {weights.sha256}. "
            "Fetch the file again."
        )
    load_strictly(net, weights.rename(read_state(path)), str(path))


def read_state(path: Path) -> StateDict:
    """Return the tensors in a file, .safetensors or torch's own; nothing in it is executed."""
    if not path.is_file():
        raise BadWeights(f"there is no weights file at {path}. Check the path.")
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadWeights(
            f"{path} holds more than tensors, or is not a weights file, and was not opened. "
            "Use a file that holds a state dict only."
        ) from error


def load_strictly(net: nn.Module, state: StateDict, where: str) -> None:
    """Load `state` into `net`; every key and shape must fit.

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
            f"{'; '.join(wrong[:3])}. Use weights that were made for this architecture."
        )
    net.load_state_dict(dict(state), strict=False)
