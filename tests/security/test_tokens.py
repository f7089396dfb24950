"""Bearer tokens: who may call what."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from boxwright.client import Client, Credentials
from boxwright.ports import Address
from boxwright.security.tokens import new_token, read_tokens
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.catalog_pb2 import ListModelsRequest
from boxwright.v1.catalog_pb2_grpc import CatalogServiceStub
from boxwright_contract.errors import BadSettings, NotAllowed, Unidentified

LOOKER, OWNER = new_token("looker", ["catalog"]), new_token("owner", ["detect", "catalog"])
LATER = new_token("later", ["catalog"])


def write(file: Path, *entries: str) -> None:
    """Replace the file at once, as careful tools do."""
    new = file.with_suffix(".new")
    new.write_text("\n\n".join(entries))
    new.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tokens.toml"
    write(file, LOOKER[1].toml(), OWNER[1].toml())
    return file


@pytest.fixture
def guarded(settings: Settings, file: Path) -> Iterator[Address]:
    """A server that wants tokens."""
    with serve_in_background(replace(settings, tokens=file)) as address:
        yield address


def models(address: Address, token: str) -> int:
    with Client(str(address), credentials=Credentials(token=token)) as client:
        return len(client.models())


def test_a_token_opens_what_it_may_and_nothing_else(guarded: Address) -> None:
    assert models(guarded, LOOKER[0]) > 0
    with Client(str(guarded), credentials=Credentials(token=LOOKER[0])) as client:
        with pytest.raises(NotAllowed) as caught:
            client.detect(b"not looked at")
        assert client.ready()
    assert str(caught.value) == (
        "the token 'looker' may catalog, and /boxwright.v1.DetectionService/Detect needs 'detect'. "
        "Use a token that has it, or let the server's operator add it."
    )


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "needs one token, and 0 came. Send the metadata 'authorization: Bearer TOKEN'"),
        ((("authorization", f"Bearer {LATER[0]}"),), "the token is not known here. Ask"),
        ((("authorization", "Bearer "),), "the token is not known here. Ask"),
        ((("authorization", f"Bearer {LOOKER[1].sha256}"),), "the token is not known here. Ask"),
        ((("authorization", LOOKER[0]),), "for it does not begin with 'Bearer '"),
        ((("authorization", f"Basic {LOOKER[0]}"),), "for it does not begin with 'Bearer '"),
        ((("authorization", f"Bearer {LOOKER[0]}"),) * 2, "needs one token, and 2 came"),
    ],
    ids=["none", "unknown", "empty", "the hash", "bare", "basic", "twice"],
)
def test_without_a_known_token_nothing_is_told(
    guarded: Address, metadata: tuple[tuple[str, str], ...], reason: str
) -> None:
    with grpc.insecure_channel(str(guarded)) as channel, pytest.raises(grpc.RpcError) as caught:
        CatalogServiceStub(channel).ListModels(ListModelsRequest(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason in str(caught.value.details())
    (details,) = (
        Status.FromString(entry.value)
        for entry in caught.value.trailing_metadata()
        if entry.key == "grpc-status-details-bin"
    )
    info = ErrorInfo()
    details.details[0].Unpack(info)
    assert info.reason == "Unidentified"


def test_the_scheme_may_be_written_in_lower_case(guarded: Address) -> None:
    with grpc.insecure_channel(str(guarded)) as channel:
        metadata = (("authorization", f"bearer {LOOKER[0]}"),)
        assert CatalogServiceStub(channel).ListModels(ListModelsRequest(), metadata=metadata).models


def test_health_needs_no_token_and_reflection_needs_any(guarded: Address) -> None:
    with Client(str(guarded), credentials=Credentials()) as client:
        assert client.ready()
    with grpc.insecure_channel(str(guarded)) as channel:
        asked = [ServerReflectionRequest(list_services="")]
        stub: Any = ServerReflectionStub(channel)
        reflect = stub.ServerReflectionInfo
        with pytest.raises(grpc.RpcError) as caught:
            list(reflect(iter(asked)))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        (answer,) = reflect(iter(asked), metadata=(("authorization", f"Bearer {LOOKER[0]}"),))
    names = [service.name for service in answer.list_services_response.service]
    assert "boxwright.v1.DetectionService" in names


def test_the_file_is_read_again_when_it_changes(guarded: Address, file: Path) -> None:
    with pytest.raises(Unidentified):
        models(guarded, LATER[0])
    write(file, LATER[1].toml())
    assert models(guarded, LATER[0]) > 0
    with pytest.raises(Unidentified):
        models(guarded, LOOKER[0])


def test_a_broken_file_changes_nothing_and_is_logged_once(
    guarded: Address, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(file, '[[token]]\nname = "half')
    for _ in range(3):
        assert models(guarded, LOOKER[0]) > 0
    file.unlink()
    assert models(guarded, LOOKER[0]) > 0
    told = [record.message for record in caplog.records if "tokens not taken" in record.message]
    assert len(told) == 2
    assert "is not TOML" in told[0]
    assert "cannot be read" in told[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("token = 3", "has token where [[token]] tables are expected"),
        ("[tokens]", "has tokens where [[token]] tables are expected"),
        ('[[token]]\nname = "a"', "token 1 of {file} needs exactly may, name, sha256"),
        (LOOKER[1].toml() + "\nadmin = true", "needs exactly may, name, sha256"),
        (LOOKER[1].toml().replace("looker", "a b"), "has the name 'a b'. Use up to 64 letters"),
        (LOOKER[1].toml().replace(LOOKER[1].sha256, LOOKER[0]), "not 64 lower hexadecimal digits"),
        (LOOKER[1].toml().replace("catalog", "everything"), "has may = ['everything']. Choose one"),
        (LOOKER[1].toml() + "\n" + LOOKER[1].toml(), "has the name looker twice"),
        ("may = [", "is not TOML"),
    ],
    ids=["number", "table", "partial", "more", "name", "hash", "permission", "twice", "broken"],
)
def test_a_file_that_cannot_be_used_is_refused_at_the_start(
    settings: Settings, tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    with pytest.raises(BadSettings) as caught, serve_in_background(replace(settings, tokens=file)):
        pass
    assert reason.format(file=file) in str(caught.value)


def test_a_client_warns_of_a_token_in_plain_text_for_another_machine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    secret = Credentials(token=LOOKER[0])
    for address, warnings in (("detect.example:50051", 1), ("127.0.0.1:50051", 0)):
        caplog.clear()
        Client(address, credentials=secret).close()
        told = [each.message for each in caplog.records]
        assert len(told) == warnings
        assert LOOKER[0] not in "".join(told)


def test_an_empty_file_lets_nobody_in(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.touch()
    assert read_tokens(file) == ()
    with (
        serve_in_background(replace(settings, tokens=file)) as address,
        pytest.raises(Unidentified),
    ):
        models(address, LOOKER[0])
