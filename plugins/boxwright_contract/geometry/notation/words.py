"""The words of the notation, and where in the text they stand."""

import re
from dataclasses import dataclass

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.limits import MOST_LAYERS

MOST_CHARACTERS = 64 * MOST_LAYERS
LONGEST_QUOTE = 32
"""Characters of a word that an error repeats."""

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[(),|=]|/?[^\s(),|="/]+', re.DOTALL)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Word:
    """A part of the text that means something by itself."""

    text: str
    """Empty: the end of the whole text."""
    place: int
    """Of its first character in the whole text, from 1."""

    def __str__(self) -> str:
        """Return how an error speaks of the word."""
        if not self.text:
            return f"the end (character {self.place})"
        shown = self.text
        if len(shown) > LONGEST_QUOTE:
            shown = shown[:LONGEST_QUOTE] + "..."
        return f"'{shown}' (character {self.place})"


def words_of(text: str) -> list[Word]:
    """Return the words of `text`, the last of them empty.

    Raises:
        BadInput: The text is too long, or holds what no word begins with.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            f"the notation has {len(text):,} characters, and at most {MOST_CHARACTERS:,} are read. "
            "Write repeated layers as (...) x3, or send the stack in parts."
        )
    words = []
    place = _after_space(text, 0)
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            reason = "a quoted name does not end" if text[place] == '"' else "no word begins so"
            raise BadInput(
                f"{Word(text[place:], place + 1)} cannot be read: {reason}. "
                'Write for example "conv 7/2 p3 c64, pool 3/2 p1".'
            )
        words.append(Word(found.group(), place + 1))
        place = _after_space(text, found.end())
    return [*words, Word("", len(text) + 1)]


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
