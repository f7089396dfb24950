"""What only tests of the service need: a model of several feature maps, and who answers of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from boxwright.server import serve_in_background
from boxwright.settings import Settings
from boxwright.v1.geometry_pb2_grpc import GeometryServiceStub
from boxwright_contract.card import LevelRecord
from boxwright_contract.geometry.field import AxisField, EffectiveField, Field
from boxwright_contract.parts import RegionLevel

FINE = AxisField(4, (-8,), (11,))
COARSE = AxisField(64, (-100,), (163,))
BY_PHASE = AxisField(8, (-3, -1), (4, 6))
LEVELS = (
    LevelRecord(
        level=RegionLevel(
            name="P2", channels=8, stride=4, anchors_px=((-8, -8, 12, 12), (-4, -16, 8, 20))
        ),
        field=Field(axes=(FINE, FINE)),
        effective_field=EffectiveField(sigma_px=(2.5, 3.5), box95_px=(8, 12), images=4),
    ),
    LevelRecord(
        level=RegionLevel(name="U2", channels=8, stride=4), field=Field(axes=(BY_PHASE, None))
    ),
    LevelRecord(
        level=RegionLevel(name="P6", channels=8, stride=64, anchors_px=((-32, -32, 80, 80),)),
        field=Field(
            axes=(COARSE, COARSE), whole_through=("/se/Mul", "/se/Mul_1"), exact_at_border=False
        ),
    ),
    LevelRecord(
        level=RegionLevel(name="P7", channels=8, stride=64), field=None, field_unknown="it is odd"
    ),
)


@pytest.fixture(scope="session")
def seeing_models(
    make_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of one model with several feature maps."""
    folder = tmp_path_factory.mktemp("seeing")
    make_bundle(folder / "seeing" / "1", levels=LEVELS)
    return folder


@pytest.fixture(scope="session")
def geometry(seeing_models: Path) -> Iterator[GeometryServiceStub]:
    """GeometryService of a live server of `seeing_models`."""
    settings = Settings(
        models=seeing_models, port=0, device="cpu", threads=1, drain_delay_s=0, warm_up_s=0
    )
    with (
        serve_in_background(settings) as address,
        grpc.insecure_channel(
            str(address), options=[("grpc.max_receive_message_length", -1)]
        ) as channel,
    ):
        yield GeometryServiceStub(channel)
