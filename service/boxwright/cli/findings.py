"""What the doctor found, for people as it comes, or as JSON in the end."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from boxwright.doctor.finding import Finding, Level

COLOURS: "Mapping[Level, str]" = MappingProxyType(
    {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "red"}
)
"""Mildest first."""
INDENT = 11
WIDEST = 120


class Report:
    """Prints findings, and remembers them."""

    def __init__(self, out: TextIO, as_json: bool) -> None:
        self._out = out
        self._as_json = as_json
        self._found: list[Finding] = []

    @property
    def worst(self) -> "Level":
        """The gravest level of all findings."""
        return max((each.level for each in self._found), key=list(COLOURS).index, default="ok")

    def add(self, findings: "Iterable[Finding]") -> None:
        """Take findings, whose concerns are told together."""
        for concern, group in groupby(findings, lambda each: each.concern):
            its = list(group)
            self._found += its
            if not self._as_json:
                self._print(typer.style(concern, bold=True))
                for each in its:
                    self._tell(each)

    def finish(self) -> None:
        """Tell the verdict."""
        serves = self.worst != "problem"
        if self._as_json:
            told = {"serves": serves, "findings": [asdict(each) for each in self._found]}
            self._print(json.dumps(told, indent=2, ensure_ascii=False))
            return
        levels = [each.level for each in self._found]
        counts = ", ".join(
            f"{levels.count(level)} {level}{'s' * (levels.count(level) > 1)}"
            for level in ("problem", "warning", "note")
            if level in levels
        )
        verdict = (
            "`boxwright serve` can serve here" if serves else "it would not serve as it should"
        )
        self._print(f"\n{typer.style(verdict, COLOURS[self.worst])}: {counts or 'all is well'}")

    def _tell(self, finding: "Finding") -> None:
        width = min(shutil.get_terminal_size().columns, WIDEST)
        level = typer.style(f"{finding.level:<{INDENT - 4}}", COLOURS[finding.level])
        what = _wrapped(finding.what, width)
        self._print(f"  {level}  {what.lstrip()}")
        if finding.cure:
            self._print(_wrapped(f"cure: {finding.cure}", width))

    def _print(self, text: str) -> None:
        typer.echo(text, file=self._out)


def _wrapped(text: str, width: int) -> str:
    return "\n".join(
        textwrap.fill(
            line,
            width,
            initial_indent=" " * INDENT,
            subsequent_indent=" " * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )
