"""Certificates that change while the server serves."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxwright.client import Client, Credentials
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings

if TYPE_CHECKING:
    from tests.security.conftest import Authority, Pair

ROTATIONS = 5


@pytest.fixture
def serving(settings: Settings, pair: "Pair") -> Iterator[Address]:
    chosen = replace(settings, tls_certificate=pair.certificate, tls_key=pair.key)
    with serve_in_background(chosen) as address:
        yield address


def shown(address: Address) -> str:
    """Return the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((address.host, address.port)) as plain,
        context.wrap_socket(plain) as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    assert certificate
    return ssl.DER_cert_to_PEM_cert(certificate)


@contextmanager
def load(address: Address, credentials: Credentials) -> Iterator[list[int]]:
    """Call without end, on connections old and new; yield how often each went well.

    A failed call fails the block.
    """
    stop, counts = threading.Event(), [0, 0]

    def on_one_connection() -> None:
        with Client(str(address), credentials=credentials, retries=0) as client:
            while not stop.is_set():
                client.models()
                counts[0] += 1

    def on_new_ones() -> None:
        while not stop.is_set():
            with Client(str(address), credentials=credentials, retries=0) as client:
                client.models()
            counts[1] += 1

    with ThreadPoolExecutor() as pool:
        calling = [pool.submit(on_one_connection), pool.submit(on_new_ones)]
        try:
            yield counts
        finally:
            stop.set()
        for each in calling:
            each.result()


def test_certificates_rotate_under_load_and_no_call_fails(
    serving: Address, authority: "Authority", pair: "Pair"
) -> None:
    with load(serving, Credentials(ca=authority.certificate)) as counts:
        for number in range(ROTATIONS):
            before = list(counts)
            new = authority.signed(f"new-{number}")
            pair.copied_from(new)
            assert shown(serving) == new.certificate.read_text()
            until = time.monotonic() + 30
            while any(now < then + 3 for now, then in zip(counts, before, strict=True)):
                assert time.monotonic() < until
                time.sleep(0.01)


def test_a_broken_pair_leaves_the_old_one_in_place_and_is_logged_once(
    serving: Address, authority: "Authority", pair: "Pair", caplog: pytest.LogCaptureFixture
) -> None:
    old = pair.certificate.read_text()
    new = authority.signed("new")
    pair.certificate.write_bytes(new.certificate.read_bytes())
    for _ in range(3):
        assert shown(serving) == old
    (told,) = [each.message for each in caplog.records if "not taken" in each.message]
    assert told.startswith("TLS certificate not taken, what held before holds on: ")
    assert "the key is of another certificate" in told
    pair.key.unlink()
    assert shown(serving) == old
    pair.copied_from(new)
    assert shown(serving) == new.certificate.read_text()


def test_the_authority_of_clients_rotates_too(
    settings: Settings, authority: "Authority", stranger: "Authority", pair: "Pair"
) -> None:
    trusted = pair.certificate.with_name("trusted.pem")
    trusted.write_bytes(authority.certificate.read_bytes())
    chosen = replace(
        settings, tls_certificate=pair.certificate, tls_key=pair.key, tls_client_ca=trusted
    )
    own = stranger.signed("client")
    credentials = Credentials(ca=authority.certificate, certificate=own.certificate, key=own.key)
    with serve_in_background(chosen) as address:
        with Client(str(address), credentials=credentials) as client:
            assert not client.ready()
        trusted.write_bytes(stranger.certificate.read_bytes())
        with Client(str(address), credentials=credentials) as client:
            assert client.ready()
