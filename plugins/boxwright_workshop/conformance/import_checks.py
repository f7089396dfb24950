"""What a plugin costs everybody who merely has it installed."""

from boxwright_contract.catalog import Catalog
from boxwright_contract.parts import ProposalSource
from boxwright_workshop.conformance import import_probe
from boxwright_workshop.conformance.finding import Outcome, failed, passed, warned
from boxwright_workshop.conformance.import_report import import_alone
from boxwright_workshop.conformance.specimen import Specimen

MOST_MS = 100.0
TRIES = 3
"""The quickest counts: a busy machine makes an import slower, and nothing makes it quicker."""
HOPELESS_MS = 3000.0
"""No second try makes up for this."""
INSIDE = "Import it inside the functions that need it."


def is_free_of_problems(specimen: Specimen) -> Outcome:
    """Look whether the rest of its distribution can be used too."""
    owner = specimen.distribution
    reasons = [bad.reason for bad in Catalog.installed().problems if bad.distribution == owner]
    if reasons:
        return failed(f"{owner} has parts that cannot be used: {' '.join(reasons)}", "")
    return passed(f"all that {owner} offers can be used")


def imports_without_torch(specimen: Specimen) -> Outcome:
    """Look for top-level imports of what a server does not have."""
    report = specimen.imported
    if report.heavy:
        lines = "; ".join(f"{name} at {file}, line {line}" for name, file, line in report.heavy)
        seen = f"importing {specimen.module} imports {lines}. A server has none of it"
        if isinstance(specimen.part, ProposalSource):
            return failed(f"{seen}, and proposals are made there.", INSIDE)
        return warned(f"{seen}, and lists the plugin as broken.", INSIDE)
    if report.error:
        return failed(f"importing {specimen.module} raised {report.error}.", "Mend that line.")
    return passed(f"{specimen.module} imports none of {', '.join(import_probe.HEAVY)}")


def imports_quickly(specimen: Specimen) -> Outcome:
    """Time the import, without Python's start and what a server has loaded anyway."""
    best = specimen.imported
    blocked = not best.heavy
    if not blocked:  # it could not go on without them, so they are loaded before
        best = import_alone(specimen.module, block=False)
    for _ in range(1, TRIES):
        if MOST_MS < best.milliseconds < HOPELESS_MS:
            again = import_alone(specimen.module, block=blocked)
            best = min(best, again, key=lambda report: report.milliseconds)
    if best.milliseconds > MOST_MS:
        return failed(
            f"importing {specimen.module} takes {best.milliseconds:.0f} ms, over {MOST_MS:.0f} ms. "
            "Every start of a server waits for it, and every command that loads plugins.",
            "Read files and import packages inside the functions that need them.",
        )
    return passed(f"{best.milliseconds:.1f} ms of its own")


def prints_nothing_when_imported(specimen: Specimen) -> Outcome:
    """Look at what the import writes on stdout and stderr."""
    printed = specimen.imported.printed
    if printed:
        return failed(
            f"importing {specimen.module} prints {printed[:200]!r}. That breaks commands whose "
            "output is read by programs.",
            "Remove the print, or tell it to a logger of the logging module.",
        )
    return passed("silent")
