"""The gate refuses graphs that are wrong about proposals, and keeps nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from boxwright_contract.errors import BadPlugin, ParityFailed
from boxwright_contract.parts import Batch, Detections
from boxwright_plugins.graph.conclusion import Conclusion
from boxwright_workshop.export import Release, export_bundle

Made = Callable[[str], Release]


class CountIgnored(nn.Module):
    """A graph that takes filling for proposals."""

    def __init__(self, sound: nn.Module, position: int) -> None:
        """Change the input at `position`, which is proposal_count; proposals come before it."""
        super().__init__()
        self.sound = sound
        self.position = position

    def forward(
        self, first: Tensor, second: Tensor, third: Tensor, fourth: Tensor
    ) -> tuple[Tensor, ...]:
        given = [first, second, third, fourth]
        count, proposals = given[self.position], given[self.position - 1]
        given[self.position] = torch.ones_like(count) * proposals.shape[1] + 0 * count
        found: tuple[Tensor, ...] = self.sound(*given)
        return found


def refused(release: Release, tmp_path: Path) -> str:
    with pytest.raises(ParityFailed) as caught:
        export_bundle(release, tmp_path / "trees" / "1", (), lambda *_: None)
    assert list(tmp_path.iterdir()) == []
    return str(caught.value)


def with_part(release: Release, **changes: Any) -> Release:
    part = replace(release.detector.part, **changes)
    return replace(release, detector=replace(release.detector, part=part))


def test_a_graph_that_takes_filling_for_proposals_is_refused(made: Made, tmp_path: Path) -> None:
    release = made("fast_rcnn")
    exportable = release.detector.part.exportable
    sick = with_part(release, exportable=lambda net: CountIgnored(exportable(net), 3))
    told = refused(sick, tmp_path)
    assert "with 0 proposals alone" in told
    assert "in a batch" in told


def test_a_conclusion_that_takes_filling_for_proposals_is_refused(
    made: Made, tmp_path: Path
) -> None:
    release = made("rcnn")
    chunked = release.detector.part.chunked
    assert chunked
    sick = replace(chunked, conclusion=lambda net: CountIgnored(chunked.conclusion(net), 2))
    told = refused(with_part(release, chunked=sick), tmp_path)
    assert "proposals in a batch" in told
    assert "proposals alone" not in told


def test_a_conclusion_that_is_right_about_few_regions_only_is_refused(
    made: Made, tmp_path: Path
) -> None:
    release = made("rcnn")
    chunked = release.detector.part.chunked
    assert chunked

    def conclusion(net: nn.Module) -> nn.Module:
        sick = chunked.conclusion(net)
        sick.conclusion = Conclusion(replace(release.options, most_detections=12))
        return sick

    told = refused(with_part(release, chunked=replace(chunked, conclusion=conclusion)), tmp_path)
    assert "300 proposals" in told


class Attributed(nn.Module):
    """A graph that says of each detection that it comes from another proposal."""

    def __init__(self, sound: nn.Module, change: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.sound = sound
        self.change = change

    def forward(
        self, image: Tensor, image_size: Tensor, proposals: Tensor, proposal_count: Tensor
    ) -> tuple[Tensor, ...]:
        *found, proposal = self.sound(image, image_size, proposals, proposal_count)
        there = (found[1] > 0).to(proposal.dtype)
        return (*found, self.change(proposal, proposal_count[:, None]) * there)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda proposal, _: proposal * 0 + 7, "detections come from the proposals 7 to 7, of 1"),
        (lambda proposal, count: count - 1 - proposal, "come from other proposals than torch's"),
    ],
    ids=["always one", "from the end"],
)
def test_a_graph_that_tells_of_other_proposals_is_refused(
    change: Callable[[Tensor, Tensor], Tensor], told: str, made: Made, tmp_path: Path
) -> None:
    release = made("fast_rcnn")
    exportable = release.detector.part.exportable
    sick = with_part(release, exportable=lambda net: Attributed(exportable(net), change))
    assert told in refused(sick, tmp_path)


def test_a_detector_that_does_not_tell_of_its_proposals_is_refused(
    made: Made, tmp_path: Path
) -> None:
    release = made("fast_rcnn")
    detect = release.detector.part.detect

    def silent(net: nn.Module, batch: Batch) -> list[Detections]:
        return [replace(found, proposals=None) for found in detect(net, batch)]

    with pytest.raises(BadPlugin, match=r"Detections\.proposals is None"):
        export_bundle(with_part(release, detect=silent), tmp_path / "m" / "1", (), lambda *_: None)
