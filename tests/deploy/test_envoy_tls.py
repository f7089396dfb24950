"""TLS in front: Envoy with tls.yaml before what speaks plain text, and envoy.yaml with TLS."""

import shutil
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.deploy.envoys import FOLDER, Configuration, Envoy, envoy_before
from tests.security.conftest import Authority, Pair

from boxwright.client import Client, Credentials, Result
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.errors import Unreachable

pytestmark = pytest.mark.deploy

PHOTO = np.zeros((64, 96, 3), np.uint8)
PHOTO[5:20, 10:40] = 255


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def put(pair: Pair, folder: Path) -> None:
    """Move a certificate and its key to where Envoy looks, at once as a secret's are."""
    new = folder / "new"
    new.mkdir(parents=True)
    shutil.copy(pair.certificate, new / "tls.crt")
    shutil.copy(pair.key, new / "tls.key")
    for each in new.iterdir():
        each.replace(folder / each.name)
    new.rmdir()


def is_shown(certificate: str, envoy: Envoy) -> bool:
    return ssl.get_server_certificate(("127.0.0.1", envoy.port)) == certificate


def with_tls(shipped: Configuration) -> None:
    """Give a configuration the TLS of tls.yaml, as that tells to."""
    yaml = pytest.importorskip("yaml")
    own: Any = yaml.safe_load((FOLDER / "tls.yaml").read_text())
    (chain,) = own["static_resources"]["listeners"][0]["filter_chains"]
    (before,) = shipped["static_resources"]["listeners"][0]["filter_chains"]
    before["transport_socket"] = chain["transport_socket"]


def as_it_is(_: Configuration) -> None:
    """Change nothing."""


@pytest.mark.parametrize(("file", "change"), [("tls.yaml", as_it_is), ("envoy.yaml", with_tls)])
def test_calls_go_through_tls_and_a_certificate_is_replaced_without_a_restart(
    file: str,
    change: Callable[[Configuration], None],
    address: Address,
    authority: Authority,
    tmp_path: Path,
) -> None:
    old, new = authority.signed("old"), authority.signed("new")
    put(old, tmp_path / "certificates")
    trusting = Credentials(ca=authority.certificate)
    with envoy_before(tmp_path, [address], file=file, change=change) as envoy:
        for pair in (old, new):
            put(pair, tmp_path / "certificates")
            envoy.until(partial(is_shown, pair.certificate.read_text()))
            with Client(envoy.address, credentials=trusting) as client:
                assert len(client.detect(PHOTO, model="bright").detections) == 3
                frames = client.detect_stream([PHOTO] * 3, model="bright")
                assert [type(each.outcome) for each in frames] == [Result] * 3
        with (
            Client(envoy.address, credentials=Credentials(), retries=0, timeout_s=5) as plain,
            pytest.raises(Unreachable),
        ):
            plain.models()


def test_tls_before_two_servers_goes_on_with_one(
    settings: Settings, address: Address, authority: Authority, tmp_path: Path
) -> None:
    put(authority.signed("front"), tmp_path / "certificates")
    trusting = Credentials(ca=authority.certificate)
    with ExitStack() as stack, ExitStack() as going:
        other = going.enter_context(serve_in_background(settings))
        envoy = stack.enter_context(envoy_before(tmp_path, [address, other], file="tls.yaml"))
        going.close()
        envoy.until(lambda now: now.count("membership_healthy") == 1)
        for _ in range(5):
            with Client(envoy.address, credentials=trusting) as client:
                assert client.models()
