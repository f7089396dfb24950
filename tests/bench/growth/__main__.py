"""Growth on paper, with numbers: `just growth` writes the tables and pictures of docs/growth.md.

They rest on measured.json, which `just growth --measure` writes with the runtime that is installed.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from tests.bench.growth import measured, page
from tests.bench.growth.envoy_cost import core_ms
from tests.bench.growth.measuring import measure as measure_server
from tests.bench.readme_parts import write

from boxwright.settings import PACKAGED_MODELS


def main(
    measure: Annotated[bool, typer.Option(help="Measure a real server first.")] = False,
    models: Annotated[Path, typer.Option(help="Folder with one model.")] = PACKAGED_MODELS,
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 10,
    two_node: Annotated[
        tuple[float, float] | None,
        typer.Option(help="What `just bench-ray` measured with one node and with two, images/s."),
    ] = None,
    clients: Annotated[int, typer.Option(help="Clients of the two-node measurement.")] = 16,
) -> None:
    """Write the tables and pictures."""
    found = measured.read()
    if measure:
        found = found.with_server(measure_server(models, seconds))
        found = replace(found, envoy_core_ms=core_ms(seconds) or found.envoy_core_ms)
    if two_node is not None:
        found = replace(found, ray=measured.TwoNodes(clients=clients, per_s=two_node))
    measured.write(found)
    for name, section in (page.PLANS | page.SIMULATIONS).items():
        began = time.perf_counter()
        text = section(found)
        typer.echo(f"{text}\n\n{name}: {time.perf_counter() - began:.1f} s\n")
        if not any([write(name, text, file) for file in page.FILES]):
            typer.echo(f"no page has markers for {name}; it was not written")
    for name, picture in page.pictures(found):
        page.FILES[0].with_name(name).write_text(picture)


if __name__ == "__main__":
    typer.run(main)
