"""A recipe as TOML that explains itself: each field with its meaning, type and default.

All of it is read from the dataclasses and their source, those of a stranger's detector too. No
torch is imported.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any, get_type_hints

from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.errors import BadPlugin
from boxwright_contract.parts import Detector
from boxwright_contract.proposal_rule import ProposalRule
from boxwright_workshop.field_docs import field_docs
from boxwright_workshop.recipe import Recipe, converted
from boxwright_workshop.toml_text import toml
from boxwright_workshop.type_words import words

WIDTH = 100

HEAD = """\
# Every field of a recipe: its meaning, its type, its default, and the value that it has here.
# A line that holds the default may go. `boxwright plugins` lists detectors, backbones and necks.
# boxwright train --recipe mine.toml --data train.json --val val.json --out runs/mine
"""


def explained(recipe: Recipe) -> str:
    """Return `recipe` with all that it leaves open, as TOML with comments, which loads.

    Raises:
        UnknownName: There is no such detector.
        BadSettings: An option is unknown to the detector, or has the wrong type.
        BadPlugin: The detector's options are no dataclass with defaults.
    """
    catalog = Catalog.installed()
    catalog.detector(recipe.detector)  # tells the nearest name
    offer = catalog.detectors[recipe.detector]
    tables = {"options": (_note(offer), _options(offer, recipe))}
    if offer.part.needs_proposals and recipe.proposals is None:
        recipe = replace(recipe, proposals=ProposalRule())
    return "\n".join([HEAD, *_lines(recipe, "", tables)])


def _options(offer: Offer[Detector], recipe: Recipe) -> object:
    kind, name = offer.part.options, offer.part.name
    if not is_dataclass(kind):
        raise BadPlugin(
            f"the options of {name} are {kind.__name__}, no dataclass. "
            f"Mend {offer.distribution}: boxwright plugins check {name}."
        )
    return converted(recipe.options, kind, f"the options of {name}")


def _note(offer: Offer[Detector]) -> str:
    told = _first_paragraph(offer.part.options)
    return f"Of {offer.part.name}, from {offer.distribution} {offer.version}. {told}".strip()


def _lines(value: Any, path: str, tables: dict[str, tuple[str, object]]) -> Iterator[str]:  # noqa: ANN401 - any dataclass
    """Yield the lines of a dataclass: first what is no table, then the tables in it.

    Args:
        value: An instance.
        path: Of its table; empty for the whole recipe.
        tables: Fields to be written as another dataclass, with what to say of it.
    """
    kind = type(value)
    hints, docs = get_type_hints(kind, include_extras=True), field_docs(kind)
    inner = dict(tables)
    for each in fields(value):
        held = getattr(value, each.name)
        if each.name in inner:
            continue
        if is_dataclass(held):
            inner[each.name] = (_first_paragraph(type(held)), held)
            continue
        yield from _comment(docs.get(each.name, ""))
        yield from _comment(f"{words(hints[each.name])}; {_default(each)}")
        yield f"{_assigned(each.name, held)}\n"
    for name, (note, held) in inner.items():
        below = f"{path}.{name}" if path else name
        yield f"\n[{below}]"
        yield from _comment(note)
        yield ""
        yield from _lines(held, below, {})


def _assigned(name: str, value: object) -> str:
    try:
        return f"{name} = {toml(value)}"
    except ValueError:
        return f"# {name} = ..."


def _default(field: "Field[Any]") -> str:
    if field.default_factory is not MISSING:
        value = field.default_factory()
    elif field.default is not MISSING:
        value = field.default
    else:
        return "needed in this table"
    try:
        return f"default {toml(value)}"
    except ValueError:
        return "left out by default" if value is None else f"default {value!r}"


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for part in textwrap.wrap(line, WIDTH - 2) or [""]:
            yield f"# {part}".rstrip()


def _first_paragraph(kind: type) -> str:
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())
