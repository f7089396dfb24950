"""What requests cannot say, what the code never does, and that nothing is callable by oversight."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, ServiceDescriptor

from boxwright.rpc.guard import BY_SERVICE, UNLISTED, permission_of
from boxwright.security.tokens import PERMISSIONS

ROOT = Path(__file__).parents[2]
PLACES = {"path", "file", "filename", "folder", "dir", "directory", "url", "uri", "host", "address"}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
SOURCES = [
    file
    for folder in ("service", "plugins")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if not file.stem.endswith(("_pb2", "_pb2_grpc"))
]
IDS = [str(file.relative_to(ROOT)) for file in SOURCES]


def services() -> Iterator[ServiceDescriptor]:
    """Find every service whose code is in the package."""
    for file in sorted((ROOT / "service" / "boxwright").rglob("*_pb2.py")):
        name = ".".join(file.relative_to(ROOT / "service").with_suffix("").parts)
        yield from importlib.import_module(name).DESCRIPTOR.services_by_name.values()


SERVICES = {service.full_name: service for service in services()}


def fields(message: Descriptor, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Find every field that a request can have, at whatever depth: its message and its name."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield message.full_name, field.name
        if field.message_type is not None:
            yield from fields(field.message_type, seen)


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_no_request_can_name_a_path_or_a_url(service: ServiceDescriptor) -> None:
    asked = [field for method in service.methods for field in fields(method.input_type, set())]
    assert asked
    assert [(where, name) for where, name in asked if PLACES & set(name.split("_"))] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_permission_that_tokens_can_have(service: str) -> None:
    assert service in BY_SERVICE
    assert permission_of(f"/{service}/Anything") in PERMISSIONS


def test_a_service_that_nobody_thought_of_is_for_the_admin() -> None:
    assert permission_of("/new.Service/Method") == UNLISTED == "admin"


@pytest.mark.parametrize("file", SOURCES, ids=IDS)
def test_nothing_that_runs_code_is_read_from_data(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                assert not PICKLES & {name.name.partition(".")[0] for name in names} - {"pickle"}
            case ast.Attribute(value=ast.Name(id="pickle"), attr=attribute):
                assert attribute == "UnpicklingError", node.lineno
            case ast.ImportFrom(module=str(module)):
                assert module.partition(".")[0] not in PICKLES
            case ast.Call(func=ast.Name(id=name)):
                assert name not in ("eval", "exec"), node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                assert given.get("weights_only") == "True", node.lineno
            case ast.keyword(arg="allow_pickle", value=value):
                assert ast.unparse(value) == "False"
