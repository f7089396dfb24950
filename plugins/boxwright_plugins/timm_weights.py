"""The weights that timm names for its networks, as its own description of them tells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright_contract.errors import BadWeights
from boxwright_contract.parts import StateDict, Weights
from boxwright_plugins.weight_files import found, from_address

if TYPE_CHECKING:
    from torch import nn

DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")
"""What an address of timm's tells of a file's SHA-256. The hub tells it on request."""

HUB_FILE = "model.safetensors"


def weights_of(model: str, build: Callable[[], nn.Module]) -> tuple[Weights, ...]:
    """Return the weights that timm names for `model`, for the module that `build` returns.

    There are none where timm has none, or only in a format of its own.
    """
    import timm

    config = timm.get_pretrained_cfg(model)
    if config is None or config.custom_load:
        return ()
    address = str(config.url or "")
    hub = str(config.hf_hub_id or "")
    if not hub and not address:
        return ()
    digest = None if hub else DIGEST.search(address)
    return (
        Weights(
            name=config.tag or "timm",
            origin=f"timm's {model}, from {hub or address}",
            sha256=digest[1] if digest else "",
            licence=config.license or "not told by timm",
            locate=partial(from_hub, hub) if hub else partial(from_address, address),
            rename=partial(rename, build),
        ),
    )


def from_hub(repository: str) -> Path:
    """Return the weights in a repository of the hub, out of the hub's cache if they are there.

    In the user's folder the file has the repository's name.

    Raises:
        BadSettings: The folder is set and is none.
        BadWeights: They are not there and cannot be downloaded, or are not what the hub says.
    """
    name, _, revision = repository.partition("@")

    def fetch() -> Path:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(name, HUB_FILE, revision=revision or None)).resolve()

    path = found(f"{name.rsplit('/', 1)[-1]}.safetensors", f"the hub's {repository}", fetch)
    told = path.name  # the hub's cache calls a large file by its SHA-256
    if re.fullmatch(r"[0-9a-f]{64}", told):
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != told:
            raise BadWeights(
                f"{path} has SHA-256 {digest}, but the hub says {told}. Delete it, and fetch it "
                "again."
            )
    return path


def rename(build: Callable[[], nn.Module], state: StateDict) -> StateDict:
    """From the classifier's keys to those of what `build` returns, which timm may have flattened.

    "stages.0.conv.weight" may be "stages_0.conv.weight" there.
    """
    import torch

    with torch.device("meta"):
        wanted = {_flat(key): key for key in build().state_dict()}
    return {wanted[_flat(key)]: value for key, value in state.items() if _flat(key) in wanted}


def _flat(key: str) -> str:
    return re.sub(r"^(net\.)?(model\.)?", "", key).replace(".", "_")
