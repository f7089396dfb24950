"""The group of all commands, and where their errors end."""

import typer
from typer.core import TyperGroup

from boxwright.cli.exit_codes import INTERRUPTED, USAGE, code_of
from boxwright_contract.errors import BadInput, BoxwrightError


class Commands(TyperGroup):
    """Runs a command; an error becomes a line on stderr and an exit code."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except BoxwrightError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(self.code_of(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error

    def code_of(self, error: BoxwrightError) -> int:
        """Return the exit code of an error."""
        return code_of(error)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the commands in the order in which they are met."""
        return list(self.commands)


class Questions(Commands):
    """Commands that answer one question each: where it cannot be answered, nothing was done."""

    def code_of(self, error: BoxwrightError) -> int:
        """Return the exit code of an error; a bad input is a bad argument."""
        return USAGE if isinstance(error, BadInput) else super().code_of(error)
