"""When certificates expire: read from files, and told among the metrics."""

import datetime
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.telemetry.observed import Observed, observe

from boxwright.cli.top.snapshot import take
from boxwright.security.expiry import first_expiry
from boxwright.settings import Settings

if TYPE_CHECKING:
    from tests.security.conftest import Authority, Pair

METRIC = "boxwright_certificate_expiry_timestamp_seconds"
DAY = datetime.timedelta(days=1)


def as_cryptography_reads_it(certificate: Path) -> float:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()


def told(server: Observed) -> dict[str, float]:
    now = take(server.metrics)
    return {each.labels["of"]: each.value for each in now.samples.get(METRIC, ())}


@pytest.mark.parametrize("days", [-0.5, 90, 40 * 365])  # ASN.1 writes years from 2050 on otherwise
def test_a_certificate_expires_when_it_says(authority: "Authority", days: float) -> None:
    file = authority.signed("one", lasts=days * DAY).certificate
    assert first_expiry(file.read_bytes()) == as_cryptography_reads_it(file)
    assert first_expiry(file.read_bytes()) == pytest.approx(time.time() + days * 86400, abs=60)


def test_of_a_chain_the_first_to_expire_counts(authority: "Authority") -> None:
    soon, late = (authority.signed(f"in-{days}", lasts=days * DAY) for days in (3, 30))
    chain = late.certificate.read_bytes() + b"for people: \n" + soon.certificate.read_bytes()
    assert first_expiry(chain) == as_cryptography_reads_it(soon.certificate)
    assert first_expiry(b"") == math.inf


def test_files_that_openssl_marks_as_trusted_are_read_too(authority: "Authority") -> None:
    certificate = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    trusted = certificate.public_bytes(Encoding.PEM).replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE")
    assert first_expiry(trusted) == as_cryptography_reads_it(authority.certificate)


def test_a_server_in_plain_text_has_no_certificate_that_expires(settings: Settings) -> None:
    with observe(settings) as server:
        assert told(server) == {}


def test_the_metric_is_of_the_certificate_that_is_served_whatever_the_files_hold(
    settings: Settings, authority: "Authority", pair: "Pair"
) -> None:
    chosen = replace(
        settings,
        tls_certificate=pair.certificate,
        tls_key=pair.key,
        tls_client_ca=authority.certificate,
    )
    with observe(chosen) as server:
        first = as_cryptography_reads_it(pair.certificate)
        authoritys = as_cryptography_reads_it(authority.certificate)
        assert told(server) == {"server": first, "client_ca": authoritys}
        new = authority.signed("new", lasts=90 * DAY)
        pair.certificate.write_bytes(new.certificate.read_bytes())  # and not its key
        assert told(server)["server"] == first
        pair.copied_from(new)
        assert told(server)["server"] == as_cryptography_reads_it(new.certificate) > first
