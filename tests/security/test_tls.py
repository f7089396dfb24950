"""TLS: the server's certificate, and those of clients."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from boxwright.client import Client, Credentials
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings, BoxwrightError, Unreachable

if TYPE_CHECKING:
    from tests.security.conftest import Authority, Pair


def with_tls(settings: Settings, pair: "Pair", client_ca: Path | None = None) -> Settings:
    return replace(
        settings, tls_certificate=pair.certificate, tls_key=pair.key, tls_client_ca=client_ca
    )


def refusal(address: Address, credentials: Credentials) -> str:
    """Ask in vain, and return the reason."""
    with (
        Client(str(address), timeout_s=10, credentials=credentials, retries=0) as client,
        pytest.raises(BoxwrightError) as caught,
    ):
        client.models()
    assert isinstance(caught.value, Unreachable)
    return str(caught.value)


def test_calls_go_over_tls_and_a_client_that_cannot_trust_the_server_is_told_why(
    settings: Settings, authority: "Authority", stranger: "Authority", pair: "Pair"
) -> None:
    with serve_in_background(with_tls(settings, pair)) as address:
        for host in ("127.0.0.1", "localhost"):
            at = f"{host}:{address.port}"
            with Client(at, credentials=Credentials(ca=authority.certificate)) as client:
                assert client.models()
        trusting = Credentials(ca=stranger.certificate)
        assert refusal(address, trusting) == (
            f"no answer from {address}: its certificate is signed by nobody that we trust. Give "
            "the certificate of the authority that signed it (ca, --ca, BOXWRIGHT_CA)."
        )
        assert "signed by nobody that we trust" in refusal(address, Credentials(tls=True))
        assert "or it speaks TLS (--tls, --ca)" in refusal(address, Credentials())


def test_a_client_of_tls_is_told_that_the_server_speaks_none(
    address: Address, authority: "Authority"
) -> None:
    told = refusal(address, Credentials(ca=authority.certificate))
    assert told == (
        f"no answer from {address}: it does not speak TLS. Leave out tls, ca and certificate "
        "(--tls, --ca, --certificate)."
    )


def test_the_name_in_the_certificate_counts_unless_the_client_knows_another(
    settings: Settings, authority: "Authority"
) -> None:
    pair = authority.signed("elsewhere", "detect.example")
    with serve_in_background(with_tls(settings, pair)) as address:
        told = refusal(address, Credentials(ca=authority.certificate))
        assert "its certificate is for another name" in told
        named = Credentials(ca=authority.certificate, server_name="detect.example")
        for at in (str(address), f"{address},{address}"):
            with Client(at, credentials=named) as client:
                assert client.models()


def test_with_mutual_tls_only_clients_of_the_authority_are_answered(
    settings: Settings, authority: "Authority", stranger: "Authority", pair: "Pair"
) -> None:
    own, other = authority.signed("client"), stranger.signed("client")
    with serve_in_background(with_tls(settings, pair, authority.certificate)) as address:
        ca = authority.certificate
        known = Credentials(ca=ca, certificate=own.certificate, key=own.key)
        with Client(str(address), credentials=known) as client:
            assert client.models()
        unknown = Credentials(ca=ca, certificate=other.certificate, key=other.key)
        for credentials in (Credentials(ca=ca), unknown):
            assert "asks for a certificate" in refusal(address, credentials)


def test_files_that_cannot_be_used_are_refused_at_the_start(
    settings: Settings, authority: "Authority", pair: "Pair", tmp_path: Path
) -> None:
    other = authority.signed("other")
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    password = serialization.BestAvailableEncryption(b"secret")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(pem, pkcs8, password))
    text = tmp_path / "text"
    text.write_text("no PEM")
    for changes, reason in (
        ({"tls_key": other.key}, f"the key {other.key} cannot be used: the key is of another"),
        ({"tls_key": locked}, f"the key {locked} cannot be used: "),
        ({"tls_key": None}, "BOXWRIGHT_TLS_KEY (--tls-key) is not: TLS needs both"),
        ({"tls_certificate": None}, "BOXWRIGHT_TLS_CERTIFICATE (--tls-certificate) is not"),
        ({"tls_certificate": text}, f"the certificate {text} and the key"),
        ({"tls_client_ca": text}, f"{text} cannot be used: "),
    ):
        chosen = replace(with_tls(settings, pair), **changes)
        with pytest.raises(BadSettings) as caught, serve_in_background(chosen):
            pass
        assert reason in str(caught.value)
    alone = replace(settings, tls_client_ca=authority.certificate)
    with pytest.raises(BadSettings, match="TLS needs both"), serve_in_background(alone):
        pass


def test_credentials_of_a_client_that_cannot_work_are_refused(
    authority: "Authority", pair: "Pair", tmp_path: Path
) -> None:
    with pytest.raises(BadSettings, match="a certificate and no key"):
        Credentials(certificate=pair.certificate)
    with pytest.raises(BadSettings, match="not visible ASCII"):
        Credentials(token="two words")
    with pytest.raises(BadSettings, match="BOXWRIGHT_TLS is 'maybe', which is not on or off"):
        Credentials.read({"BOXWRIGHT_TLS": "maybe"})
    other = authority.signed("other")
    for credentials, reason in (
        (Credentials(ca=tmp_path / "none"), "cannot be used: .* No such file"),
        (Credentials(ca=pair.key), "cannot be used: "),
        (Credentials(certificate=pair.certificate, key=other.key), "the key is of another"),
    ):
        with pytest.raises(BadSettings, match=reason):
            Client("127.0.0.1:1", credentials=credentials)


def test_a_client_takes_its_credentials_from_the_environment(
    settings: Settings, authority: "Authority", pair: "Pair", monkeypatch: pytest.MonkeyPatch
) -> None:
    own = authority.signed("client")
    with serve_in_background(with_tls(settings, pair, authority.certificate)) as address:
        monkeypatch.setenv("BOXWRIGHT_CA", str(authority.certificate))
        monkeypatch.setenv("BOXWRIGHT_CERTIFICATE", str(own.certificate))
        monkeypatch.setenv("BOXWRIGHT_KEY", str(own.key))
        monkeypatch.setenv("BOXWRIGHT_TOKEN", "secret\n")
        with Client(str(address)) as client:
            assert client.models()
            assert client.credentials.token == "secret"
            assert "secret" not in repr(client.credentials)


def test_a_server_for_every_network_in_plain_text_warns(
    settings: Settings, pair: "Pair", tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.touch()
    caplog.set_level(logging.WARNING)
    for changes, warning in (
        ({"host": "0.0.0.0"}, "is open to whoever can reach it, in plain text"),
        ({"host": "0.0.0.0", "tokens": tokens}, "takes tokens in plain text"),
        ({"host": "127.0.0.1"}, None),
        ({"host": "localhost"}, None),
        ({"host": "0.0.0.0", "tls_certificate": pair.certificate, "tls_key": pair.key}, None),
    ):
        caplog.clear()
        with serve_in_background(replace(settings, **changes)):
            pass
        warned = [each.message for each in caplog.records if each.levelno == logging.WARNING]
        about_text = [message for message in warned if "plain text" in message]
        assert len(about_text) == (warning is not None)
        assert warning is None or warning in about_text[0]
