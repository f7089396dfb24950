"""Settings, the installation, tokens, proxies, telemetry and a server that runs."""

from email import message_from_string
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from boxwright.client import Credentials
from boxwright.doctor import installation, proxies, running, telemetry, tokens
from boxwright.doctor.installation import unmet_by
from boxwright.doctor.told import told
from boxwright.ports import Address
from boxwright.security.tokens import new_token
from boxwright.settings import Settings
from boxwright_contract.errors import BadSettings, Unreachable

if TYPE_CHECKING:
    from tests.doctor.conftest import Install


def test_each_bad_setting_is_a_problem_and_the_good_ones_hold() -> None:
    known = told(
        {"BOXWRIGHT_PORT": "many", "BOXWRIGHT_THREADS": "3"}, {"device": "abacus", "lanes": 2}
    )
    problems = [each.what for each in known.findings if each.level == "problem"]
    assert len(problems) == 2
    assert problems[0].startswith("BOXWRIGHT_PORT (--port) is 'many', which is not")
    assert problems[1].startswith("BOXWRIGHT_DEVICE (--device) is 'abacus', which is not")
    assert (known.settings.threads, known.settings.lanes) == (3, 2)
    assert known.findings[-1].what == "threads 3, lanes 2"


def test_a_variable_that_nothing_reads_is_a_warning_with_the_nearest() -> None:
    known = told({"BOXWRIGHT_MODLES": "/models", "BOXWRIGHT_TOKEN": "a client's"}, {})
    (found,) = (each for each in known.findings if each.level == "warning")
    assert found.cure.startswith("Did you mean BOXWRIGHT_MODELS?")


def test_what_kubernetes_sets_for_a_service_of_our_name_is_told_as_that() -> None:
    known = told(
        {
            "BOXWRIGHT_PORT": "tcp://10.96.0.7:50051",
            "BOXWRIGHT_SERVICE_HOST": "10.96.0.7",
            "BOXWRIGHT_PORT_50051_TCP": "tcp://10.96.0.7:50051",
        },
        {},
    )
    assert [each.level for each in known.findings] == ["problem", "ok"]
    assert "enableServiceLinks: false" in known.findings[0].cure


def test_this_installation_is_well() -> None:
    found = list(installation.look(Settings()))
    assert {each.level for each in found} == {"ok"}
    assert found[0].what.startswith(f"boxwright {version('boxwright')} on Python 3.")


@pytest.mark.parametrize(
    ("bounds", "have", "does"),
    [
        (">=1.76", "1.77.0rc1", True),
        (">=1.76", "1.76.0rc1", False),
        (">=1.76", "1.8", False),
        ("<8,>=6.31.1", "8.0.0", False),
        ("<8,>=6.31.1", "7.36", True),
        ("==0.1.0", "0.1", True),
        (">=1.24", None, False),
    ],
)
def test_a_version_is_held_against_its_bounds(bounds: str, have: str | None, does: bool) -> None:
    assert bool(unmet_by(Requirement(f"thing{bounds}"), have)) is not does


def test_two_builds_of_one_package_are_a_problem(install: "Install") -> None:
    install("onnxruntime_gpu", "")
    (found,) = (each for each in installation.look(Settings()) if each.level == "problem")
    assert found.what.startswith("onnxruntime and onnxruntime-gpu are all installed")
    assert found.cure.startswith("pip uninstall onnxruntime onnxruntime-gpu,")


def test_an_extra_that_is_not_installed_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=2", "thing>=1; extra == 'toys'", "numpy<1; extra == 'old'"]
    lines += ["numpy; extra == 'maths'", "missing; python_version < '3'"]
    monkeypatch.setattr(installation, "requires", lambda _: lines)
    extras = "".join(f"Provides-Extra: {extra}\n" for extra in ("toys", "old", "maths"))
    monkeypatch.setattr(installation, "metadata", lambda _: message_from_string(extras))
    found = [each.what for each in installation.look(Settings())]
    assert found[1] == "extras here: maths; not here: old, toys"


def test_a_library_that_is_too_old_is_a_problem(install: "Install") -> None:
    install("protobuf", "")
    found = [each for each in installation.look(Settings()) if each.level == "problem"]
    assert [(each.what, each.cure) for each in found] == [
        (
            "protobuf 1.2 is installed, and boxwright needs <8,>=6.31.1",
            "pip install 'protobuf<8,>=6.31.1'",
        )
    ]


def test_tokens_are_told_with_what_they_may(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(new_token("lab", ["detect"])[1].toml())
    file.chmod(0o644)
    (found,) = tokens.look(Settings(tokens=file))
    assert (found.level, found.what) == ("ok", f"1 in {file}: lab (detect)")
    file.chmod(0o666)
    levels = [each.level for each in tokens.look(Settings(tokens=file, admin=True))]
    assert levels == ["ok", "warning", "note"]


def test_a_file_without_tokens_is_a_warning_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.touch(0o600)
    assert [each.level for each in tokens.look(Settings(tokens=file))] == ["warning"]
    file.write_text("token = lab")
    with pytest.raises(BadSettings, match="is not TOML"):
        list(tokens.look(Settings(tokens=file)))


def test_administration_that_is_open_to_the_network_is_a_warning() -> None:
    (found,) = tokens.look(Settings(host="0.0.0.0", admin=True))
    assert found.level == "warning"


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({}, "ok"),
        ({"http_proxy": "http://proxy.test:3128"}, "warning"),
        ({"https_proxy": "http://proxy.test:3128", "no_proxy": "127.0.0.1"}, "warning"),
        ({"http_proxy": "http://proxy.test:3128", "no_proxy": "localhost,127.0.0.0/8"}, "ok"),
        ({"HTTP_PROXY": "http://proxy.test:3128"}, "ok"),
    ],
)
def test_a_proxy_for_loopback_is_a_warning(environ: dict[str, str], level: str) -> None:
    (found,) = proxies.look(Settings(), environ)
    assert found.level == level


def test_telemetry_that_is_on_is_a_warning() -> None:
    (off,) = telemetry.look(Settings())
    assert off.level == "ok"
    (on,) = telemetry.look(Settings(), {})
    assert on.level == "warning"


def test_a_server_that_runs_tells_its_health_and_its_version(address: Address) -> None:
    health, told_version = running.look(str(address), Credentials())
    assert health.what == f"{address} answers: SERVING"
    assert told_version.what == f"it is boxwright {version('boxwright')}, as installed here"


def test_a_server_that_does_not_run_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        list(running.look("127.0.0.1:1", Credentials()))
