"""Print what an image holds as CycloneDX 1.5: ENVIRONMENT/bin/python sbom.py lean|full.

That is Python, what is installed in this environment with the libraries that the wheels bring in
files, and what dpkg knows of the system under it; of a lean image, of the part that went into it.
"""

import base64
import json
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOTS = {"lean": Path("/lean"), "full": Path("/")}


def main(root: Path) -> None:
    """Print the bill of materials of what is installed, not of what was asked for."""
    system = _release()
    python = [_python(each) for each in distributions()]
    parts = [_cpython(), *python, *(_debian(each, system) for each in _installed(root))]
    parts.sort(key=lambda part: str(part["purl"]))
    own = next(part for part in python if part["name"] == "boxwright")
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {**own, "type": "application", "bom-ref": "image"}},
        "components": [part for part in parts if part is not own],
    }
    json.dump(told, sys.stdout, indent=1)


def _cpython() -> dict[str, object]:
    version = platform.python_version()
    purl = f"pkg:generic/cpython@{version}"
    return {"type": "platform", "name": "cpython", "version": version, "purl": purl}


def _python(its: Distribution) -> dict[str, object]:
    name = its.name.lower().replace("_", "-")
    part: dict[str, object] = {
        "type": "library",
        "name": name,
        "version": its.version,
        "purl": f"pkg:pypi/{name}@{its.version}",
    }
    if licences := its.metadata.get_all("License-Expression"):
        part["licenses"] = [{"expression": licences[0]}]
    if brought := list(_brought(its)):
        part["components"] = brought
    return part


def _brought(its: Distribution) -> Iterator[dict[str, object]]:
    """Yield the shared libraries of others that a wheel has in a folder NAME.libs."""
    for file in its.files or ():
        if file.parent.suffix == ".libs" and file.hash is not None:
            digest = base64.urlsafe_b64decode(file.hash.value + "==").hex()
            hashes = [{"alg": "SHA-256", "content": digest}]
            yield {"type": "file", "name": file.name, "hashes": hashes}


def _debian(fields: dict[str, str], system: dict[str, str]) -> dict[str, object]:
    name, version = fields["Package"], fields["Version"]
    place = f"arch={fields['Architecture']}&distro={system['ID']}-{system['VERSION_ID']}"
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:deb/{system['ID']}/{name}@{version}?{place}",
    }


def _installed(root: Path) -> list[dict[str, str]]:
    """Return the fields of each package that dpkg has installed."""
    status = root / "var/lib/dpkg/status"
    entries = status.read_text().split("\n\n") if status.exists() else []
    told = [
        dict(line.split(": ", 1) for line in entry.splitlines() if ": " in line and line[0] != " ")
        for entry in entries
    ]
    return [fields for fields in told if fields.get("Status") == "install ok installed"]


def _release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


if __name__ == "__main__":
    main(ROOTS[sys.argv[1]])
