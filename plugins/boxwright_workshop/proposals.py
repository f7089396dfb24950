"""The proposals of a dataset's photos: made on every core, once, and kept on disk."""

import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from boxwright_contract.catalog import Catalog, Offer
from boxwright_contract.errors import BadSettings
from boxwright_contract.parts import ProposalSource
from boxwright_contract.proposal_rule import ProposalRule, propose
from boxwright_workshop import proposal_cache
from boxwright_workshop.annotations import Dataset, Photo
from boxwright_workshop.examples import read_pixels


@dataclass(frozen=True)
class Proposed:
    """Regions of one more photo were proposed."""

    done: int
    photos: int


def check_rule(rule: ProposalRule) -> None:
    """Refuse a rule that cannot work here.

    Raises:
        UnknownName: Its source is not installed.
        BadSettings: A number in it is under 1.
    """
    Catalog.installed().proposal_source(rule.source)
    for name, value in (("limit", rule.limit), ("longest_side_px", rule.longest_side_px)):
        if value < 1:
            raise BadSettings(f"proposals.{name} of the recipe is {value}. Make it 1 or more.")


def with_proposals(photos: Iterable[Photo], rule: ProposalRule | None) -> Iterator[Photo]:
    """Yield `photos` with what `rule` proposes, in their order; as they are without a rule.

    Raises:
        UnknownName: The rule's source is not installed.
        BadDataset: A photo is damaged.
    """
    if rule is None:
        yield from photos
        return
    catalog = Catalog.installed()
    source = catalog.proposals[catalog.proposal_source(rule.source).name]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield from pool.map(lambda photo: _with_proposals(photo, source, rule), photos)
    finally:
        pool.shutdown(cancel_futures=True)


def proposed(data: Dataset, rule: ProposalRule | None) -> Generator[Proposed, None, Dataset]:
    """Return `data` with what `rule` proposes for each photo, and tell of each on the way."""
    if rule is None:
        return data
    photos: list[Photo] = []
    for photo in with_proposals(data.photos, rule):
        photos.append(photo)
        yield Proposed(len(photos), len(data.photos))
    return replace(data, photos=tuple(photos))


def _with_proposals(photo: Photo, source: Offer[ProposalSource], rule: ProposalRule) -> Photo:
    file = proposal_cache.file_of(photo.path.read_bytes(), source, rule)
    boxes = proposal_cache.read(file)
    if boxes is None:
        boxes = propose(source.part, read_pixels(photo), rule)
        proposal_cache.write(file, boxes)
    return replace(photo, proposals=boxes)
