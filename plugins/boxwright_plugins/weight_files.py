"""Weight files: from a folder of the user's, else from where their publisher keeps them."""

import os
from collections.abc import Callable
from pathlib import Path

from boxwright_contract.errors import BadSettings, BadWeights

SETTING = "BOXWRIGHT_WEIGHTS"
"""The environment variable that names the folder."""


def in_folder(file: str) -> Path | None:
    """Return the file of that name in the user's folder, if there is one.

    Raises:
        BadSettings: The folder is set and is none.
    """
    folder = os.environ.get(SETTING, "")
    if folder and not Path(folder).is_dir():
        raise BadSettings(f"{SETTING} is '{folder}', which is no folder. Set it to one, or not.")
    path = Path(folder) / file
    return path if folder and path.is_file() else None


def from_folder(file: str) -> Path:
    """Return the file of that name in the user's folder, for a file that is published nowhere.

    Raises:
        BadSettings: The folder is set and is none.
        BadWeights: It has no such file.
    """
    path = in_folder(file)
    if path is None:
        raise BadWeights(
            f"{file} is {_absent()}, and no address has it. Put it into a folder, and set "
            f"{SETTING} to that, or choose other weights."
        )
    return path


def found(file: str, publisher: str, fetch: Callable[[], Path]) -> Path:
    """Return the file of that name in the user's folder, else what `fetch` returns.

    Args:
        file: Its name in the folder.
        publisher: Where it comes from: an address.
        fetch: Looks into a cache and downloads. Raises OSError where it cannot.

    Raises:
        BadSettings: The folder is set and is none.
        BadWeights: The file is in neither, and cannot be downloaded.
    """
    path = in_folder(file)
    if path is not None:
        return path
    try:
        return fetch()
    except OSError as error:
        raise BadWeights(
            f"{file} is {_absent()}, and cannot be downloaded from {publisher}: {error}. Download "
            f"it where there is a network, put it into a folder as {file}, and set {SETTING} to "
            "that folder."
        ) from error


def _absent() -> str:
    folder = os.environ.get(SETTING, "")
    return f"not in {folder}" if folder else f"in no folder, for {SETTING} is not set"


def from_address(address: str) -> Path:
    """Return the file at an address, out of torch's cache if it is there.

    Raises:
        BadSettings: The folder is set and is none.
        BadWeights: It is not there, and cannot be downloaded.
    """
    file = address.rsplit("/", 1)[-1]

    def fetch() -> Path:
        import torch

        path = Path(torch.hub.get_dir()) / "checkpoints" / file
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(address, str(path), progress=False)
        return path

    return found(file, address, fetch)
