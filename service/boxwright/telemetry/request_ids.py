"""The id of a call: the caller's or a new one, in every log line and beside every answer."""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar

KEY = "x-request-id"
"""Of the metadata, of the request as of the answer."""

LONGEST = 64
"""Characters."""

UNFIT = re.compile(r"[^A-Za-z0-9._~:/+=@-]")
"""What could make one log line look like two, or like another's."""

CURRENT: ContextVar[str] = ContextVar("boxwright_request_id", default="")
"""Of the call that is in work here; empty outside of calls."""


def id_of(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Return the id that a call's metadata bring, made fit for a log, or a new one.

    Example:
        >>> id_of([("x-request-id", "order 66\\nERROR all is lost")])
        'order66ERRORallislost'
    """
    given = next((value for key, value in metadata if key == KEY), "")
    kept = UNFIT.sub("", given)[:LONGEST] if isinstance(given, str) else ""
    return kept or os.urandom(8).hex()
