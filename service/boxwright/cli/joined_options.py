"""Commands that have the options of another function too, so that no option is written twice."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

Options: TypeAlias = Mapping[str, Any]
Command: TypeAlias = Callable[..., Any]


def joined(command: Command, donor: Command, run: Callable[[Options, Options], Any]) -> Command:
    """Return `command` with the options of `donor` behind its own, as Typer reads them.

    Args:
        command: Whose name, help and options it has; options of `donor` take the place of a `**`.
        donor: Whose options it has too.
        run: Does the work, given the values of either's options.
    """
    own, its = inspect.signature(command), inspect.signature(donor)

    @functools.wraps(command)
    def both(**options: object) -> object:
        given = {name: options.pop(name) for name in its.parameters}
        return run(options, given)

    mine = [each for each in own.parameters.values() if each.kind is not each.VAR_KEYWORD]
    parameters = [*mine, *its.parameters.values()]
    read = cast("Any", both)  # a function has no such attribute, but signatures are read from it
    read.__signature__ = own.replace(parameters=parameters)
    read.__annotations__ = {each.name: each.annotation for each in parameters}
    return both
