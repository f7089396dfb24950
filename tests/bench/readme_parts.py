"""Parts of the README that a measurement wrote, each between two comments that name it."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def markers(name: str) -> tuple[str, str]:
    """Return the comments around the part that is called `name`."""
    return f"<!-- measured: {name} -->", f"<!-- end of measured: {name} -->"


def write(name: str, text: str, file: Path = README) -> bool:
    """Put `text` between the markers of `name`; return whether `file` has them."""
    begin, end = markers(name)
    whole = file.read_text("utf-8")
    part = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    written, found = part.subn(lambda match: f"{match[1]}\n{text.strip()}\n\n{match[2]}", whole)
    if found:
        file.write_text(written, "utf-8")
    return bool(found)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
