"""Which line of a plugin an error came from."""

import sys
import traceback
from pathlib import Path

LONGEST = 400
"""Characters of a message; torch's exporter writes pages."""


def blamed(error: Exception, module: str) -> str:
    """Return an error's type and message, and the plugin's last line on the way to it.

    Args:
        error: What was raised.
        module: The plugin's module; its package counts as the plugin.
    """
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if _belongs(frame.filename, module)] or frames
    where = f" ({theirs[-1].filename}, line {theirs[-1].lineno})" if theirs else ""
    message = " ".join(str(error).split())
    if len(message) > LONGEST:
        message = f"{message[:LONGEST]} ..."
    return f"{type(error).__name__}: {message}{where}"


def _belongs(file: str, module: str) -> bool:
    top = getattr(sys.modules.get(module.split(".")[0]), "__file__", None)
    if top is None:
        return False
    if Path(top).name == "__init__.py":
        return Path(top).parent in Path(file).parents
    return file == top
