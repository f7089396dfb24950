import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from boxwright_contract.card import AccuracyRecord
from boxwright_contract.errors import BadSettings, BadWeights
from boxwright_workshop import accuracy, annotations, checkpoint, network
from boxwright_workshop.annotations import Dataset
from boxwright_workshop.recipe import Recipe
from boxwright_workshop.train import STATE, Epoch, Event, Step, train


def run(
    recipe: Recipe,
    file: Path,
    out: Path,
    *,
    judged: bool = True,
    resume: bool = False,
    stop_after: int | None = None,
) -> list[Event]:
    data = annotations.read(file)
    val = data if judged else None
    events: list[Event] = []
    for event in train(recipe, data, val, out, resume=resume, made_by="a test"):
        events.append(event)
        if isinstance(event, Epoch) and event.done == stop_after:
            break
    return events


def longer(recipe: Recipe, epochs: int) -> Recipe:
    return replace(recipe, schedule=replace(recipe.schedule, epochs=epochs))


def test_it_learns_to_find_rectangles(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    events = run(longer(small, 45), shapes, tmp_path / "run", judged=False)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert epochs[-1].loss < epochs[0].loss / 2
    assert measured(tmp_path / "run" / "best", shapes).ap50 > 0.75


def test_the_best_checkpoint_has_the_accuracy_that_it_tells(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    events = run(small, shapes, tmp_path / "run")
    told = [event.accuracy.ap for event in events if isinstance(event, Epoch) and event.accuracy]
    _, record = checkpoint.load(tmp_path / "run" / "best")
    assert record.accuracy is not None
    assert record.accuracy.ap == max(told)
    assert measured(tmp_path / "run" / "best", shapes) == record.accuracy


def measured(folder: Path, file: Path) -> AccuracyRecord:
    net, record = checkpoint.load(folder)
    dataset = annotations.read(file)
    detector = network.detector_of(record.recipe)
    found = accuracy.of_network(net, detector, record.recipe.input, dataset.photos)
    return accuracy.average_precision(dataset, found)


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    small: Recipe, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(small, schedule=replace(small.schedule, batch=3))  # 3 + 3 + 2 photos
    run(recipe, shapes, tmp_path / "whole")
    monkeypatch.setattr("boxwright_workshop.train.SAVE_EVERY_S", 0)
    data = annotations.read(shapes)
    for event in train(recipe, data, data, tmp_path / "parts", resume=False, made_by=""):
        if isinstance(event, Step) and event.done == 5:  # the step before it was saved
            break
    events = run(recipe, shapes, tmp_path / "parts", resume=True)
    steps = [event.done for event in events if isinstance(event, Step)]
    assert steps == [5, 6]
    whole, parts = (load_file(tmp_path / name / STATE) for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.allclose(whole[key], parts[key], atol=1e-5) for key in whole)


def test_a_run_that_is_done_asks_for_more_epochs_and_then_goes_on(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    run(small, shapes, tmp_path / "run")
    for epochs in (1, 2):
        with pytest.raises(BadSettings, match=f"has done 2 epochs, and {epochs} are asked for"):
            run(longer(small, epochs), shapes, tmp_path / "run", resume=True)
    events = run(longer(small, 3), shapes, tmp_path / "run", resume=True)
    assert [event.done for event in events if isinstance(event, Epoch)] == [3]


def test_a_run_is_resumed_only_with_what_it_was_started_with(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    run(small, shapes, tmp_path / "run", stop_after=1)
    before = (tmp_path / "run" / STATE).read_bytes()
    other = replace(small, seed=1, options=small.options | {"head_channels": 32})
    with pytest.raises(BadSettings, match="started with other options, seed"):
        run(other, shapes, tmp_path / "run", resume=True)
    fewer = replace(small, schedule=replace(small.schedule, batch=2))
    with pytest.raises(BadSettings, match="started with other batch"):
        run(fewer, shapes, tmp_path / "run", resume=True)
    data = annotations.read(shapes)
    with pytest.raises(BadSettings, match="started with other number of photos"):
        next(
            train(
                small,
                replace(data, photos=data.photos[:7]),
                None,
                tmp_path / "run",
                resume=True,
                made_by="",
            )
        )
    assert (tmp_path / "run" / STATE).read_bytes() == before


def test_a_state_of_something_else_is_refused(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    run(small, shapes, tmp_path / "run", stop_after=1)
    state = tmp_path / "run" / STATE
    save_file(load_file(state), state)  # without what the run was for
    with pytest.raises(BadWeights, match="is not the state of a run"):
        run(small, shapes, tmp_path / "run", resume=True)


def test_a_run_is_not_overwritten_by_accident(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    run(small, shapes, tmp_path / "run", stop_after=1)
    before = (tmp_path / "run" / STATE).read_bytes()
    with pytest.raises(BadSettings, match="Resume it with --resume, or name another"):
        run(small, shapes, tmp_path / "run")
    assert (tmp_path / "run" / STATE).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused_before_training(
    small: Recipe, shapes: Path
) -> None:
    with pytest.raises(BadSettings, match=r"shapes0\.json cannot be made: File exists"):
        run(small, shapes, shapes)


def test_there_must_be_a_run_to_resume(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="holds no run to resume"):
        run(small, shapes, tmp_path / "none", resume=True)


def test_each_epoch_leaves_a_line_in_the_log(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    run(small, shapes, tmp_path / "run")
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["done"] for line in lines] == [1, 2]
    assert json.loads(lines[0])["accuracy"]["images"] == 8


def test_an_image_without_boxes_can_be_learnt_from(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    content = json.loads(shapes.read_text())
    content["annotations"] = content["annotations"][8:]
    shapes.write_text(json.dumps(content))
    events = run(small, shapes, tmp_path / "run", stop_after=1)
    assert all(event.loss >= 0 for event in events if isinstance(event, Step | Epoch))


def test_datasets_of_other_classes_are_refused(small: Recipe, shapes: Path, tmp_path: Path) -> None:
    data = annotations.read(shapes)
    other: Dataset = replace(data, classes=("cat", "dog"))
    with pytest.raises(BadSettings, match="Give both the same categories"):
        next(train(small, data, other, tmp_path / "run", resume=False, made_by=""))


def test_a_backbone_can_learn_from_random_weights(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    fresh = replace(small, weights="", freeze="", freeze_depthwise=False)
    events = run(fresh, shapes, tmp_path / "run", stop_after=1)
    assert isinstance(events[-1], Epoch)
    net, _ = checkpoint.load(tmp_path / "run" / "best")
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules())


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="is not a checkpoint"):
        checkpoint.load(tmp_path)


def test_a_checkpoint_for_other_classes_does_not_load(
    small: Recipe, shapes: Path, tmp_path: Path
) -> None:
    run(small, shapes, tmp_path / "run", stop_after=1)
    file = tmp_path / "run" / "best" / "checkpoint.json"
    file.write_text(file.read_text().replace('"blue",', '"blue", "green",'))
    with pytest.raises(BadWeights, match="cls_score"):
        checkpoint.load(tmp_path / "run" / "best")
