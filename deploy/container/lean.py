"""Copy what an environment needs of the system under it, and nothing else of that system.

python3 lean.py ENVIRONMENT ROOT: ROOT then has the Python that runs ENVIRONMENT with its standard
library, every shared library that either is linked to, certificates, and for scanners dpkg's
notes on the packages that these files came with. There is no shell and no package manager.
"""

import compileall
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

UNUSED = ("config-*", "dist-packages", "ensurepip", "idlelib", "lib2to3", "site-packages", "test",
          "tkinter", "turtledemo", "__pycache__")  # fmt: skip
FILES = (
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/ssl/certs/ca-certificates.crt",
)
FOLDERS = ("dev", "proc", "run", "sys", "tmp", "var/tmp")
"""What engines mount on."""
DPKG = "var/lib/dpkg/status"


def main(environment: Path, root: Path) -> None:
    """Fill `root`."""
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "var/tmp"):
        (root / name).chmod(0o1777)
    for link in (each for each in Path("/").iterdir() if each.is_symlink()):
        (root / link.name).symlink_to(link.readlink())  # /lib of systems that merged it into /usr
    library = Path(sysconfig.get_path("stdlib"))
    copied = root / library.relative_to("/")
    shutil.copytree(library, copied, ignore=shutil.ignore_patterns(*UNUSED))
    # Some bases have none compiled, and where the root is read-only each start would do it anew.
    compileall.compile_dir(copied, quiet=1, stripdir=str(root))
    python = environment / "bin" / "python3"
    for file in (python.readlink(), *map(Path, FILES), *_linked(library, environment, python)):
        if file.exists():
            _copy(file, root)
    _keep_notes(root)


def _linked(library: Path, environment: Path, python: Path) -> Iterator[Path]:
    """Yield the shared libraries of the system that these are linked to."""
    objects = [python, *library.glob("lib-dynload/*.so"), *environment.rglob("*.so*")]
    told = subprocess.run(["ldd", *objects], stdout=subprocess.PIPE, text=True, check=False)
    words = {word for line in told.stdout.splitlines() for word in line.split()}
    for word in sorted(words):
        if word.startswith("/") and not word.endswith(":"):
            file = Path(word)
            if not file.resolve().is_relative_to(environment):
                yield file


def _copy(file: Path, root: Path) -> None:
    """Copy a file to the same place under `root`; a link, with what it leads to."""
    place = file.parent.resolve() / file.name
    copy = root / place.relative_to("/")
    copy.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        _copy(place.parent / place.readlink(), root)
        if not copy.is_symlink():
            copy.symlink_to(place.readlink())
    else:
        shutil.copy2(place, copy)


def _keep_notes(root: Path) -> None:
    """Write what dpkg knows of the packages that have a file under `root`."""
    status = Path("/") / DPKG
    if not status.exists():
        return
    owners = {
        owner.stem.partition(":")[0]
        for owner in (status.parent / "info").glob("*.list")
        if any(_is_file(root / name[1:]) for name in owner.read_text().splitlines())
    }
    notes = [
        entry
        for entry in status.read_text().split("\n\n")
        if entry.partition("\n")[0].removeprefix("Package: ") in owners
    ]
    (root / DPKG).parent.mkdir(parents=True)
    (root / DPKG).write_text("\n\n".join(notes) + "\n")


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
