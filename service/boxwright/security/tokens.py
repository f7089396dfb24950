"""The file of tokens: who may call, and what."""

import hashlib
import hmac
import re
import secrets
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright_contract.errors import BadSettings

PERMISSIONS = ("detect", "catalog", "geometry", "inference", "admin")
"""What a token may: one of them for each service."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HASH = re.compile(r"[0-9a-f]{64}")
KEYS = {"name", "sha256", "may"}
SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Token:
    """Who may call, and what. The token itself is nowhere but with its owner."""

    name: str
    """Of its owner."""
    sha256: str
    """Of the token, in hexadecimal. A random token of 256 bits needs no slower hash."""
    may: tuple[str, ...]
    """Of `PERMISSIONS`."""

    def toml(self) -> str:
        """Return its entry in the file.

        Example:
            >>> print(Token(name="lab", sha256="0f", may=("detect",)).toml())
            [[token]]
            name = "lab"
            sha256 = "0f"
            may = ["detect"]
        """
        may = ", ".join(f'"{each}"' for each in self.may)
        return f'[[token]]\nname = "{self.name}"\nsha256 = "{self.sha256}"\nmay = [{may}]'


def new_token(name: str, may: Sequence[str]) -> tuple[str, Token]:
    """Return a new token, to be told once, and its entry.

    Raises:
        BadSettings: The name is not one, or there is no such permission.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return secret, _token(
        {"name": name, "sha256": hashed(secret), "may": list(may)}, "the new token"
    )


def hashed(secret: str) -> str:
    """Return the hash under which a token stands in the file."""
    return hashlib.sha256(secret.encode()).hexdigest()


def owner_of(secret: str, tokens: Iterable[Token]) -> Token | None:
    """Return the entry of a token, None where it is unknown, after equal time for any."""
    own = hashed(secret)
    found = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, own):
            found = token
    return found


def read_tokens(file: Path) -> tuple[Token, ...]:
    """Return the tokens of a file.

    Raises:
        BadSettings: It cannot be read, or is not a file of tokens; the message tells the entry.
    """
    try:
        content = tomllib.loads(file.read_text())
    except OSError as error:
        raise BadSettings(
            f"{file} cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error
    except ValueError as error:
        raise BadSettings(f"{file} is not TOML: {error}. Mend it.") from error
    entries = content.pop("token", [])
    if content or not isinstance(entries, list):
        raise BadSettings(
            f"{file} has {', '.join(content) or 'token'} where [[token]] tables are expected. "
            "Write each token as `boxwright token new` does."
        )
    tokens = tuple(_token(entry, f"token {at} of {file}") for at, entry in enumerate(entries, 1))
    for what in ("name", "sha256"):
        values = [getattr(token, what) for token in tokens]
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise BadSettings(f"{file} has the {what} {twice} twice. Take one of them out.")
    return tokens


def _token(entry: Any, where: str) -> Token:  # noqa: ANN401  Whatever TOML holds.
    """Return an entry as a token. Raises BadSettings."""
    if not isinstance(entry, dict) or set(entry) != KEYS:
        raise BadSettings(f"{where} needs exactly {', '.join(sorted(KEYS))}. Write these three.")
    name, sha256, may = entry["name"], entry["sha256"], entry["may"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadSettings(
            f"{where} has the name {name!r}. Use up to 64 letters, digits, dots, - and _."
        )
    if not isinstance(sha256, str) or not HASH.fullmatch(sha256):
        raise BadSettings(
            f"{where}, '{name}', has a sha256 that is not 64 lower hexadecimal digits. Make a "
            "token with `boxwright token new`."
        )
    if not isinstance(may, list) or not may or not all(each in PERMISSIONS for each in may):
        raise BadSettings(
            f"{where}, '{name}', has may = {may!r}. Choose one or more of {', '.join(PERMISSIONS)}."
        )
    return Token(name=name, sha256=sha256, may=tuple(may))
