"""Certificates: whether TLS works with them, for which hosts, and for how long."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boxwright.doctor.finding import Concern, Finding
from boxwright.doctor.handshake import shown
from boxwright.ports import Address
from boxwright.security.certificates import Certificates
from boxwright.security.expiry import first_expiry
from boxwright.security.pem import check_authorities, check_pair, contents
from boxwright.settings import Settings

CERTIFICATES = Concern("certificates")

DAY_S = 86_400
SOON_DAYS = 21
SWAP = "Put a new one in its place: a running server takes it without a restart."


def look(settings: Settings) -> Iterator[Finding]:
    """Tell whether clients would accept what the server shows, and which clients it accepts."""
    files = Certificates.told(settings)
    if files is None:
        yield from _in_plain_text(settings)
        return
    check_pair(files.certificate, files.key)
    try:
        certificate = shown(files.certificate, files.key)
    except ssl.SSLError as error:
        yield CERTIFICATES.problem(
            f"clients refuse {files.certificate}: {error}",
            "Have it signed for a server (extended key usage serverAuth).",
        )
    else:
        yield from _hosts(certificate, files.certificate)
        yield from _validity(certificate, str(files.certificate))
        yield from _chain(certificate, files.certificate)
    yield from _permissions(files.key)
    if files.client_ca is not None:
        yield from _authorities(files.client_ca)


def _in_plain_text(settings: Settings) -> Iterator[Finding]:
    if Address(settings.host, settings.port).is_loopback:
        yield CERTIFICATES.ok(f"none: in plain text, and only this machine reaches {settings.host}")
        return
    risk = "tokens travel" if settings.tokens else "it serves whoever can reach it"
    yield CERTIFICATES.warning(
        f"none: {risk} in plain text on {settings.host}",
        "Set BOXWRIGHT_TLS_CERTIFICATE and BOXWRIGHT_TLS_KEY (--tls-certificate, --tls-key), or "
        "let a proxy before it end TLS.",
    )


def _hosts(certificate: dict[str, Any], file: Path) -> Iterator[Finding]:
    hosts = [name for kind, name in certificate.get("subjectAltName", ())]
    if hosts:
        yield CERTIFICATES.ok(f"{file} is for {', '.join(hosts)}; its key is its own")
    else:
        yield CERTIFICATES.problem(
            f"{file} names no host, so every client refuses it",
            "Have it signed with the names of its hosts (subjectAltName).",
        )


def _validity(certificate: dict[str, Any], what: str) -> Iterator[Finding]:
    begins = ssl.cert_time_to_seconds(certificate["notBefore"])
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = (ends - time.time()) / DAY_S
    if days < 0:
        yield CERTIFICATES.problem(f"{what} expired {-days:.1f} days ago", SWAP)
    elif begins > time.time():
        yield CERTIFICATES.problem(
            f"{what} holds from {certificate['notBefore']} on, which is not yet",
            "Check this machine's clock, or take another.",
        )
    elif days < SOON_DAYS:
        yield CERTIFICATES.warning(f"{what} expires in {days:.1f} days", SWAP)
    else:
        yield CERTIFICATES.ok(f"{what} expires in {days:.0f} days")


def _chain(certificate: dict[str, Any], file: Path) -> Iterator[Finding]:
    """Tell of those that come with it, where one expires earlier."""
    first = first_expiry(contents(file))
    days = (first - time.time()) / DAY_S
    if first < ssl.cert_time_to_seconds(certificate["notAfter"]) and days < SOON_DAYS:
        when = f"expires in {days:.1f} days" if days > 0 else f"expired {-days:.1f} days ago"
        yield CERTIFICATES.warning(f"one that comes with it in {file} {when}", SWAP)


def _permissions(key: Path) -> Iterator[Finding]:
    if key.stat().st_mode & 0o007:
        yield CERTIFICATES.warning(
            f"every user of this machine may read the key {key}",
            "chmod o= it; in Kubernetes, set the volume's defaultMode to 0440.",
        )


def _authorities(file: Path) -> Iterator[Finding]:
    check_authorities(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(file)
    authorities: list[dict[str, Any]] = context.get_ca_certs()
    if not authorities:
        yield CERTIFICATES.problem(
            f"{file} holds certificates, and none of an authority: it lets no client in",
            "Give the certificate that signed those of the clients.",
        )
    for authority in authorities:
        name = ", ".join(value for part in authority["subject"] for _, value in part)
        yield from _validity(authority, f"the clients' authority {name}")
