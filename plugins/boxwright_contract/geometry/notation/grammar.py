"""From words to nodes: what is repeated, branched and named, before any layer is made.

stack   = item {"," item}
item    = [name "="] layer
layer   = word {option} | ("add" | "concat") "(" branch {"|" branch} ")" ["x" times]
        | "(" stack ")" ["x" times]
branch  = [stack]
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from boxwright_contract.errors import BadInput
from boxwright_contract.geometry.limits import DEEPEST, MOST_LAYERS
from boxwright_contract.geometry.notation.words import Word, words_of

JOINS = ("add", "concat")
_TIMES = re.compile(r"x[0-9]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MARKS = ("", "(", ")", ",", "|", "=")


@dataclass(frozen=True)
class LayerNode:
    """A word and its options."""

    kind: Word
    options: tuple[Word, ...]
    name: str
    times: int


@dataclass(frozen=True)
class BranchesNode:
    """Stacks on the same input."""

    kind: Word
    branches: tuple[tuple["Node", ...], ...]
    name: str
    times: int


@dataclass(frozen=True)
class GroupNode:
    """Layers that are repeated together."""

    nodes: tuple["Node", ...]
    times: int


Node: TypeAlias = LayerNode | BranchesNode | GroupNode


def nodes_of(text: str) -> tuple[Node, ...]:
    """Return what `text` says.

    Raises:
        BadInput: It breaks the grammar; the message quotes the word and its place.
    """
    reader = _Reader(words_of(text))
    nodes = reader.stack(depth=0)
    if reader.word.text:
        cure = "Take it away." if reader.word.text in _MARKS else "Put a comma before it."
        raise BadInput(f"{reader.word} stands where ',' or the end should. {cure}")
    return nodes


@dataclass
class _Reader:
    """Words, and how far they have been read."""

    words: list[Word]
    at: int = 0

    @property
    def word(self) -> Word:
        return self.words[self.at]

    def take(self) -> Word:
        word = self.word
        self.at += 1
        return word

    def skip(self, mark: str) -> bool:
        """Go past `mark` if it comes next, and tell whether it did."""
        if self.word.text != mark:
            return False
        self.at += 1
        return True

    def stack(self, depth: int) -> tuple[Node, ...]:
        nodes = [self.item(depth)]
        while self.skip(","):
            nodes.append(self.item(depth))
        return tuple(nodes)

    def item(self, depth: int) -> Node:
        if self.word.text == "(":
            return self.group(depth)
        name = ""
        if self.word.text not in _MARKS and self.words[self.at + 1].text == "=":
            name = _name(self.take())
            self.take()
        if self.word.text in _MARKS:
            raise BadInput(f"{self.word} stands where a layer should. Write one, such as 'conv 3'.")
        kind = self.take()
        if kind.text in JOINS:
            branches = self.branches(kind, depth + 1)
            return BranchesNode(kind, branches, name, self.times())
        options = []
        while self.word.text not in _MARKS and not _TIMES.fullmatch(self.word.text):
            options.append(self.take())
        if self.word.text == "=":
            raise BadInput(
                f"{self.word} stands after several words, and a name is one. "
                'Quote it: "my name"=conv 3.'
            )
        return LayerNode(kind, tuple(options), name, self.times())

    def group(self, depth: int) -> GroupNode:
        _check_depth(self.word, depth + 1)
        opening = self.take()
        nodes = self.stack(depth + 1)
        self.close(opening)
        return GroupNode(nodes, self.times())

    def branches(self, kind: Word, depth: int) -> tuple[tuple[Node, ...], ...]:
        _check_depth(self.word, depth)
        opening = self.take()
        if opening.text != "(":
            raise BadInput(f"{kind} lacks its branches. Write {kind.text}(conv 3 same | ).")
        found = [self.branch(depth)]
        while self.skip("|"):
            found.append(self.branch(depth))
        self.close(opening)
        return tuple(found)

    def branch(self, depth: int) -> tuple[Node, ...]:
        return () if self.word.text in ("|", ")") else self.stack(depth)

    def close(self, opening: Word) -> None:
        if not self.skip(")"):
            raise BadInput(f"{self.word} stands where ')' should, to close {opening}. Add it.")

    def times(self) -> int:
        if not _TIMES.fullmatch(self.word.text):
            return 1
        word = self.take()
        digits = word.text[1:].lstrip("0")
        if not digits or len(digits) > len(str(MOST_LAYERS)) or int(digits) > MOST_LAYERS:
            raise BadInput(f"{word} repeats too little or too much. Write x1 to x{MOST_LAYERS}.")
        return int(digits)


def _check_depth(word: Word, depth: int) -> None:
    if depth > DEEPEST:
        raise BadInput(f"{word} opens more than {DEEPEST} brackets inside each other. Nest less.")


def _name(word: Word) -> str:
    if not word.text.startswith('"'):
        return word.text
    return _ESCAPED.sub(r"\1", word.text[1:-1])
