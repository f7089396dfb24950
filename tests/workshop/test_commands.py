"""`boxwright train`, `evaluate` and `export`, as they are typed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.exit_codes import UNUSABLE, USAGE
from boxwright.cli.training_progress import show
from boxwright.client import Client
from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright_contract.card import AccuracyRecord
from boxwright_workshop.train import STATE, Epoch, Event, Step


def boxwright(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_bad_annotations_are_listed_and_nothing_is_written(shapes: Path, tmp_path: Path) -> None:
    content = json.loads(shapes.read_text())
    content["annotations"][0]["category_id"] = 9
    content["annotations"][3]["bbox"] = [0, 0, 500, 500]
    shapes.write_text(json.dumps(content))
    told = boxwright("train", "--data", shapes, "--out", tmp_path / "run")
    assert told.exit_code == UNUSABLE
    assert told.stdout == ""
    assert "2 problems" in told.stderr
    assert "annotation 1 of 0_1.png: unknown category 9" in told.stderr
    assert "annotation 4 of 0_2.png: the box [0, 0, 500, 500] leaves the image" in told.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "cure"),
    [
        (["train", "--data", "gone.json", "--out", "run"], UNUSABLE, "Check the path"),
        (["evaluate", "people", "--data", "gone.json"], UNUSABLE, "Check the path"),
        (["export", "runs/gone", "--name", "mine"], USAGE, "Give one that `boxwright train` wrote"),
        (["export", "runs/gone", "--name", "timm:ant"], USAGE, "Try 'timm-ant'"),
        (["export", "empty", "--name", "mine"], UNUSABLE, "Give the folder that `boxwright train`"),
        (
            ["export", "empty", "--name", "mine", "--weights", "x.pth"],
            USAGE,
            "--weights is for torchvision's detectors",
        ),
    ],
    ids=[
        "train",
        "evaluate",
        "export nothing",
        "export to nowhere",
        "export another folder",
        "export with weights",
    ],
)
def test_what_is_not_there_is_said_with_the_cure(
    arguments: list[str], code: int, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    told = boxwright(*arguments)
    assert told.exit_code == code
    assert cure in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--backbone", "resnet5"], "Did you mean 'resnet50'?"),
        (["--detector", "faster_rcn"], "Did you mean 'faster_rcnn'?"),
        (["--recipe", "poeple"], "Did you mean 'people'?"),
        (["--option", "proposal=3"], "Did you mean 'proposals'?"),
        (["--option", "proposals"], "is not KEY=VALUE"),
        (["--epochs", "0"], "--epochs"),
        (["--resume"], "Start it without --resume"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_wrong_name_or_option_is_a_usage_error(
    options: list[str], told: str, shapes: Path, tmp_path: Path
) -> None:
    printed = boxwright("train", "--data", shapes, "--out", tmp_path / "run", *options)
    assert printed.exit_code == USAGE
    assert told in printed.stderr


def test_a_run_that_is_there_is_not_overwritten(shapes: Path, tmp_path: Path) -> None:
    (tmp_path / STATE).parent.mkdir(parents=True)
    (tmp_path / STATE).write_bytes(b"a run")
    printed = boxwright("train", "--data", shapes, "--out", tmp_path)
    assert printed.exit_code == USAGE
    assert "Resume it with --resume, or name another" in printed.stderr


def write_colours(folder: Path, names: tuple[str, ...]) -> Path:
    """Write pictures of rectangles in pure colours, which the detector of the tests finds."""
    channels = {"red": 2, "green": 1, "blue": 0}  # as OpenCV writes them
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    images: list[dict[str, object]] = []
    notes: list[dict[str, object]] = []
    for number in range(9):  # enough for a progress bar
        picture = np.zeros((96, 128, 3), np.uint8)
        for category, name in enumerate(names):
            x, y, width, height = (int(value) for value in rng.integers(20, 48, 4))
            picture[y : y + height, x : x + width, channels[name]] = 255
            notes.append(
                {
                    "id": len(notes),
                    "image_id": number,
                    "category_id": category,
                    "bbox": [x, y, width, height],
                }
            )
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        images.append({"id": number, "file_name": f"{number}.png", "width": 128, "height": 96})
    categories = [{"id": category, "name": name} for category, name in enumerate(names)]
    file = folder / "colours.json"
    file.write_text(json.dumps({"images": images, "annotations": notes, "categories": categories}))
    return file


@pytest.mark.parametrize("names", [("blue", "red"), ("green", "red", "blue"), ("blue",)])
def test_a_served_model_is_measured_by_the_names_of_its_classes(
    names: tuple[str, ...], make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    make_bundle(tmp_path / "models" / "bright" / "1")
    data = write_colours(tmp_path, names)
    told = boxwright(
        "evaluate", "bright", "--data", data, "--models", tmp_path / "models", "--json"
    )
    assert told.exit_code == 0, told.stderr
    record = json.loads(told.stdout)
    assert (record["images"], record["ap50"]) == (9, 1)
    assert record["ap"] > 0.9


def test_a_model_of_other_classes_cannot_be_measured(shapes: Path, models: Path) -> None:
    shapes.write_text(shapes.read_text().replace('"blue"', '"violet"'))
    told = boxwright("evaluate", "bright", "--data", shapes, "--models", models)
    assert told.exit_code == USAGE
    assert "the model finds red, green, blue" in told.stderr
    assert "none of these classes but violet, orange" in told.stderr


def test_an_unknown_model_is_named_with_the_nearest(shapes: Path, models: Path) -> None:
    told = boxwright("evaluate", "brigt", "--data", shapes, "--models", models)
    assert told.exit_code == USAGE
    assert "Did you mean 'bright'?" in told.stderr


def test_a_folder_that_is_called_like_a_model_does_not_hide_it(
    make_bundle: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bundle(tmp_path / "models" / "bright" / "1")
    (tmp_path / "bright").mkdir()
    data = write_colours(tmp_path, ("red",))
    monkeypatch.chdir(tmp_path)
    assert boxwright("evaluate", "bright", "--data", data, "--models", "models").exit_code == 0


def test_progress_goes_to_stderr_and_epochs_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    def events() -> Iterator[Event]:
        for done in range(1, 101):
            yield Step(done, 100, 1.5, 8.0, 3725.0)
        record = AccuracyRecord(dataset="a/b.json", images=3, ap=0.25, ap50=0.5)
        yield Epoch(1, 2, 1.25, record, best=True)
        yield Epoch(2, 2, 1.0, None, best=False)

    show(events())
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "epoch 1 of 2: loss 1.250, AP 0.250, AP50 0.500, the best so far",
        "epoch 2 of 2: loss 1.000",
    ]
    assert printed.err.splitlines() == [
        f"step {done} of 100: loss 1.500, 8.0 images/s, 1 h 02 min left" for done in (50, 100)
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_annotated_photos_to_boxes_over_grpc(
    shapes: Path, small_file: Path, tmp_path: Path
) -> None:
    run, models = tmp_path / "run", tmp_path / "models"
    recipe: list[str | Path] = [
        "--recipe",
        small_file,
        "--data",
        shapes,
        "--val",
        shapes,
        "--out",
        run,
    ]
    first = boxwright("train", *recipe, "--epochs", "1")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.splitlines()[0].startswith("epoch 1 of 1: loss ")
    second = boxwright("train", *recipe, "--epochs", "15", "--resume")
    assert second.exit_code == 0, second.stderr
    assert f"Next: boxwright export {run / 'best'} --name run" in second.stdout

    in_torch = boxwright("evaluate", run / "best", "--data", shapes, "--json")
    assert in_torch.exit_code == 0, in_torch.stderr

    photos = shapes.parent / "images"
    options: list[str | Path] = ["--name", "shapes", "--out", models, "--precision", "float16"]
    exported = boxwright("export", run / "best", *options, "--min-score", "0.1", "--photos", photos)
    assert exported.exit_code == 0, exported.stderr
    assert f"Next: boxwright serve --models {models}" in exported.stdout
    again = boxwright("export", run / "best", *options)
    assert again.exit_code == USAGE
    assert "Choose another version" in again.stderr

    served = boxwright("evaluate", "shapes", "--models", models, "--data", shapes, "--json")
    assert served.exit_code == 0, served.stderr
    assert json.loads(served.stdout) == pytest.approx(json.loads(in_torch.stdout), abs=0.01)

    listed = boxwright("models", "--models", models)
    assert ["shapes", "1", "faster_rcnn+efficientnet_lite0", "2"] in map(
        str.split, listed.stdout.splitlines()
    )
    shutil.rmtree(run)
    with (
        serve_in_background(
            Settings(models=models, port=0, drain_delay_s=0, warm_up_s=0)
        ) as address,
        Client(str(address)) as client,
    ):
        found = client.detect(photos / "0_1.png").detections
        card = json.loads(client.model("shapes").card_json)
    assert found
    assert {detection.label for detection in found} <= {"blue", "orange"}
    assert card["precision"] == "float16"
    assert card["accuracy"][0]["dataset"].endswith("/shapes0.json")
