"""`boxwright new-backbone`: a plugin package to start from."""

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import boxwright_contract
from boxwright_contract.errors import BadSettings

NAME = re.compile(r"[a-z][a-z0-9_]*")
TEMPLATE = "my_backbone"
"""What the template calls itself, in its files and in their names."""

NEXT = """\
Next:
  pip install --editable {folder}
  boxwright plugins check {name}
  boxwright train --backbone {name} --data train.json --val val.json --out runs/{name}
Then write your own network into {folder}/{name}.py."""


def new_backbone(
    name: Annotated[
        str, typer.Argument(help="Of the backbone, in small letters, digits and _: my_net.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write. Unset: ./NAME.")
    ] = None,
) -> None:
    """Write a plugin package with a backbone that works: install it, then make it yours.

    It is one short module, one test, a README and the pyproject.toml that names the plugin.
    """
    check_name(name)
    folder = out or Path(name)
    if folder.exists():
        raise BadSettings(f"there is already something at {folder}. Name another with --out.")
    written = write(name, folder)
    typer.echo(f"Wrote {folder}: {', '.join(written)}.")
    typer.echo(NEXT.format(folder=folder, name=name))


def check_name(name: str) -> None:
    """Refuse a name that a plugin, its module and its distribution cannot all have.

    Raises:
        BadSettings: It is malformed, or taken.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise BadSettings(
            f"'{name}' is no name for a Python module. Use small letters, digits and _, with a "
            "letter first: my_net."
        )
    from boxwright_contract.catalog import Catalog

    offers = Catalog.installed().backbones
    if name in offers:
        raise BadSettings(
            f"{offers[name].distribution} has a backbone named '{name}' already. Choose another."
        )
    if find_spec(name):
        raise BadSettings(f"Python has a module named '{name}' already. Choose another name.")


def write(name: str, folder: Path) -> list[str]:
    """Write the template into `folder` under another name; return the names of its files.

    Raises:
        BadSettings: The folder cannot be written.
    """
    files = sorted(path for path in template().iterdir() if path.is_file())
    try:
        folder.mkdir(parents=True)
        for file in files:
            text = file.read_text("utf-8").replace(TEMPLATE, name)
            (folder / file.name.replace(TEMPLATE, name)).write_text(text, "utf-8")
    except OSError as error:
        raise BadSettings(
            f"{folder} cannot be written: {error.strerror}. Name another with --out."
        ) from error
    return [file.name.replace(TEMPLATE, name) for file in files]


def template() -> Path:
    """Return the folder of the template: in the wheel, or in a clone."""
    contract = Path(boxwright_contract.__file__).parent
    in_wheel = contract / "template"
    return in_wheel if in_wheel.is_dir() else contract.parent / "template"
