"""What a client shows to servers, and by what it knows them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from boxwright.security.pem import check_authorities, check_pair, contents
from boxwright_contract.errors import BadSettings

METADATA_KEY = "authorization"
SCHEME = "Bearer "

YES = {"1", "on", "true", "yes"}
NO = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a client shows to servers, and by what it knows them. Raises BadSettings."""

    tls: bool = False
    """Speak TLS. Any of the files below means so too."""
    ca: Path | None = None
    """PEM file of the authorities that may have signed the server's certificate. None: those that
    the world knows."""
    certificate: Path | None = None
    """PEM file with our own certificate chain, for servers that ask for one."""
    key: Path | None = None
    """PEM file with its key."""
    server_name: str = ""
    """The name in the server's certificate, where the address has another."""
    token: str = field(default="", repr=False)
    """Sent with every call, as `authorization: Bearer`."""

    def __post_init__(self) -> None:
        """Check that what belongs together is there, and that the token can travel."""
        if (self.certificate is None) != (self.key is None):
            given, missing = ("certificate", "key") if self.certificate else ("key", "certificate")
            raise BadSettings(f"the client has a {given} and no {missing}. Give both, or neither.")
        if not (self.token.isascii() and self.token.isprintable()) or " " in self.token:
            raise BadSettings(
                f"the token of {len(self.token)} characters has some that are not visible ASCII. "
                "Give just what `boxwright token new` printed."
            )

    @classmethod
    def read(
        cls, environ: Mapping[str, str] = os.environ, **given: str | Path | bool
    ) -> "Credentials":
        """Return the credentials of the environment, and over them those that are given.

        The variables are BOXWRIGHT_TLS, _CA, _CERTIFICATE, _KEY, _SERVER_NAME and _TOKEN.

        Raises:
            BadSettings: One of them cannot work.
        """
        tls = environ.get("BOXWRIGHT_TLS", "").lower()
        if tls not in YES | NO:
            raise BadSettings(f"BOXWRIGHT_TLS is '{tls}', which is not on or off. Change it.")
        told: dict[str, Any] = {
            "tls": tls in YES,
            "ca": _path(environ, "BOXWRIGHT_CA"),
            "certificate": _path(environ, "BOXWRIGHT_CERTIFICATE"),
            "key": _path(environ, "BOXWRIGHT_KEY"),
            "server_name": environ.get("BOXWRIGHT_SERVER_NAME", ""),
            "token": environ.get("BOXWRIGHT_TOKEN", "").strip(),
        }
        return cls(**(told | given))

    @property
    def secure(self) -> bool:
        """Whether to speak TLS."""
        return self.tls or self.ca is not None or self.certificate is not None

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return what a channel of TLS needs. Raises BadSettings where a file cannot be used."""
        if self.ca is not None:
            check_authorities(self.ca)
        if self.certificate is not None and self.key is not None:
            check_pair(self.certificate, self.key)
        return grpc.ssl_channel_credentials(
            _contents(self.ca), _contents(self.key), _contents(self.certificate)
        )


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    return Path(value) if value else None


def _contents(file: Path | None) -> bytes | None:
    return None if file is None else contents(file)
