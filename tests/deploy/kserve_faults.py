"""Tells what in manifests KServe's own models do not know. Runs in KServe's environment, not ours.

JSON of manifests comes in, JSON of faults goes out: `place: what is wrong`.
"""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

KINDS = {
    "ServingRuntime": {"metadata": "V1ObjectMeta", "spec": "V1alpha1ServingRuntimeSpec"},
    "InferenceService": {"metadata": "V1ObjectMeta", "spec": "V1beta1InferenceServiceSpec"},
}
SIMPLE: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "datetime": (str,),
}
PLACES = ("kserve.models", "kserve", "kubernetes.client")
ANYTHING = {"object", "ResourceQuantity", "IntOrString"}


def model(name: str) -> Any:
    places = [importlib.import_module(each) for each in PLACES]
    short = re.sub(r"^K8sIoApi[A-Z][a-z]+(V\d)", r"\1", name)
    for where in places:
        if found := getattr(where, name, None) or getattr(where, short, None):
            return found
    raise LookupError(name)


def faults(value: Any, kind: str, place: str) -> Iterator[str]:
    """Find what in `value` is not of a type, named as KServe's generator names types."""
    if kind in ANYTHING:
        return
    if inside := re.fullmatch(r"[Ll]ist\[(.+)\]", kind):
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for number, each in enumerate(value):
            yield from faults(each, inside[1], f"{place}[{number}]")
    elif inside := re.fullmatch(r"[Dd]ict[(\[]str, (.+)[)\]]", kind):
        if not isinstance(value, dict):
            yield f"{place}: {value!r} is no mapping"
            return
        for name, each in value.items():
            yield from faults(each, inside[1], f"{place}.{name}")
    elif kind in SIMPLE:
        is_bool = isinstance(value, bool)
        if not isinstance(value, SIMPLE[kind]) or is_bool != (kind == "bool"):
            yield f"{place}: {value!r} is no {kind}"
    else:
        yield from _fields(value, model(kind), place)


def _fields(value: Any, known: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no {known.__name__}"
        return
    types = {wire: known.openapi_types[name] for name, wire in known.attribute_map.items()}
    for name, each in value.items():
        if name in types:
            yield from faults(each, types[name], f"{place}.{name}")
        else:
            yield f"{place}: {known.__name__} has no field '{name}'"


if __name__ == "__main__":
    found = [
        fault
        for manifest in json.load(sys.stdin)
        for part, kind in KINDS[manifest["kind"]].items()
        for fault in faults(manifest[part], kind, f"{manifest['kind']}.{part}")
    ]
    json.dump(found, sys.stdout)
