"""What is installed: every plugin that works, and why the others do not.

Beside `hookspecs`, this is the only module that knows pluggy. Each entry point of the group
`boxwright` is loaded and asked alone, so that a broken plugin costs nothing but itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

import pluggy

from boxwright_contract import hookspecs
from boxwright_contract.discovery import Problem, Source, sources
from boxwright_contract.errors import BadPlugin, UnknownName
from boxwright_contract.families import member
from boxwright_contract.manners import watched
from boxwright_contract.part_check import check_part
from boxwright_contract.parts import Backbone, BackboneFamily, Detector, Neck, ProposalSource
from boxwright_contract.trust import BUILT_IN, Trust

__all__ = ["Catalog", "Offer", "Problem"]

HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("boxwright_"))

P = TypeVar("P", Backbone, BackboneFamily, Neck, Detector, ProposalSource)


@dataclass(frozen=True)
class Offer(Generic[P]):
    """A part that can be used, and who brought it."""

    part: P
    distribution: str
    """As pip names it."""
    version: str
    module: str = ""
    """Where its plugin is, as the entry point names it."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every part by name, in the order of the alphabet, and every problem."""

    backbones: Mapping[str, Offer[Backbone]]
    families: Mapping[str, Offer[BackboneFamily]]
    necks: Mapping[str, Offer[Neck]]
    detectors: Mapping[str, Offer[Detector]]
    proposals: Mapping[str, Offer[ProposalSource]]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What plugins that are used should do better."""

    @classmethod
    def installed(cls, trust: Trust | None = None) -> "Catalog":
        """Load and ask every installed plugin. What is broken is in `problems`, never raised.

        Args:
            trust: Which distributions may bring plugins. None: as the environment tells.
        """
        trust = Trust.of_environment() if trust is None else trust
        problems: list[Problem] = []
        warnings: list[Problem] = []
        found = sources(hookspecs.PROJECT, trust, problems)
        plugins = [_load(source, problems, warnings) for source in found]
        return cls(
            backbones=_ask(plugins, "boxwright_backbones", Backbone, problems),
            families=_ask(plugins, "boxwright_backbone_families", BackboneFamily, problems),
            necks=_ask(plugins, "boxwright_necks", Neck, problems),
            detectors=_ask(plugins, "boxwright_detectors", Detector, problems),
            proposals=_ask(plugins, "boxwright_proposals", ProposalSource, problems),
            problems=tuple(sorted(problems)),
            warnings=tuple(sorted(warnings)),
        )

    def backbone(self, name: str) -> Backbone:
        """Return a backbone. Raises what `backbone_offer` does."""
        return self.backbone_offer(name).part

    def backbone_offer(self, name: str) -> Offer[Backbone]:
        """Return a backbone, and who brought it; "family:member" is made by its family.

        Raises:
            UnknownName: There is none of that name.
            BadSettings: The family has it, but no detector can stand on it.
            BadPlugin: The family failed to make it, or made something else.
        """
        family, colon, rest = name.partition(":")
        if colon and family in self.families:
            offer = self.families[family]
            return Offer(member(offer.part, rest), offer.distribution, offer.version, offer.module)
        of_families = [f"{known}:NAME" for known in self.families]
        return self._find("backbone", name, self.backbones, of_families)

    def neck(self, name: str) -> Neck:
        """Return a neck. Raises UnknownName."""
        return self._find("neck", name, self.necks).part

    def detector(self, name: str) -> Detector:
        """Return a detector. Raises UnknownName."""
        return self._find("detector", name, self.detectors).part

    def proposal_source(self, name: str) -> ProposalSource:
        """Return a proposal source. Raises UnknownName."""
        return self._find("proposal source", name, self.proposals).part

    def _find(
        self, kind: str, name: str, offers: Mapping[str, Offer[P]], others: Iterable[str] = ()
    ) -> Offer[P]:
        if name in offers:
            return offers[name]
        unknown = UnknownName.among(kind, name, (*offers, *others))
        if not self.problems:
            raise unknown
        owners = ", ".join(sorted({problem.distribution for problem in self.problems}))
        raise UnknownName(
            f"{unknown} Some plugins do not work ({owners}): see `boxwright plugins`."
        )


@dataclass(frozen=True)
class _Plugin:
    """A loaded entry point. Its manager knows no other plugin."""

    source: Source
    manager: pluggy.PluginManager


def _load(source: Source, problems: list[Problem], warnings: list[Problem]) -> _Plugin:
    """Import an entry point and look at which hooks it answers."""
    plugin = _Plugin(source, pluggy.PluginManager(hookspecs.PROJECT))
    plugin.manager.add_hookspecs(hookspecs)
    target = source.entry.value
    with source.isolated(problems, f"importing '{target}'"):
        rudeness: list[str] = []
        with watched(rudeness):
            module = source.entry.load()
        warnings.extend(map(source.problem, rudeness))
        _register(plugin.manager, module, target)
        answered = {caller.name for caller in plugin.manager.get_hookcallers(module) or ()}
        if not answered:
            raise BadPlugin(
                f"'{target}' answers no hook. Mark a function with @hookimpl and name it "
                f"{' or '.join(HOOKS)}."
            )
        for name in sorted(answered.difference(HOOKS)):
            unknown = UnknownName.among("hook", name, HOOKS)
            problems.append(source.problem(f"{unknown} Rename the function '{name}'."))
    return plugin


def _register(manager: pluggy.PluginManager, module: object, target: str) -> None:
    try:
        manager.register(module)
    except pluggy.PluginValidationError as error:
        raise BadPlugin(
            f"a hook of '{target}' cannot be asked: {' '.join(str(error).split())}. Write it as a "
            "plain function without arguments."
        ) from error


def _ask(
    plugins: Iterable[_Plugin], hook: str, kind: type[P], problems: list[Problem]
) -> Mapping[str, Offer[P]]:
    """Ask every plugin one hook, and keep the sound parts that have their name to themselves."""
    claims: dict[str, list[tuple[P, Source]]] = {}
    for plugin in plugins:
        source = plugin.source
        answer: list[object] = []
        with source.isolated(problems, f"asking '{hook}'"):
            answer = list(_answer(plugin.manager, hook, kind))
        for candidate in answer:
            with source.isolated(problems, f"reading an answer to '{hook}'"):
                part = check_part(candidate, kind)
                claims.setdefault(part.name, []).append((part, source))
    offers: dict[str, Offer[P]] = {}
    for name, claimants in sorted(claims.items()):
        for part, source in _entitled(name, claimants, problems):
            module = source.entry.module
            offers[name] = Offer(part, source.distribution, source.version, module)
    return MappingProxyType(offers)


def _answer(manager: pluggy.PluginManager, hook: str, kind: type) -> Iterable[object]:
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    if not caller.get_hookimpls():
        return []
    # pluggy leaves None out of what it collects.
    answer = next(iter(caller()), None)
    if not isinstance(answer, Iterable):
        raise BadPlugin(
            f"'{hook}' returned {answer!r:.80}, not a list. Return [{kind.__name__}(...)]."
        )
    return answer


def _entitled(
    name: str, claimants: list[tuple[P, Source]], problems: list[Problem]
) -> list[tuple[P, Source]]:
    """Return who has a name: the only claimant, else the only built-in one, else nobody."""
    if len(claimants) == 1:
        return claimants
    built_in = [claim for claim in claimants if claim[1].distribution == BUILT_IN]
    winners = built_in if len(built_in) == 1 else []
    for claim in claimants:
        if claim not in winners:
            others = ", ".join(sorted(c[1].distribution for c in claimants if c is not claim))
            reason = f"the name '{name}' is also offered by {others}. Rename one, or uninstall one."
            problems.append(claim[1].problem(reason))
    return winners
