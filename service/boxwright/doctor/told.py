"""The settings that `serve` would have; of those that cannot work, the defaults."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from boxwright.doctor.finding import Concern, Finding
from boxwright.settings import PREFIX, Settings, variable
from boxwright_contract.errors import BadSettings

SETTINGS = Concern("settings")

LINK = "tcp://"
LINKED = (f"{PREFIX}SERVICE_", f"{PREFIX}PORT_")
LINK_CURE = (
    "Kubernetes set it, for a Service named boxwright: set enableServiceLinks: false in the Pod."
)
OF_CLIENTS = ("TLS", "CA", "CERTIFICATE", "KEY", "SERVER_NAME", "TOKEN")
OF_WORKSHOP = ("WEIGHTS",)


@dataclass(frozen=True)
class Told:
    """What an operator has set, as far as it can work."""

    settings: Settings
    findings: tuple[Finding, ...]


def told(environ: Mapping[str, str], options: Mapping[str, Any]) -> Told:
    """Return the settings of `environ`, and over them `options`; each that is bad, is found."""
    chosen: dict[str, Any] = {}
    bad: list[Finding] = []
    for name in _names():
        environment = {key: value for key, value in environ.items() if key == variable(name)}
        try:
            alone = Settings.read(environment, **{name: options.get(name)})
        except BadSettings as error:
            cure = "The rest was looked at with its default instead."
            if environment.get(variable(name), "").startswith(LINK):
                cure = LINK_CURE
            bad.append(SETTINGS.problem(str(error), cure))
        else:
            chosen[name] = getattr(alone, name)
    changed = [name for name, value in chosen.items() if value != getattr(Settings, name)]
    summary = ", ".join(f"{name} {chosen[name]}" for name in changed) or "all are the defaults"
    return Told(Settings(**chosen), (*bad, *_strangers(environ), SETTINGS.ok(summary)))


def _strangers(environ: Mapping[str, str]) -> Iterable[Finding]:
    """Find variables that look like ours, and that nothing reads."""
    known = {*map(variable, _names()), *(PREFIX + name for name in (*OF_CLIENTS, *OF_WORKSHOP))}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(LINKED):
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"Did you mean {near[0]}? " if near else ""
            yield SETTINGS.warning(
                f"nothing reads {name}", f"{meant}Correct its name, or unset it."
            )


def _names() -> list[str]:
    return [entry.name for entry in fields(Settings)]
