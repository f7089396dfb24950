"""What the fields of a dataclass mean: the texts that stand under them in its source."""

import ast
import inspect
import textwrap
from itertools import pairwise


def field_docs(kind: type) -> dict[str, str]:
    """Return the docstring of each field that has one, inherited ones included, by name."""
    docs: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        docs |= _own(each)
    return docs


def _own(kind: type) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):  # built in, or made without a file
        return {}
    [defined] = ast.parse(source).body
    docs = {}
    for statement, text in pairwise(getattr(defined, "body", ())):
        match statement, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                docs[name] = inspect.cleandoc(doc)
    return docs
