"""Why something is not served: callers see which file, and not where the server keeps it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import pytest

from boxwright.client import Client
from boxwright.inference.open_inference_pb2 import RepositoryIndexRequest
from boxwright.inference.open_inference_pb2_grpc import GRPCInferenceServiceStub
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.shelf.places import ALIASES_FILE
from boxwright_contract import card
from boxwright_contract.errors import CannotChange, UnknownName

Put = Callable[..., Path]
Serve = Callable[..., AbstractContextManager[Client]]


@pytest.fixture
def troubled(put: Put, folder: Path) -> Path:
    """A folder of one good model, and of every kind of trouble."""
    put("bright/1")
    (put("altered/1") / card.GRAPH_FILE).write_bytes(b"altered")
    (put("lost/1") / card.GRAPH_FILE).unlink()
    (put("garbled/1") / card.CARD_FILE).write_text("{")
    put("unnumbered/first")
    (folder / "altered" / ALIASES_FILE).write_text("[]")
    (folder / "bright" / ALIASES_FILE).write_text('{"next": 3}')
    return folder


def test_no_reason_tells_where_the_models_lie_and_the_log_does(
    troubled: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    with serve(watch_s=0, admin=True) as client:
        problems = [model.problem for model in client.models() if model.problem]
        assert len(problems) == 6
        for name in ("altered", "lost", "garbled"):
            with pytest.raises(UnknownName) as unknown:
                client.model(name)
            problems.append(str(unknown.value))
        with pytest.raises(CannotChange) as refused:
            client.load_model("altered")
        problems.append(str(refused.value))
    assert not [problem for problem in problems if str(troubled) in problem]
    assert "lost/1/model.onnx is missing. Export the model again" in " ".join(problems)
    assert f"{troubled}/lost/1/model.onnx is missing" in caplog.text
    assert f"{troubled}/altered/{ALIASES_FILE} is no object of aliases" in caplog.text


def test_the_index_of_the_protocol_has_versions_alone(troubled: Path) -> None:
    settings = Settings(models=troubled, port=0, device="cpu", threads=1, warm_up_s=0)
    with (
        serve_in_background(settings) as address,
        grpc.insecure_channel(str(address)) as channel,
    ):
        index = GRPCInferenceServiceStub(channel).RepositoryIndex(RepositoryIndexRequest())
    assert {(each.name, each.version, each.state) for each in index.models} == {
        ("bright", "1", "READY"),
        ("altered", "1", "UNAVAILABLE"),
        ("garbled", "1", "UNAVAILABLE"),
        ("lost", "1", "UNAVAILABLE"),
        ("unnumbered", "first", "UNAVAILABLE"),
    }
    assert not [each.reason for each in index.models if str(troubled) in each.reason]
