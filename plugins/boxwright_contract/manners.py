"""How a plugin behaves while it is imported. What is rude is told, and the plugin is used."""

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

SLOW_S = 1.0
"""An import that takes longer is told: servers and commands that load plugins wait for it."""

HEAVY = ("torch", "torchvision", "timm")
"""What only training needs; a server does not have it."""


@contextmanager
def watched(tell: list[str]) -> Iterator[None]:
    """Import a plugin inside; what it does to others is added to `tell`, each with its cure.

    What it prints goes nowhere, since standard output belongs to the command that runs.
    """
    printed, before, began = io.StringIO(), set(sys.modules), time.perf_counter()
    with redirect_stdout(printed):
        yield
    took_s = time.perf_counter() - began
    heavy = [name for name in HEAVY if name in sys.modules and name not in before]
    if heavy:
        tell.append(
            f"it imports {heavy[0]}, which servers do not have, so that it cannot be listed there. "
            "Import it inside the functions that need it."
        )
    elif took_s > SLOW_S:
        tell.append(
            f"importing it took {took_s:.1f} s, and all who load plugins wait for that. "
            "Do the work inside the functions that need it."
        )
    text = printed.getvalue().strip()
    if text:
        tell.append(
            f"it printed {text[:60]!r} while it was imported, which was thrown away. Use logging."
        )
