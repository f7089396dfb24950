"""What a stranger's code raised, in words: the error, its line of their code, and the cure."""

import importlib
import traceback
from pathlib import Path

from boxwright_contract.manners import HEAVY

OURS = (str(Path(__file__).parent), "<frozen importlib", str(Path(importlib.__file__).parent))
"""Where the files are through which we call a stranger's code."""


def describe(error: BaseException, module: str = "") -> str:
    """Return an error's type and message, and the line that it came from.

    Args:
        error: What was raised.
        module: The plugin's. The last line of its package is told; without one, a library's.
    """
    line = _line(error, module)
    message = error.msg if isinstance(error, SyntaxError) and line else str(error)
    where = f" ({line[0]}, line {line[1]})" if line else ""
    return f"{type(error).__name__}: {message}{where}"


def cure(error: BaseException, module: str, distribution: str) -> str:
    """Return what mends a plugin whose code raised `error`.

    Args:
        error: What was raised when the plugin was imported or asked.
        module: The plugin's, as its entry point names it.
        distribution: As pip names it.
    """
    if _line(error, module) is None:
        return (
            f"See that the entry point of {distribution} names what is there, install "
            f"{distribution} again, or uninstall it."
        )
    if not isinstance(error, ImportError):
        return f"Mend that line, or uninstall {distribution}."
    lacking = error.name or "what it lacks"
    top = lacking.partition(".")[0]
    if top in HEAVY:
        return (
            f"A server has no {top}: import it inside the functions that need it, or uninstall "
            f"{distribution}."
        )
    if top in ("boxwright_contract", module.partition(".")[0]):
        return f"Mend that import, install another {distribution}, or uninstall it."
    if isinstance(error, ModuleNotFoundError):
        return (
            f"Install what provides {lacking}, or import it inside the functions that need it, or "
            f"uninstall {distribution}."
        )
    return f"Install another version of {lacking}, mend that import, or uninstall {distribution}."


def _line(error: BaseException, module: str) -> tuple[str, int] | None:
    """Return file and line, None if no code but ours was running."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno
    theirs, others = [], []
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file.startswith(OURS):
            continue
        others.append((file, line))
        if module and frame.f_globals.get("__name__", "").split(".")[0] == module.split(".")[0]:
            theirs.append((file, line))
    return next(reversed(theirs or others), None)
