"""What importing a plugin costs those who merely have it installed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright_workshop.conformance import import_report
from boxwright_workshop.conformance.finding import Outcome

Install = Callable[..., Path]
Examine = Callable[[str, str], Outcome]

SOUND = "@hookimpl\ndef boxwright_backbones():\n    return [backbone()]\n"
PROPOSALS = (
    "@hookimpl\ndef boxwright_proposals():\n"
    "    return [ProposalSource(name=NAME, propose=print, source='nobody')]\n"
)


def line_of(file: Path, text: str) -> int:
    return file.read_text().splitlines().index(text) + 1


@pytest.mark.parametrize(
    ("statement", "package"),
    [
        ("import torch", "torch"),
        ("from torchvision.models import resnet18", "torchvision"),
        ("import timm", "timm"),
    ],
)
def test_torch_at_the_top_is_a_warning_with_its_line(
    statement: str, package: str, install: Install, examine: Examine
) -> None:
    file = install("early", SOUND, statement)
    outcome = examine("early", "imports_without_torch")
    assert outcome.status == "warned"
    assert f"imports {package} at {file}, line {line_of(file, statement)}" in outcome.seen
    assert outcome.cure == "Import it inside the functions that need it."


def test_it_is_a_warning_too_where_the_plugin_can_do_without(
    install: Install, examine: Examine
) -> None:
    top = "try:\n    import torch\nexcept ImportError:\n    torch = None"
    file = install("lenient", SOUND, top)
    outcome = examine("lenient", "imports_without_torch")
    assert outcome.status == "warned"
    assert f"line {line_of(file, '    import torch')}" in outcome.seen


def test_a_proposal_source_runs_in_the_server_and_fails_with_torch(
    install: Install, examine: Examine
) -> None:
    install("heavy_source", PROPOSALS, "import torch")
    assert examine("heavy_source", "imports_without_torch").status == "failed"


@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        ("print('welcome to my plugin')", "welcome to my plugin"),
        ("import os; os.write(2, b'to stderr')", "to stderr"),
    ],
)
def test_a_plugin_that_prints_is_told_what(
    statement: str, printed: str, install: Install, examine: Examine
) -> None:
    install("chatty", SOUND, statement)
    outcome = examine("chatty", "prints_nothing_when_imported")
    assert outcome.status == "failed"
    assert printed in outcome.seen


def test_a_slow_import_is_told_in_milliseconds(install: Install, examine: Examine) -> None:
    install("slow_start", SOUND, "import time; time.sleep(0.4)")
    outcome = examine("slow_start", "imports_quickly")
    assert outcome.status == "failed"
    assert 400 <= int(outcome.seen.split(" takes ")[1].split(" ms")[0]) < 3000


def test_an_import_that_does_not_end_is_given_up(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("endless", SOUND, "import time; time.sleep(60)")
    monkeypatch.setattr(import_report, "PATIENCE_S", 2)
    report = import_report.import_alone("endless", block=True)
    assert report.error == "nothing in 2 s"
    assert report.milliseconds == 2000


def test_an_import_that_ends_python_is_told(install: Install) -> None:
    install("fatal", SOUND, "import os; os._exit(7)")
    assert "exit code 7" in import_report.import_alone("fatal", block=True).error
