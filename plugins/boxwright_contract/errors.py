"""The error tree. A message says what happened, then the cure.

BoxwrightError
├── BadInput          what was sent cannot be used; send something else
│   ├── BadImage      ... because it is not an image that can be decoded within the limits
│   ├── BadProposals  ... because its region proposals are not boxes in the image
│   └── TooLarge      ... because the whole message is over the server's limit
├── UnknownName       no model, version, class or plugin of that name
├── Unidentified      the caller gave no token, or none that is known
├── NotAllowed        the caller may not do that, or the server does not let anybody
├── CannotChange      the server's files stand against the change of what is served
├── Overloaded        no room for the request now; try again later
├── DeadlinePassed    the caller stopped waiting before the work began, or in the midst of it
├── Unreachable       no server answers at that address
├── ServerFailed      the server failed inside; its log says why
├── BadBundle         a model on disk is incomplete, altered, or not what its card says
├── BadPlugin         an installed plugin cannot be used
├── BadDataset        annotations that cannot be trained on or evaluated against
├── BadWeights        a weights file that is missing, altered, or for another architecture
├── BadSettings       an option or environment variable that cannot work here
├── MissingInstall    an optional part of Boxwright is not installed
└── ParityFailed      torch and ONNX Runtime disagree about an exported graph

Errors are raised anywhere and become a gRPC status in one place, `boxwright.rpc.status`, and an
exit code in one place, `boxwright.cli`. Anything outside this tree is a bug.
"""

import difflib
from collections.abc import Iterable

LONGEST_QUOTE = 64
"""Characters of an unknown name that an error repeats."""


class BoxwrightError(Exception):
    """An error whose message is meant for the person who can mend it."""


class BadInput(BoxwrightError):
    """What was sent cannot be used."""


class BadImage(BadInput):
    """The bytes are not an image that can be decoded within the limits."""


class BadProposals(BadInput):
    """The proposals that came with a request are not boxes in its image, or too many."""


class TooLarge(BadInput):
    """The message is over the server's limit."""


class UnknownName(BoxwrightError):
    """No model, version, class or plugin has that name."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownName":
        """Return the error that names the nearest of `known` and lists them all.

        Example:
            >>> print(UnknownName.among("model", "poeple", ["people"]))
            no model named 'poeple'. Did you mean 'people'? Known: people.
        """
        names = sorted(known)
        if len(name) > LONGEST_QUOTE:
            name = f"{name[:LONGEST_QUOTE]}..."
        nearest = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        return cls(f"no {kind} named '{name}'.{hint} Known: {', '.join(names) or 'none'}.")


class Unidentified(BoxwrightError):
    """The caller gave no token, or none that is known."""


class NotAllowed(BoxwrightError):
    """The caller may not do that, or the server does not let anybody."""


class CannotChange(BoxwrightError):
    """The server's files stand against the change of what is served that was asked for."""


class Overloaded(BoxwrightError):
    """No room for the request now."""

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class DeadlinePassed(BoxwrightError):
    """The caller stopped waiting before the work began, or between two parts of it."""


class Unreachable(BoxwrightError):
    """No server answers at that address."""


class ServerFailed(BoxwrightError):
    """The server failed inside; its log says why."""


class BadBundle(BoxwrightError):
    """A model on disk is incomplete, altered, or not what its card says."""


class BadPlugin(BoxwrightError):
    """An installed plugin cannot be used."""


class BadDataset(BoxwrightError):
    """Annotations that cannot be trained on or evaluated against."""


class BadWeights(BoxwrightError):
    """A weights file that is missing, altered, or for another architecture."""


class BadSettings(BoxwrightError):
    """An option or environment variable that cannot work here."""


class MissingInstall(BoxwrightError):
    """An optional part of Boxwright is not installed."""


class ParityFailed(BoxwrightError):
    """Torch and ONNX Runtime disagree about an exported graph."""
