"""The options of a layer: from words to the arguments that make it."""

import re
from typing import Any

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.limits import LARGEST
from boxwright_contract.geometry.notation.grammar import LayerNode
from boxwright_contract.geometry.notation.kinds import COUNTS, Kind
from boxwright_contract.geometry.notation.words import Word

MOST_AXES = 3
_NUMBER = re.compile(r"(?P<letters>[a-z]*|/)(?P<sides>[0-9]+(x[0-9]+)*)")


def arguments_of(node: LayerNode, kind: Kind) -> dict[str, Any]:
    """Return the arguments that the options of `node` are, by name.

    Raises:
        BadInput: An option is unknown, double, missing, or no number that can be used.
    """
    name = node.kind.text
    given: dict[str, Any] = {}
    for word in node.options:
        argument, value = _argument_of(word, name, kind)
        if argument in given:
            raise BadInput(f"{word} gives {name} its {argument} twice. Take one away.")
        given[argument] = value
    if any(kind.numbers[key] not in given for key in kind.required):
        raise BadInput(f"{node.kind} is not complete. Write: {kind.usage}.")
    return given


def _argument_of(word: Word, name: str, kind: Kind) -> tuple[str, object]:
    if word.text in kind.flags:
        return kind.flags[word.text]
    found = _NUMBER.fullmatch(word.text)
    if found is None or found["letters"] not in kind.numbers:
        raise BadInput(f"{word} is no option of {name}. Write: {kind.usage}.")
    argument = kind.numbers[found["letters"]]
    numbers = tuple(_number(digits, word) for digits in found["sides"].split("x"))
    if len(numbers) == 1:
        return argument, numbers[0]
    if argument in COUNTS:
        raise BadInput(f"{word} has {len(numbers)} numbers, but {name} takes one there. Write one.")
    if len(numbers) > MOST_AXES:
        raise BadInput(f"{word} has {len(numbers)} numbers, for at most {MOST_AXES} axes.")
    return argument, numbers


def _number(digits: str, word: Word) -> int:
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(LARGEST)) or int(significant) > LARGEST:
        raise BadInput(f"{word} is over {LARGEST}. Use a smaller number.")
    return int(significant)
