"""Certificates are judged as a client would judge them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxwright.doctor.certificates import DAY_S, SOON_DAYS, look
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings

if TYPE_CHECKING:
    from tests.doctor.conftest import Pair, Sign


def with_tls(pair: "Pair", client_ca: Path | None = None) -> Settings:
    return Settings(tls_certificate=pair.certificate, tls_key=pair.key, tls_client_ca=client_ca)


def found(settings: Settings) -> list[tuple[str, str]]:
    return [(each.level, each.what) for each in look(settings)]


def test_a_good_one_is_told_with_its_hosts_and_its_days(sign: "Sign") -> None:
    pair = sign("good", days=90.5, hosts=("boxwright.test", "localhost"))
    assert found(with_tls(pair)) == [
        ("ok", f"{pair.certificate} is for boxwright.test, localhost; its key is its own"),
        ("ok", f"{pair.certificate} expires in 90 days"),
    ]


def test_an_expired_one_is_a_problem(sign: "Sign") -> None:
    pair = sign("old", days=-2)
    assert ("problem", f"{pair.certificate} expired 2.0 days ago") in found(with_tls(pair))


def test_one_that_expires_soon_is_a_warning(sign: "Sign") -> None:
    pair = sign("soon", days=3)
    assert ("warning", f"{pair.certificate} expires in 3.0 days") in found(with_tls(pair))


def test_one_of_tomorrow_is_a_problem(sign: "Sign") -> None:
    levels = [level for level, what in found(with_tls(sign("new", begins_in_days=1))) if level]
    assert levels == ["ok", "problem"]


def test_an_expired_one_that_comes_with_it_is_a_warning(sign: "Sign") -> None:
    pair, old = sign("leaf"), sign("intermediate", days=-1, is_authority=True)
    with pair.certificate.open("ab") as chain:
        chain.write(old.certificate.read_bytes())
    assert found(with_tls(pair))[-1] == (
        "warning",
        f"one that comes with it in {pair.certificate} expired 1.0 days ago",
    )


def test_the_key_of_another_is_refused(sign: "Sign") -> None:
    one, other = sign("one"), sign("other")
    settings = Settings(tls_certificate=one.certificate, tls_key=other.key)
    with pytest.raises(BadSettings, match="the key is of another certificate"):
        list(look(settings))


def test_one_without_hosts_is_a_problem(sign: "Sign") -> None:
    assert found(with_tls(sign("nameless", hosts=())))[0][0] == "problem"


def test_one_that_is_not_for_servers_is_a_problem(sign: "Sign") -> None:
    level, what = found(with_tls(sign("code", for_servers=False)))[0]
    assert level == "problem"
    assert "unsuitable certificate purpose" in what


def test_a_key_that_everybody_may_read_is_a_warning(sign: "Sign") -> None:
    pair = sign("open")
    pair.key.chmod(0o644)
    assert found(with_tls(pair))[-1] == (
        "warning",
        f"every user of this machine may read the key {pair.key}",
    )


def test_the_authority_of_clients_is_told_with_its_days(sign: "Sign") -> None:
    authority = sign("authority", days=-5, is_authority=True)
    settings = with_tls(sign("server"), authority.certificate)
    assert found(settings)[-1] == (
        "problem",
        "the clients' authority boxwright.test expired 5.0 days ago",
    )


def test_an_authority_that_is_none_lets_no_client_in(sign: "Sign") -> None:
    settings = with_tls(sign("server"), sign("leaf").certificate)
    level, what = found(settings)[-1]
    assert level == "problem"
    assert "none of an authority" in what


def test_plain_text_is_well_on_loopback_and_a_warning_elsewhere() -> None:
    assert [level for level, _ in found(Settings())] == ["ok"]
    assert [level for level, _ in found(Settings(host="0.0.0.0"))] == ["warning"]


def test_it_warns_of_a_certificate_when_the_alert_does() -> None:
    alerts = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yaml"
    assert f"- time() < {SOON_DAYS} * {DAY_S}" in alerts.read_text()
