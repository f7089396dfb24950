"""Lists for people, and the same as JSON."""

import json
from collections.abc import Iterable, Sequence

import typer

WIDTH = 100
"""Characters of a line that a window is taken to have."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print `rows` under the heads `columns`, as wide as they need to be."""
    for line in _lines([columns, *rows]):
        typer.echo(line)


def print_parted(
    columns: Sequence[str], rows: Iterable[Sequence[str]], keys: int, part: int
) -> None:
    """Print a table; or two under each other, if it is wider than `WIDTH`.

    Args:
        columns: The heads.
        rows: The lines under them.
        keys: How many columns, from the first, both tables have.
        part: The first column that goes to the second table.
    """
    lines = [columns, *rows]
    if max(map(len, _lines(lines))) <= WIDTH:
        tables = [lines]
    else:
        tables = [[line[:part] for line in lines]]
        tables.append([(*line[:keys], *line[part:]) for line in lines])
    typer.echo("\n\n".join("\n".join(_lines(table)) for table in tables))


def table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line of a table."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _lines(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [table_line(line, widths) for line in table]


def print_problems(problems: Iterable[tuple[str, str]]) -> None:
    """Print (who, why and the cure) for what cannot be used, if there is anything."""
    for who, why in problems:
        typer.echo(f"\ncannot be used: {who}\n  {why}")


def print_json(value: object) -> None:
    """Print `value` as JSON, indented."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
