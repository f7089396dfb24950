"""The door to the workshop, which needs torch and is not always installed."""

import importlib
from types import ModuleType

from boxwright_contract.errors import MissingInstall


def workshop(module: str) -> ModuleType:
    """Return `boxwright_workshop.<module>`.

    Raises:
        MissingInstall: It needs something that is not installed.
    """
    try:
        return importlib.import_module(f"boxwright_workshop.{module}")
    except ModuleNotFoundError as error:
        raise MissingInstall(
            f"this command needs '{error.name}', which is not installed. "
            "Install it: pip install 'boxwright[workshop]'."
        ) from error
