"""Lists for people, and the same as JSON."""

import json
from collections.abc import Iterable, Sequence

import typer


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print `rows` under the heads `columns`, as wide as they need to be."""
    lines = [columns, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def print_problems(problems: Iterable[tuple[str, str]]) -> None:
    """Print (who, why and the cure) for what cannot be used, if there is anything."""
    for who, why in problems:
        typer.echo(f"\ncannot be used: {who}\n  {why}")


def print_json(value: object) -> None:
    """Print `value` as JSON, indented."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
