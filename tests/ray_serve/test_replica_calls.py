"""Calls on their way through a replica, without Ray: they end as those of a server do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse
from tests.ray_serve.asking import BAD, DETECT, GOOD, PHOTO, Ending, ending

from boxwright.core import Front, opened
from boxwright.ray_serve.dispatch import Dispatch
from boxwright.ray_serve.methods import METHODS, path
from boxwright.ray_serve.replica import Replica
from boxwright.rpc.health import HealthService
from boxwright.security.tokens import new_token
from boxwright.services import SERVICES
from boxwright.settings import Settings
from boxwright.stopping import Stop
from boxwright.v1.detection_pb2 import DetectRequest, DetectStreamRequest

STREAM = "/boxwright.v1.DetectionService/DetectStream"

Value = TypeVar("Value")


class Call:
    """A call as Serve hands it over, and what its caller would be told."""

    def __init__(self, *metadata: tuple[str, str | bytes]) -> None:
        self._metadata = metadata
        self.code: grpc.StatusCode | None = None
        self.details = ""
        self.trailing: Sequence[tuple[str, str | bytes]] = ()

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self._metadata

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details

    def set_trailing_metadata(self, trailing_metadata: list[tuple[str, str | bytes]]) -> None:
        self.trailing = trailing_metadata

    @property
    def ending(self) -> Ending:
        return Ending.told(self.code.name if self.code else "OK", self.details, self.trailing)


@dataclass(frozen=True)
class Inside:
    """What is inside of a replica."""

    calls: Dispatch
    front: Front


@asynccontextmanager
async def replica(settings: Settings) -> AsyncIterator[Inside]:
    front, status = Front.of(settings), HealthService(*SERVICES)
    async with opened(front, status, settings, Stop()) as core:
        await status.become(HealthCheckResponse.SERVING)
        yield Inside(Dispatch(core.services, front.interceptors), front)


def asked(settings: Settings, ask: Callable[[Inside], Awaitable[Value]]) -> Value:
    """Return what `ask` does with a replica."""

    async def all_of_it() -> Value:
        async with replica(settings) as inside:
            return await ask(inside)

    return asyncio.run(all_of_it())


def test_no_two_methods_have_one_name_by_which_serve_would_confuse_them() -> None:
    names = [method.name for method in METHODS]
    assert len(set(names)) == len(names)
    own = {"answer", "answers", "check_health", "reconfigure"}
    assert not own & set(names)
    assert all(callable(getattr(Replica, name)) for name in names)
    assert "Watch" not in names


def test_every_service_is_registered_with_serve() -> None:
    assert {path(method).split("/")[1] for method in METHODS} == {
        *SERVICES,
        "grpc.health.v1.Health",
    }


def test_a_refusal_is_that_of_a_server_to_the_last_detail(
    settings: Settings, channel: grpc.Channel
) -> None:
    async def ask(inside: Inside) -> dict[str, Ending]:
        endings = {}
        for what, (its_path, request) in BAD.items():
            call = Call()
            await inside.calls.one(its_path, request, call)
            endings[what] = call.ending
        return endings

    told = asked(settings, ask)
    for what, (its_path, request) in BAD.items():
        assert told[what] == ending(channel, its_path, request), what
    assert {its.code for its in told.values()} == {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
    }


def test_an_answer_is_that_of_a_server_and_carries_the_callers_id(settings: Settings) -> None:
    async def ask(inside: Inside) -> tuple[Any, Call]:
        call = Call(("x-request-id", "mine"))
        return await inside.calls.one(DETECT, GOOD.SerializeToString(), call), call

    answer, call = asked(settings, ask)
    assert len(answer.detections) == 3
    assert call.code is None
    assert call.trailing == [("x-request-id", "mine")]


def test_calls_are_answered_on_the_event_loop_that_ray_runs(settings: Settings) -> None:
    uvloop = pytest.importorskip("uvloop", reason="comes with ray: uv sync --extra ray")

    async def ask() -> list[Any]:
        async with replica(settings) as inside:
            request = GOOD.SerializeToString()
            asking = (inside.calls.one(DETECT, request, Call()) for _ in range(40))
            return await asyncio.gather(*asking)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answers = runner.run(ask())
    assert [len(answer.detections) for answer in answers] == [3] * 40


def test_a_stream_is_answered_in_order_and_what_is_wrong_stands_in_its_place(
    settings: Settings,
) -> None:
    sent = [
        DetectStreamRequest(
            id=str(n),
            request=DetectRequest(model="bright", encoded=PHOTO[:40] if n == 5 else PHOTO),
        )
        for n in range(8)
    ]

    async def requests() -> AsyncIterator[bytes]:
        for each in sent:
            yield each.SerializeToString()

    async def ask(inside: Inside) -> list[Any]:
        return [each async for each in inside.calls.many(STREAM, requests(), Call())]

    answers = asked(settings, ask)
    assert [each.id for each in answers] == [str(n) for n in range(8)]
    assert [each.HasField("error") for each in answers] == [n == 5 for n in range(8)]


def test_a_stream_that_is_closed_ends_its_work(settings: Settings) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield DetectStreamRequest(request=GOOD).SerializeToString()
            await asyncio.sleep(0)

    async def ask(inside: Inside) -> int:
        before = asyncio.all_tasks()
        stream: Any = inside.calls.many(STREAM, endless(), Call())
        taken = [await anext(stream) for _ in range(3)]
        await stream.aclose()
        async with asyncio.timeout(5):  # a model run that has begun is not cut off
            while asyncio.all_tasks() - before:
                await asyncio.sleep(0.01)
        return len(taken)

    assert asked(settings, ask) == 3


def test_tokens_are_wanted_where_a_file_of_them_is_set(settings: Settings, tmp_path: Path) -> None:
    secret, token = new_token("looker", ["catalog"])
    (tmp_path / "tokens.toml").write_text(token.toml())

    async def ask(inside: Inside) -> list[str]:
        codes = []
        for metadata in ((), (("authorization", f"Bearer {secret}"),)):
            for its_path in (DETECT, "/boxwright.v1.CatalogService/ListModels"):
                call = Call(*metadata)
                await inside.calls.one(its_path, b"", call)
                codes.append(call.ending.code)
        return codes

    assert asked(replace(settings, tokens=tmp_path / "tokens.toml"), ask) == [
        "UNAUTHENTICATED",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "OK",
    ]


def test_a_full_replica_refuses_with_the_time_to_come_back(settings: Settings) -> None:
    async def ask(inside: Inside) -> Ending:
        call = Call()
        with inside.front.admission.admit():
            await inside.calls.one(DETECT, GOOD.SerializeToString(), call)
        return call.ending

    told = asked(replace(settings, max_requests=1), ask)
    assert told.code == "RESOURCE_EXHAUSTED"
    assert int(told.pushback[0]) > 0
    assert "RetryInfo" in str(told.details[0])


def test_what_fails_inside_gets_out_as_an_id_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask(inside: Inside) -> Ending:
        call = Call()
        inside.calls._by_path[DETECT] = grpc.unary_unary_rpc_method_handler(broken)
        await inside.calls.one(DETECT, b"", call)
        return call.ending

    async def broken(request: bytes, context: Any) -> None:
        raise RuntimeError("a secret of the inside")

    told = asked(settings, ask)
    assert told.code == "INTERNAL"
    assert "secret" not in told.message
    reference = told.message.split()[2].rstrip(";")
    assert reference in caplog.text
    assert "a secret of the inside" in caplog.text
