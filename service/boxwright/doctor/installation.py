"""What is installed: Boxwright, Python, the libraries, and builds that overwrite each other."""

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings

INSTALLATION = Concern("installation")

RIVALS: Sequence[tuple[str, Sequence[str]]] = (
    (
        "onnxruntime",
        ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-rocm"),
    ),
    (
        "cv2",
        (
            "opencv-contrib-python-headless",
            "opencv-contrib-python",
            "opencv-python-headless",
            "opencv-python",
        ),
    ),
)
"""Package, and the distributions that each bring the whole of it."""


def look(settings: Settings) -> Iterator[Finding]:
    """Tell what is installed, and what of it cannot work."""
    yield INSTALLATION.ok(
        f"boxwright {version('boxwright')} on Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}"
    )
    for need, problem in _unmet(""):
        yield INSTALLATION.problem(problem, f"pip install '{need.name}{need.specifier}'")
    extras = sorted(metadata("boxwright").get_all("Provides-Extra") or [])
    there = [extra for extra in extras if not any(_unmet(extra))]
    absent = [extra for extra in extras if extra not in there]
    yield INSTALLATION.ok(
        f"extras here: {', '.join(there) or 'none'}; not here: {', '.join(absent) or 'none'}"
    )
    for package, distributions in RIVALS:
        yield from _origin(package, [name for name in distributions if _found(name)])


def _unmet(extra: str) -> Iterator[tuple[Requirement, str]]:
    """Yield what an extra needs and what is not here, and why; "" is what is always needed."""
    for need in map(Requirement, requires("boxwright") or ()):
        always, wanted = (
            need.marker is None or need.marker.evaluate({"extra": asked}) for asked in ("", extra)
        )
        if wanted and always is not bool(extra):
            problem = unmet_by(need, _found(need.name))
            if problem:
                yield need, problem


def unmet_by(need: Requirement, found: str | None) -> str:
    """Return why the version that was found does not do. Empty: it does.

    Example:
        >>> unmet_by(Requirement("protobuf>=6.31.1"), "5.29.3")
        'protobuf 5.29.3 is installed, and boxwright needs >=6.31.1'
    """
    if found is None:
        return f"{need.name} is not installed"
    if need.specifier.contains(found, prereleases=True):
        return ""
    return f"{need.name} {found} is installed, and boxwright needs {need.specifier}"


def _origin(package: str, installed: Sequence[str]) -> Iterator[Finding]:
    """Tell what brings a package: more than one overwrite each other's files."""
    if len(installed) == 1:
        yield INSTALLATION.ok(f"{package} comes with {installed[0]} {_found(installed[0])}")
    elif installed:
        names = " and ".join(installed)
        keep = installed[0] if package == "cv2" else "onnxruntime-gpu, or onnxruntime without a GPU"
        yield INSTALLATION.problem(
            f"{names} are all installed: each overwrites files of the package {package}",
            f"pip uninstall {' '.join(installed)}, then install just one again: {keep}.",
        )


def _found(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
