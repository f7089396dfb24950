"""The pages show what was measured, and what the service really does."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.bench.growth import measured, page
from tests.bench.growth.chart import line_chart
from tests.bench.readme_parts import markers

from boxwright.settings import Settings

GROWTH, OPERATIONS = (file.read_text("utf-8") for file in page.FILES)
DEPLOY = Path(__file__).parents[2] / "deploy"
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#([\w-]+))?\)")


def part(name: str) -> str:
    begin, end = markers(name)
    found = re.search(f"{re.escape(begin)}\n(.*?){re.escape(end)}", GROWTH + OPERATIONS, re.DOTALL)
    assert found, f"no page has markers for {name}"
    return found[1].strip()


@pytest.mark.parametrize("name", page.PLANS)
def test_a_table_that_is_arithmetic_is_that_of_what_was_measured(name: str) -> None:
    assert part(name) == page.PLANS[name](measured.read()).strip(), "Run: just growth"


@pytest.mark.parametrize("name", page.SIMULATIONS)
def test_a_table_that_is_simulated_has_its_place(name: str) -> None:
    assert part(name).startswith("| "), "Run: just growth"


@pytest.mark.parametrize("file", page.FILES, ids=lambda file: file.name)
def test_a_link_leads_to_a_file_and_a_heading_that_are_there(file: Path) -> None:
    for path, heading in LINK.findall(file.read_text("utf-8")):
        target = (file.parent / path).resolve()
        assert target.exists(), path
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}


def test_the_times_of_the_guide_are_those_of_the_settings() -> None:
    settings = Settings()
    assert f"| {settings.drain_delay_s:g} s: clients" in OPERATIONS
    assert f"| longer than the longest answer | {settings.drain_grace_s:g} s |" in OPERATIONS
    assert f"| {settings.port} | calls |" in OPERATIONS
    assert f"| {settings.port + 1} | metrics" in OPERATIONS
    assert f"`--max-requests` is {settings.max_requests}" in OPERATIONS


def test_the_drains_of_the_guide_are_those_that_ship() -> None:
    values = (DEPLOY / "helm" / "boxwright" / "values.yaml").read_text("utf-8")
    compose = (DEPLOY / "compose" / "compose.yaml").read_text("utf-8")
    chart_s = re.search(r"delaySeconds: ([\d.]+)", values)
    compose_s = re.search(r'BOXWRIGHT_DRAIN_DELAY_S: "([\d.]+)"', compose)
    stop_s = re.search(r"stop_grace_period: (\d+)s", compose)
    assert chart_s
    assert compose_s
    assert stop_s
    assert f"; {chart_s[1]} s in the chart |" in OPERATIONS
    assert f"; {compose_s[1]} s in compose, " in OPERATIONS
    assert f"; {stop_s[1]} s in compose |" in OPERATIONS


def test_every_option_of_the_guide_is_one() -> None:
    served = {f"--{name.replace('_', '-')}" for name in Settings.__dataclass_fields__}
    others = {"--file", "--may", "--min-score", "--server", "--server-name", "--time"}
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", OPERATIONS))
    assert used <= served | others


def test_a_picture_is_svg_with_a_line_for_each_name() -> None:
    drawn = line_chart("a < b", "x", "y", {"one": [(0, 1), (1, 20)], "two": [(0, 5)]}, log_y=True)
    root = ElementTree.fromstring(drawn)
    assert len(root.findall("{*}polyline")) == 2
    assert {"a < b", "one", "two"} <= {text.text for text in root.iter() if text.text}
