"""Models on disk: what is served, and why the rest is not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright.shelf.repository import Repository
from boxwright.shelf.shelf import Shelf
from boxwright_contract import card
from boxwright_contract.errors import BadBundle, BadInput, BadSettings, UnknownName
from boxwright_contract.proposal_rule import ProposalRule

MakeBundle = Callable[..., Path]


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime.open("cpu", threads=1)


def load(folder: Path, runtime: Runtime) -> Repository:
    return Shelf(folder, runtime.load).now


def edit_card(folder: Path, **changes: object) -> None:
    """Change a card behind its bundle's back."""
    file = folder / card.CARD_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_bundle_is_read_with_its_name_version_and_card(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    found = bundle.read(make_bundle(tmp_path / "bright" / "12"))
    assert (found.name, found.version, str(found)) == ("bright", 12, "bright/12")
    assert found.architecture == "bright_areas+nothing"


@pytest.mark.parametrize("file", [card.CARD_FILE, card.GRAPH_FILE])
def test_a_missing_file_is_named(file: str, make_bundle: MakeBundle, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bright" / "1")
    (folder / file).unlink()
    with pytest.raises(BadBundle, match=rf"{file} is missing. Export the model again"):
        bundle.read(folder)


def test_an_altered_graph_is_refused_with_both_sums(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    folder = make_bundle(tmp_path / "bright" / "1")
    promised = bundle.read(folder).card.graph_sha256
    with (folder / card.GRAPH_FILE).open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(BadBundle, match=rf"was altered.*card says {promised}. Copy the folder"):
        bundle.read(folder)


def test_a_card_that_is_none_is_refused(make_bundle: MakeBundle, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bright" / "1")
    edit_card(folder, classes="red")
    with pytest.raises(BadBundle, match="is not a model card"):
        bundle.read(folder)


def test_a_version_must_be_a_number(make_bundle: MakeBundle, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bright" / "latest")
    with pytest.raises(BadBundle, match="Name it by a number"):
        bundle.read(folder)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        (
            {"most_detections": 7},
            "the card says boxes tensor(float) (N, 7, 4), "
            "the graph has boxes tensor(float) (N, 5, 4)",
        ),
        (
            {"needs_proposals": True, "proposals": ProposalRule()},
            "input: the card says proposals tensor(float) (N, P, 4), the graph has none",
        ),
        (
            {"batch": 1},
            "the card says image tensor(uint8) (N, H, W, 3), "
            "the graph has image tensor(uint8) (1, H, W, 3)",
        ),
    ],
)
def test_a_graph_that_does_not_match_its_card_is_refused_with_the_difference(
    changes: dict[str, object],
    difference: str,
    make_bundle: MakeBundle,
    tmp_path: Path,
    runtime: Runtime,
) -> None:
    folder = make_bundle(tmp_path / "bright" / "1", **changes)
    with pytest.raises(BadBundle) as caught:
        runtime.load(bundle.read(folder))
    assert difference in str(caught.value)
    assert "Export the model again" in str(caught.value)


def test_a_file_that_is_no_graph_is_refused(
    make_bundle: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    good = bundle.read(make_bundle(tmp_path / "bright" / "1"))
    good.graph.write_bytes(b"no graph")
    with pytest.raises(BadBundle, match="ONNX Runtime cannot load"):
        runtime.load(good)


def test_good_models_are_served_beside_bad_ones(
    make_bundle: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    make_bundle(tmp_path / "good" / "1")
    (make_bundle(tmp_path / "bad" / "3") / card.CARD_FILE).unlink()
    (tmp_path / ".hidden" / "1").mkdir(parents=True)
    (tmp_path / "README").write_text("a file is no model")
    repository = load(tmp_path, runtime)
    assert [str(model.bundle) for model in repository.models] == ["good/1"]
    (bad,) = repository.unserved
    assert (bad.name, bad.version) == ("bad", "3")
    with pytest.raises(UnknownName, match=r"bad/3 is there but not served: .*model.json is miss"):
        repository.find("bad", "")


def test_a_folder_without_models_is_refused_with_the_cure(tmp_path: Path, runtime: Runtime) -> None:
    with pytest.raises(BadSettings, match=r"no model in .*BOXWRIGHT_MODELS \(--models\)"):
        load(tmp_path, runtime)


def test_a_folder_of_bad_models_is_refused_with_their_reasons(
    make_bundle: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    (make_bundle(tmp_path / "bad" / "3") / card.GRAPH_FILE).unlink()
    with pytest.raises(BadSettings, match=r"bad/3: .*model.onnx is missing"):
        load(tmp_path, runtime)


def test_a_model_must_be_named_where_there_are_several(
    make_bundle: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    make_bundle(tmp_path / "first" / "1")
    make_bundle(tmp_path / "second" / "1")
    repository = load(tmp_path, runtime)
    assert str(repository.find("second", "").bundle) == "second/1"
    with pytest.raises(BadInput, match=r"several are served: first, second\. Name one\."):
        repository.find("", "")


def test_a_version_that_is_there_but_bad_is_told_from_one_that_is_not(
    make_bundle: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    make_bundle(tmp_path / "bright" / "1")
    edit_card(make_bundle(tmp_path / "bright" / "2"), format=99)
    repository = load(tmp_path, runtime)
    assert repository.find("bright", "").bundle.version == 1
    with pytest.raises(UnknownName, match=r"bright/2 is there but not served.*card format 99"):
        repository.find("bright", "2")
    with pytest.raises(UnknownName, match=r"no version of model 'bright' named '3'\. Known: 1\."):
        repository.find("bright", "3")
