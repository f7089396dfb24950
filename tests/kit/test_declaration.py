"""What an author pastes to declare what levels see."""

import shutil
import subprocess
import sysconfig

import pytest

from boxwright_contract.catalog import Catalog
from boxwright_contract.geometry.field import AxisField, Field
from boxwright_contract.parts import Level
from boxwright_workshop.declaration import declaration

BOTH = AxisField(8, (-3, -1), (3, 5))
GATES = tuple(f"gate {number}" for number in range(20))
ODD = (
    Level("C3", 1, 8, Field(axes=(BOTH, None), whole_through=("gate",), exact_at_border=False)),
    Level("C4", 1, 16, Field(axes=(BOTH,) * 2, whole_through=GATES)),
    Level("C5", 1, 32),
)
DECLARED = {name: offer.part.levels for name, offer in Catalog.installed().backbones.items()}


@pytest.mark.parametrize("levels", [ODD, *DECLARED.values()], ids=["odd", *DECLARED])
def test_pasted_levels_are_those_that_were_measured(levels: tuple[Level, ...]) -> None:
    pasted: dict[str, object] = {}
    exec(declaration(levels), pasted)
    assert pasted["LEVELS"] == levels


def test_pasted_levels_are_formatted_as_ruff_formats_them() -> None:
    ruff = shutil.which("ruff", path=sysconfig.get_path("scripts"))
    if ruff is None:
        pytest.skip("needs ruff, which the group dev brings")
    texts = [declaration(levels) for levels in (ODD, *DECLARED.values())]
    code = "\n\n\n".join(texts) + "\n"
    command = [ruff, "format", "--isolated", "--line-length", "100", "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, check=True)
    formatted = [text.strip() for text in done.stdout.split("from boxwright_contract.geometry")]
    assert formatted == [text.strip() for text in code.split("from boxwright_contract.geometry")]
