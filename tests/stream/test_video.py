"""`boxwright detect` of videos, which the tests write themselves."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boxwright.cli import app
from boxwright.cli.video import read_frames
from boxwright.ports import Address
from boxwright.server import serve_in_background
from boxwright.settings import Settings

RATE = 10
FRAMES = 24
STEP_PX = 4
"""The green square moves so far from frame to frame."""

CODECS = pytest.mark.parametrize(
    ("name", "codec"), [("clip.mp4", "mp4v"), ("clip.avi", "MJPG"), ("clip.webm", "VP80")]
)


def write_clip(file: Path, codec: str = "mp4v", sides: tuple[int, int] = (128, 192)) -> Path:
    """Write a video of a green square of 40 pixels that moves to the right."""
    height, width = sides
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*codec), RATE, (width, height))
    assert writer.isOpened()
    for number in range(FRAMES):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[40:80, STEP_PX * number :][:, :40, 1] = 255
        writer.write(frame)
    writer.release()
    return file


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("clip.mp4"))
    return Path("clip.mp4")


def boxwright(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["detect", *arguments])


def lines(*arguments: str) -> list[dict[str, Any]]:
    printed = boxwright(*arguments, "--output", "jsonl")
    assert printed.exit_code == 0, printed.output
    return [json.loads(line) for line in printed.stdout.splitlines()]


def lefts(answers: list[dict[str, Any]]) -> list[float]:
    """Return the left edge of the square in each frame."""
    return [each["detections"][0]["box_px"][0] for each in answers]


@CODECS
def test_every_frame_of_a_video_has_its_line(
    address: Address, tmp_path: Path, name: str, codec: str
) -> None:
    clip = write_clip(tmp_path / name, codec)
    answers = lines(str(clip), "--server", str(address))
    assert [each["frame"] for each in answers] == list(range(FRAMES))
    assert [each["time_s"] for each in answers] == pytest.approx(
        [number / RATE for number in range(FRAMES)], abs=0.002
    )
    assert {(each["height_px"], each["width_px"]) for each in answers} == {(128, 192)}
    assert lefts(answers) == pytest.approx([STEP_PX * n for n in range(FRAMES)], abs=4)


def test_every_so_many_frames_are_looked_at(address: Address, clip: Path) -> None:
    answers = lines(str(clip), "--every", "5", "--server", str(address))
    assert [each["frame"] for each in answers] == [0, 5, 10, 15, 20]
    assert lefts(answers) == pytest.approx([0, 20, 40, 60, 80], abs=4)


def test_a_table_names_the_frames(address: Address, clip: Path) -> None:
    printed = boxwright(str(clip), "--every", "10", "--server", str(address))
    head, *rows = [line.split() for line in printed.stdout.splitlines()]
    assert head[:2] == ["file", "label"]
    assert [row[:2] for row in rows] == [[f"clip.mp4#{n}", "green"] for n in (0, 10, 20)]
    assert printed.stderr == ""


def test_the_annotated_copy_is_a_video_of_the_same_length(address: Address, clip: Path) -> None:
    lines(str(clip), "--every", "2", "--annotate", "drawn", "--server", str(address))
    copy = cv2.VideoCapture("drawn/clip.mp4")
    assert copy.get(cv2.CAP_PROP_FPS) == pytest.approx(RATE / 2)
    drawn = list(read_frames(Path("drawn/clip.mp4")))
    plain = list(read_frames(clip, every=2))
    assert len(drawn) == len(plain) == FRAMES // 2
    for ours, its in zip(drawn, plain, strict=True):
        difference = cv2.absdiff(ours.pixels, its.pixels).max(axis=2)
        left = STEP_PX * its.number
        assert (difference[78:82, left + 4 : left + 36] > 60).any(axis=0).all()  # the lower edge
        assert (difference[100:] < 60).all()


def test_images_and_videos_are_looked_at_in_the_order_they_are_named(
    address: Address, clip: Path
) -> None:
    cv2.imwrite("a.png", np.zeros((64, 64, 3), np.uint8))
    answers = lines("a.png", str(clip), "a.png", "--every", "23", "--server", str(address))
    assert [each["file"] for each in answers] == ["a.png", "clip.mp4", "clip.mp4"]
    cv2.imwrite("b.png", np.zeros((64, 64, 3), np.uint8))
    answers = lines("a.png", str(clip), "b.png", "--every", "23", "--server", str(address))
    assert [each["file"] for each in answers] == ["a.png", "clip.mp4", "clip.mp4", "b.png"]


def test_a_video_that_cannot_be_read_is_named_and_the_rest_goes_on(
    address: Address, clip: Path
) -> None:
    Path("broken.mp4").write_bytes(b"not a video")
    printed = boxwright(
        "none.mp4", "broken.mp4", str(clip), "*.avi", "--every", "12", "--server", str(address)
    )
    assert printed.exit_code == 1
    assert "error: none.mp4: 'none.mp4' cannot be read: No such file" in printed.stderr
    assert "error: broken.mp4: 'broken.mp4' has no frame that can be read" in printed.stderr
    assert "the pattern '*.avi' matches no file" in printed.stderr
    assert "3 of 5 failed." in printed.stderr
    assert "clip.mp4#12" in printed.stdout


def test_an_unknown_model_ends_the_command(address: Address, clip: Path) -> None:
    printed = boxwright(str(clip), "--model", "brigth", "--server", str(address))
    assert printed.exit_code == 2
    assert printed.stderr.count("error:") == 1
    assert "Did you mean 'bright'?" in printed.stderr


def test_frames_too_large_to_send_raw_are_coded(settings: Settings, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "large.mp4", sides=(1408, 2048))  # 8.25 MiB a frame
    roomy = replace(settings, metrics=False, max_message_bytes=8 << 20)
    with serve_in_background(roomy) as address:
        answers = lines(str(clip), "--every", "12", "--server", str(address))
    assert [each["detections"][0]["label"] for each in answers] == ["green", "green"]
