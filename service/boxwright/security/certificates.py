"""The server's certificate, its key and the authority of its clients, as files that may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from boxwright.security.expiry import first_expiry
from boxwright.security.pem import check_authorities, check_pair, contents
from boxwright.security.watched import Watched
from boxwright.settings import Settings, option, variable
from boxwright_contract.errors import BadSettings


@dataclass(frozen=True)
class Held:
    """What the files of a server's TLS hold at a time."""

    configuration: grpc.ServerCertificateConfiguration
    expiries: Mapping[str, float]
    """When the first certificate of `server` and of `client_ca` expires, in seconds since 1970."""


@dataclass(frozen=True)
class Certificates:
    """The files of a server's TLS."""

    certificate: Path
    key: Path
    client_ca: Path | None
    """None: clients need no certificate."""

    @classmethod
    def told(cls, settings: Settings) -> "Certificates | None":
        """Return the files that the settings name, None for a server in plain text.

        Raises:
            BadSettings: One of them is named without the other that it needs.
        """
        certificate, key = settings.tls_certificate, settings.tls_key
        if certificate is None and key is None and settings.tls_client_ca is None:
            return None
        if certificate is None:
            raise _alone("tls_key" if key else "tls_client_ca", "tls_certificate")
        if key is None:
            raise _alone("tls_certificate", "tls_key")
        return cls(certificate, key, settings.tls_client_ca)

    def watched(self) -> Watched[Held]:
        """Return what the files hold, now and later.

        Raises:
            BadSettings: A file cannot be read, holds no PEM, or the key is of another certificate.
        """
        files = [file for file in (self.certificate, self.key, self.client_ca) if file]
        return Watched("TLS certificate", files, self._read)

    def _read(self) -> Held:
        before = self._contents()
        check_pair(self.certificate, self.key)
        if self.client_ca is not None:
            check_authorities(self.client_ca)
        chain, key, authority = self._contents()
        if (chain, key, authority) != before:
            raise BadSettings(
                f"{self.certificate} or its key changed while they were read. Swap both at once, "
                "or write them again."
            )
        expiries = {"server": first_expiry(chain)}
        if authority is not None:
            expiries["client_ca"] = first_expiry(authority)
        configuration = grpc.ssl_server_certificate_configuration([(key, chain)], authority)
        return Held(configuration, expiries)

    def _contents(self) -> tuple[bytes, bytes, bytes | None]:
        authority = None if self.client_ca is None else contents(self.client_ca)
        return contents(self.certificate), contents(self.key), authority


def credentials_of(watched: Watched[Held]) -> grpc.ServerCredentials:
    """Return credentials that give each new connection what the files hold then."""
    last = watched.now()

    def news() -> grpc.ServerCertificateConfiguration | None:
        nonlocal last
        before, last = last, watched.now()
        return None if last is before else last.configuration

    return grpc.dynamic_ssl_server_credentials(
        last.configuration,
        news,  # type: ignore[arg-type]  # None, which means no news, is not in its stub
        require_client_authentication="client_ca" in last.expiries,
    )


def _alone(given: str, missing: str) -> BadSettings:
    return BadSettings(
        f"{variable(given)} ({option(given)}) is set, and {variable(missing)} ({option(missing)}) "
        "is not: TLS needs both. Set it too, or neither for plain text."
    )
