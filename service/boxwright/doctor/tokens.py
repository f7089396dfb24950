"""Tokens: whether their file can be used, and what stays open without."""

from collections.abc import Iterator

from boxwright.doctor.finding import Concern, Finding
from boxwright.ports import Address
from boxwright.security.tokens import read_tokens
from boxwright.settings import Settings

TOKENS = Concern("tokens")


def look(settings: Settings) -> Iterator[Finding]:
    """Tell who may call."""
    if settings.tokens is None:
        yield from _without(settings)
        return
    tokens = read_tokens(settings.tokens)
    if not tokens:
        yield TOKENS.warning(
            f"{settings.tokens} holds no token: every call is refused",
            "Add what `boxwright token new NAME` prints.",
        )
    else:
        owners = ", ".join(f"{token.name} ({' '.join(token.may)})" for token in tokens)
        yield TOKENS.ok(f"{len(tokens)} in {settings.tokens}: {owners}")
    if settings.tokens.stat().st_mode & 0o022:
        yield TOKENS.warning(
            f"others than its owner may write {settings.tokens}, and so give themselves a token",
            f"chmod go-w {settings.tokens}",
        )
    if settings.admin and not any("admin" in token.may for token in tokens):
        yield TOKENS.note(
            "BOXWRIGHT_ADMIN (--admin) is on, and no token may use it",
            "Make one with `boxwright token new NAME --may admin`, or turn it off.",
        )


def _without(settings: Settings) -> Iterator[Finding]:
    alone = Address(settings.host, settings.port).is_loopback
    if settings.admin and not alone and settings.tls_client_ca is None:
        yield TOKENS.warning(
            f"none: whoever reaches {settings.host} may load and unload models",
            "Set BOXWRIGHT_TOKENS (--tokens), or turn BOXWRIGHT_ADMIN (--admin) off.",
        )
    else:
        yield TOKENS.ok("none: whoever can connect may call")
