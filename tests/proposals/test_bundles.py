"""Bundles that need proposals: loaded where they are what their card says."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from boxwright.client import Client
from boxwright.device.runtime import Runtime
from boxwright.shelf import bundle
from boxwright_contract import card
from boxwright_contract.card import ChunkRecord
from boxwright_contract.errors import BadBundle
from boxwright_contract.proposal_rule import ProposalRule

MakeBundle = Callable[..., Path]
RULE = ProposalRule(source="quarters")


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime.open("cpu", threads=1)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_sound_bundle_is_loaded_and_told(
    chunked: bool, make_proposing: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    model = runtime.load(bundle.read(make_proposing(tmp_path / "m" / "1", chunked=chunked)))
    assert (model.conclusion is not None) == chunked
    assert model.provider == "CPUExecutionProvider"


def test_a_missing_conclusion_is_named(make_proposing: MakeBundle, tmp_path: Path) -> None:
    folder = make_proposing(tmp_path / "m" / "1", chunked=True)
    (folder / card.CONCLUSION_FILE).unlink()
    with pytest.raises(BadBundle, match=r"conclusion.onnx is missing. Export the model again"):
        bundle.read(folder)


def test_an_altered_conclusion_is_refused(make_proposing: MakeBundle, tmp_path: Path) -> None:
    folder = make_proposing(tmp_path / "m" / "1", chunked=True)
    with (folder / card.CONCLUSION_FILE).open("ab") as graph:
        graph.write(b"\0")
    with pytest.raises(BadBundle, match=r"conclusion.onnx was altered: its SHA-256 is"):
        bundle.read(folder)


def edit_chunk(folder: Path, **changes: object) -> bundle.Bundle:
    """Return the bundle with its record of chunks changed."""
    file = folder / card.CARD_FILE
    its = json.loads(file.read_text())
    its["chunk"] |= changes
    file.write_text(json.dumps(its))
    return bundle.read(folder)


def test_regions_of_another_length_are_refused_with_the_difference(
    make_proposing: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    changed = edit_chunk(make_proposing(tmp_path / "m" / "1", chunked=True), numbers=7)
    with pytest.raises(BadBundle, match=r"model.onnx of m/1 is not what its card says") as caught:
        runtime.load(changed)
    assert (
        "output: the card says regions tensor(float) (N, P, 7), "
        "the graph has regions tensor(float) (N, P, 3)"
    ) in str(caught.value)


def test_a_conclusion_that_is_another_graph_is_refused(
    make_proposing: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    folder = make_proposing(tmp_path / "m" / "1", chunked=True)
    graph = (folder / card.GRAPH_FILE).read_bytes()
    (folder / card.CONCLUSION_FILE).write_bytes(graph)
    changed = edit_chunk(folder, conclusion_sha256=hashlib.sha256(graph).hexdigest())
    with pytest.raises(BadBundle, match=r"conclusion\.onnx of m/1 is not what its card") as caught:
        runtime.load(changed)
    assert "input: the card says regions tensor(float) (N, P, 3), the graph has" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"proposals": None}, "it needs proposals, but has no rule for them"),
        ({"needs_proposals": False}, "it needs no proposals, but tells how they come"),
        ({"proposals": replace(RULE, limit=0)}, "not at least 1"),
        ({"proposals": replace(RULE, longest_side_px=-5)}, "not at least 1"),
        (
            {"chunk": ChunkRecord(most=0, numbers=3, conclusion_sha256="")},
            "the numbers of its chunks",
        ),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(
    changes: dict[str, object], fault: str, make_proposing: MakeBundle, tmp_path: Path
) -> None:
    folder = make_proposing(tmp_path / "m" / "1", **changes)
    with pytest.raises(BadBundle, match=f"model.json contradicts itself: .*{fault}"):
        bundle.read(folder)


def test_a_graph_that_fails_on_proposals_is_found_out_at_once(
    make_proposing: MakeBundle, tmp_path: Path, runtime: Runtime
) -> None:
    read = bundle.read(make_proposing(tmp_path / "m" / "1", most_detections=6))
    with pytest.raises(BadBundle, match=r"the card says boxes tensor\(float\) \(N, 6, 4\)"):
        runtime.load(read)


def test_a_model_tells_its_rule_and_that_it_has_no_feature_maps(client: Client) -> None:
    model = client.model("chunked")
    assert model.proposals is not None
    its = model.proposals
    assert (its.source, its.limit, its.longest_side_px) == ("quarters", 4, 1000)
    assert model.levels == ()
    assert client.model("bright").proposals is None


def test_sources_are_listed_among_the_plugins(client: Client) -> None:
    kinds = {plugin.name: plugin.kind for plugin in client.plugins()}
    assert kinds["quarters"] == "proposal source"
    assert np.all([kinds[name] == "neck" for name in ("fpn", "none")])
