"""Which model a request means."""

from typing import Protocol

from boxwright.device.model import Model
from boxwright_contract.errors import BadInput, UnknownName


class Finds(Protocol):
    """What finds models: what is served now, or a request's visit to it."""

    def find(self, name: str, version: str) -> Model:
        """Return a model."""


def find(models: Finds, name: str, version: str) -> Model:
    """Return a model.

    Raises:
        BadInput: The version is no number, and no alias either; or no model is named, and there
            are several.
        UnknownName: No such model or version is served.
    """
    try:
        return models.find(name, version)
    except UnknownName as error:
        if not version or version.isdecimal():
            raise
        models.find(name, "")  # where the model itself is not known, that is what is wrong
        raise BadInput(str(error)) from error
