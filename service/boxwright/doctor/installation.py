"""What is installed: Boxwright, Python, the libraries, and builds that overwrite each other."""

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import Settings

INSTALLATION = Concern("installation")

REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[[^]]*\])?(?P<bounds>[^;]*)(;.*extra == ['\"](?P<extra>[\w-]+)['\"])?"
)
BOUND = re.compile(r"(>=|==|<)([\d.]+)")
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


@dataclass(frozen=True)
class Requirement:
    """A distribution that Boxwright needs, or one of its extras does."""

    name: str
    bounds: str
    extra: str
    """Empty: it is always needed."""


def look(settings: Settings) -> Iterator[Finding]:
    """Tell what is installed, and what of it cannot work."""
    yield INSTALLATION.ok(
        f"boxwright {version('boxwright')} on Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}"
    )
    needs = requirements(requires("boxwright") or ())
    unmet = {need: problem for need in needs if (problem := unmet_by(need, _found(need.name)))}
    for need, problem in unmet.items():
        if not need.extra:
            yield INSTALLATION.problem(problem, f"pip install '{need.name}{need.bounds}'")
    extras = sorted({need.extra for need in needs if need.extra})
    lacking = {need.extra for need in unmet}
    there = [extra for extra in extras if extra not in lacking]
    absent = [extra for extra in extras if extra in lacking]
    yield INSTALLATION.ok(
        f"extras here: {', '.join(there) or 'none'}; not here: {', '.join(absent) or 'none'}"
    )
    for package, distributions in RIVALS:
        yield from _origin(package, [name for name in distributions if _found(name)])


def requirements(lines: Iterable[str]) -> list[Requirement]:
    """Return requirements as the metadata of a distribution lists them.

    Example:
        >>> requirements(["protobuf<8,>=6.31", "onnx>=1.19; extra == 'geometry'"])[1]
        Requirement(name='onnx', bounds='>=1.19', extra='geometry')
    """
    matches = filter(None, map(REQUIREMENT.match, lines))
    return [
        Requirement(match["name"], match["bounds"].strip(), match["extra"] or "")
        for match in matches
    ]


def unmet_by(need: Requirement, found: str | None) -> str:
    """Return why the version that was found does not do. Empty: it does.

    Example:
        >>> unmet_by(Requirement("protobuf", "<8,>=6.31.1", ""), "5.29.3")
        'protobuf 5.29.3 is installed, and boxwright needs <8,>=6.31.1'
    """
    if found is None:
        return f"{need.name} is not installed"
    compare = {
        ">=": lambda have, want: have >= want,
        "==": lambda have, want: have == want,
        "<": lambda have, want: have < want,
    }
    bounds = BOUND.findall(need.bounds)
    if all(compare[sign](_release(found), _release(wanted)) for sign, wanted in bounds):
        return ""
    return f"{need.name} {found} is installed, and boxwright needs {need.bounds}"


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


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, as 1.29.0rc1, without zeros at their end."""
    numbers = [int(part) for part in re.match(r"[\d.]*", text)[0].split(".") if part]  # type: ignore[index]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _found(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
