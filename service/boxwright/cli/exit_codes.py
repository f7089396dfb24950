"""Error -> exit code: the one place where a command's errors end."""

from boxwright_contract.errors import (
    BadInput,
    BadSettings,
    BoxwrightError,
    DeadlinePassed,
    NotAllowed,
    Overloaded,
    ServerFailed,
    Unidentified,
    UnknownName,
    Unreachable,
)

SOME_INPUT_FAILED = 1
USAGE = 2
NO_ANSWER = 3
UNUSABLE = 4
INTERRUPTED = 130

MEANINGS = {
    0: "all went well",
    SOME_INPUT_FAILED: "some input failed; the rest was done",
    USAGE: "an option, a setting, a name or a token is wrong; nothing was done",
    NO_ANSWER: "no server answers, or it has no room, or it failed",
    UNUSABLE: "a model, a plugin, a dataset or the installation cannot be used",
    INTERRUPTED: "interrupted by Ctrl-C",
}

CODES: dict[type[BoxwrightError], int] = {
    BadInput: SOME_INPUT_FAILED,
    BadSettings: USAGE,
    Unidentified: USAGE,
    NotAllowed: USAGE,
    UnknownName: USAGE,
    DeadlinePassed: NO_ANSWER,
    Overloaded: NO_ANSWER,
    ServerFailed: NO_ANSWER,
    Unreachable: NO_ANSWER,
    BoxwrightError: UNUSABLE,
}


def code_of(error: BoxwrightError) -> int:
    """Return the exit code of the nearest class in the table.

    Example:
        >>> code_of(BadSettings("--port is 'x', which is not a number. Change it."))
        2
    """
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
