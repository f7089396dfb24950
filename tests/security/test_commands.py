"""The command line: tokens that it makes, and what it shows to a server."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from boxwright.cli import app
from boxwright.cli.exit_codes import NO_ANSWER, USAGE
from boxwright.ports import Address
from boxwright.security.tokens import hashed, read_tokens
from boxwright.server import serve_in_background
from boxwright.settings import Settings

if TYPE_CHECKING:
    from tests.security.conftest import Authority, Pair


def run(*arguments: object, code: int = 0) -> tuple[str, str]:
    """Run a command; return what it printed, and what it said on stderr."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_a_new_token_is_printed_once_and_its_hash_is_written(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    secrets = [
        run("token", "new", name, "--may", may, "--file", file)[0].strip()
        for name, may in (("camera-3", "detect, catalog"), ("boss", "admin"))
    ]
    tokens = read_tokens(file)
    assert [(each.name, each.may) for each in tokens] == [
        ("camera-3", ("detect", "catalog")),
        ("boss", ("admin",)),
    ]
    assert [each.sha256 for each in tokens] == [hashed(secret) for secret in secrets]
    assert not any(secret in file.read_text() for secret in secrets)
    assert file.stat().st_mode & 0o777 == 0o600
    lines = run("token", "list", file)[0].splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["camera-3", "detect,", "catalog", tokens[0].sha256[:12]],
        ["boss", "admin", tokens[1].sha256[:12]],
    ]


def test_without_a_file_the_entry_is_printed_apart_from_the_token(tmp_path: Path) -> None:
    secret, entry = run("token", "new", "lab", "--may", "detect")
    file = tmp_path / "tokens.toml"
    file.write_text(entry)
    (token,) = read_tokens(file)
    assert token.sha256 == hashed(secret.strip())


@pytest.mark.parametrize(
    ("name", "may", "reason"),
    [
        ("a b", "detect", "the new token has the name 'a b'"),
        ("lab", "detect,everything", "has may = ['detect', 'everything']. Choose one or more of"),
        ("known", "detect", "has a token 'known' already"),
    ],
)
def test_a_token_that_cannot_be_is_refused_and_the_file_stays(
    name: str, may: str, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "tokens.toml"
    run("token", "new", "known", "--may", "detect", "--file", file)
    before = file.read_text()
    assert reason in run("token", "new", name, "--may", may, "--file", file, code=USAGE)[1]
    assert file.read_text() == before


def test_commands_that_ask_a_server_take_its_authority_and_a_token(
    settings: Settings, authority: "Authority", pair: "Pair", tmp_path: Path
) -> None:
    tokens, mine = tmp_path / "tokens.toml", tmp_path / "mine"
    mine.write_text(run("token", "new", "me", "--may", "catalog", "--file", tokens)[0])
    chosen = replace(settings, tls_certificate=pair.certificate, tls_key=pair.key, tokens=tokens)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"not looked at")
    with serve_in_background(chosen) as address:
        server = ("--server", address, "--ca", authority.certificate)
        for asked, told in ((("models",), "bright"), (("plugins",), "resnet50")):
            assert told in run(*asked, *server, "--token-file", mine)[0]
        assert "needs one token, and 0 came" in run("models", *server, code=USAGE)[1]
        told = run("detect", photo, "--model", "x", *server, "--token-file", mine, code=USAGE)[1]
        assert "needs 'detect'" in told
        assert run("health", *server)[0] == f"{address}: SERVING\n"
        told = run("models", "--server", address, "--token-file", mine, code=NO_ANSWER)[1]
        assert "it speaks TLS (--tls, --ca)" in told


def test_a_failed_handshake_is_one_line_on_stderr(address: Address, authority: "Authority") -> None:
    command = [sys.executable, "-m", "boxwright", "models", "--server", str(address)]
    ran = subprocess.run(
        [*command, "--ca", str(authority.certificate)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == NO_ANSWER
    (line,) = ran.stderr.splitlines()
    assert "it does not speak TLS" in line


def test_options_for_a_server_are_refused_where_there_is_none(tmp_path: Path) -> None:
    told = run("models", "--tls", "--ca", tmp_path / "ca.pem", code=USAGE)[1]
    assert told == ("error: --tls, --ca: there is no server to use it for. Give --server too.\n")


def test_a_token_file_that_is_missing_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    told = run("models", "--server", "127.0.0.1:1", "--token-file", missing, code=USAGE)[1]
    assert f"the token file {missing} cannot be read" in told


def test_a_server_of_the_command_itself_needs_nothing_of_what_the_environment_says_of_servers(
    models: Path, pair: "Pair", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.touch()
    monkeypatch.setenv("BOXWRIGHT_TLS_CERTIFICATE", str(pair.certificate))
    monkeypatch.setenv("BOXWRIGHT_TLS_KEY", str(pair.key))
    monkeypatch.setenv("BOXWRIGHT_TOKENS", str(tokens))
    monkeypatch.setenv("BOXWRIGHT_CA", str(pair.certificate))
    monkeypatch.setenv("BOXWRIGHT_DEVICE", "cpu")
    assert "bright" in run("models", "--models", models)[0]
