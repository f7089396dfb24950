"""What a model may be called: its name is a folder's, on every operating system."""

import re

from boxwright_contract.errors import BadSettings

NAME = re.compile(r"\w([\w.-]*[\w-])?")


def check_model_name(name: str) -> None:
    """Refuse a name that cannot be a folder's everywhere, as "timm:resnet18".

    Raises:
        BadSettings: It has other characters than letters, digits and _ . -, or begins or ends with
            one that it may not.
    """
    if not NAME.fullmatch(name):
        near = as_model_name(name)
        hint = f" Try '{near}'." if near else ""
        raise BadSettings(
            f"'{name}' cannot name a model, since it names a folder too. Use letters, digits and "
            f"_ . - only, with a letter or digit first and no dot last.{hint}"
        )


def as_model_name(text: str) -> str:
    """Return the name that is nearest to `text`; empty if nothing of it can be kept.

    Example:
        >>> as_model_name("timm:resnet18")
        'timm-resnet18'
    """
    return re.sub(r"[^\w.-]+", "-", text).strip(".-")
