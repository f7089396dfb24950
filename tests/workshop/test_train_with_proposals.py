"""Detectors that need proposals are trained, judged and loaded as the others are."""

from dataclasses import replace
from pathlib import Path

import pytest

from boxwright_contract.errors import BadSettings, BadWeights
from boxwright_workshop import accuracy, annotations, checkpoint, network
from boxwright_workshop.fitting import Fitted
from boxwright_workshop.proposals import Proposed, with_proposals
from boxwright_workshop.recipe import Recipe, parse
from boxwright_workshop.train import Epoch, train

FAST_RCNN = """
detector = "fast_rcnn"
weights = ""
[options]
head_channels = 32
regions_train = 16
[proposals]
source = "sliding_window"
limit = 40
longest_side_px = 128
[input]
short_side_px = 64
long_side_px = 96
divisor = 32
[augmentation]
canvas_px = 64
[schedule]
epochs = 2
batch = 4
learning_rate = 2e-3
warm_up_steps = 2
averaging = 0.8
"""
RCNN = FAST_RCNN.replace('"fast_rcnn"', '"rcnn"').replace(
    "[options]", "[options]\nregion_px = 32\ncontext_px = 2"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's cache, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def measured(folder: Path, file: Path, *options: str) -> float:
    """Return the average precision of a checkpoint, as `boxwright evaluate` measures it."""
    net, record = checkpoint.load(folder, options=options)
    data = annotations.read(file)
    photos = with_proposals(data.photos, record.recipe.proposals)
    found = accuracy.of_network(
        net, network.detector_of(record.recipe), record.recipe.input, photos
    )
    return accuracy.average_precision(data, found).ap


def test_fast_rcnn_is_trained_on_proposals(shapes: Path, tmp_path: Path) -> None:
    data = annotations.read(shapes)
    recipe = parse(FAST_RCNN, "fast")
    events = list(train(recipe, data, data, tmp_path / "run", resume=False, made_by=""))
    assert events[:16] == [Proposed(done, 8) for done in range(1, 9)] * 2
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert len(epochs) == 2
    best = tmp_path / "run" / "best"
    _, record = checkpoint.load(best)
    assert record.recipe.proposals == recipe.proposals
    assert record.accuracy is not None
    assert measured(best, shapes) == record.accuracy.ap
    assert not any(isinstance(event, Fitted) for event in events)


def test_options_that_no_parameter_depends_on_can_be_changed_afterwards(
    shapes: Path, tmp_path: Path
) -> None:
    data = annotations.read(shapes)
    best = tmp_path / "run" / "best"
    list(train(parse(FAST_RCNN, "fast"), data, data, best.parent, resume=False, made_by=""))
    _, same = checkpoint.load(best, "fast_rcnn", ["head_channels=32"])
    assert same.accuracy is not None
    _, other = checkpoint.load(best, options=["min_score=1.0"])
    assert other.accuracy is None
    assert measured(best, shapes, "min_score=1.0") == 0
    with pytest.raises(BadWeights, match=r"belongs\. Parameters depend on these options: train"):
        checkpoint.load(best, options=["head_channels=16"])
    with pytest.raises(BadWeights, match=r"are of fast_rcnn and do not fit rcnn: leave --detector"):
        checkpoint.load(best, "rcnn", ["region_px=64"])
    with pytest.raises(BadSettings, match=r"no field 'min_scor'\. Did you mean 'min_score'"):
        checkpoint.load(best, options=["min_scor=0.5"])


def test_what_is_fitted_after_training_is_judged_and_kept(shapes: Path, tmp_path: Path) -> None:
    data = annotations.read(shapes)
    options = {"classifier": "svm", "regression": "ridge"}
    recipe = parse(RCNN, "rcnn")
    recipe = replace(recipe, options=recipe.options | options)
    events = list(train(recipe, data, data, tmp_path / "run", resume=False, made_by=""))
    fitted = events[-1]
    assert isinstance(fitted, Fitted)
    assert fitted.accuracy is not None
    _, record = checkpoint.load(tmp_path / "run" / "best")
    assert record.accuracy == fitted.accuracy
    assert measured(tmp_path / "run" / "best", shapes) == fitted.accuracy.ap


def test_a_detector_without_classes_is_a_part_of_another_and_not_trained(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    data = annotations.read(shapes)
    rpn = replace(small, detector="rpn")
    with pytest.raises(BadSettings, match="export its checkpoint with --detector rpn"):
        next(train(rpn, data, None, tmp_path / "run", resume=False, made_by=""))
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_faster_rcnn_is_one_of_its_proposal_network(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    data = annotations.read(shapes)
    events = train(small, data, None, tmp_path / "run", resume=False, made_by="")
    next(event for event in events if isinstance(event, Epoch))
    net, record = checkpoint.load(tmp_path / "run" / "best", "rpn")
    detector = network.detector_of(record.recipe)
    assert detector.class_agnostic
    found = list(accuracy.of_network(net, detector, record.recipe.input, data.photos[:2]))
    assert all(len(scores) and not labels.any() for _, scores, labels in found)
