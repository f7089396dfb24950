"""The door to the workshop, which needs torch and is not always installed."""

import importlib
from importlib.util import find_spec
from types import ModuleType

from boxwright_contract.errors import MissingInstall


def workshop(module: str) -> ModuleType:
    """Return `boxwright_workshop.<module>`; some of them do without torch until it is needed.

    Raises:
        MissingInstall: torch, or something else that it needs, is not installed.
    """
    if find_spec("torch") is None:
        raise _missing("torch")
    try:
        return importlib.import_module(f"boxwright_workshop.{module}")
    except ModuleNotFoundError as error:
        raise _missing(str(error.name)) from error


def _missing(package: str) -> MissingInstall:
    return MissingInstall(
        f"this command needs '{package}', which is not installed. "
        "Install it: pip install 'boxwright[workshop]'."
    )
