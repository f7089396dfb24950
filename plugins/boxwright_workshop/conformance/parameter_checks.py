"""Are a backbone's parameters sound from the start, and does each of them learn?"""

import torch
from torch import Tensor, nn

from boxwright_workshop.conformance.backbone_specimen import BackboneSpecimen
from boxwright_workshop.conformance.finding import Outcome, failed, passed

SHOWN = 3
"""Names that a message lists before it only counts."""


def parameters_are_finite(specimen: BackboneSpecimen) -> Outcome:
    """Look for NaN and infinity in what `build` returned, before anything runs."""
    fault = wild_parameters(specimen.built())
    if fault:
        return failed(
            f"as it is built, {fault}.",
            "Fill it with torch.nn.init: torch.empty leaves what happened to be in memory.",
        )
    return passed("every parameter and buffer, as it is built")


def every_parameter_learns(specimen: BackboneSpecimen) -> Outcome:
    """Send a gradient from every level back to every parameter, in train mode."""
    net = specimen.built().train()
    send_back(net(specimen.pictures(2, 2, 2)))
    learning = {name: p.grad for name, p in net.named_parameters() if p.requires_grad}
    fault = idle_or_wild(learning, "parameters")
    if fault:
        return fault
    count = sum(parameter.numel() for parameter in net.parameters())
    return passed(f"{count:,} parameters, all with finite gradients")


def wild_parameters(net: nn.Module) -> str:
    """Return which parameters or buffers hold NaN or infinity, the first one first."""
    wild = [
        (name, int((~values.isfinite()).sum()), values.numel())
        for name, values in (*net.named_parameters(), *net.named_buffers())
        if not finite(values)
    ]
    if not wild:
        return ""
    (name, bad, count), *more = wild
    rest = f", and so do {len(more)} more" if more else ""
    return f"{name} holds NaN or infinity in {bad:,} of {count:,} values{rest}"


def send_back(levels: dict[str, Tensor]) -> None:
    """Send a random gradient back from every level."""
    torch.manual_seed(0)
    aims = [(level * torch.randn_like(level)).mean() for level in levels.values()]
    torch.stack(aims).sum().backward()


def idle_or_wild(gradients: dict[str, Tensor | None], what: str) -> Outcome | None:
    """Return what is wrong with the gradients of `what`, by name; None if nothing is."""
    idle = [name for name, gradient in gradients.items() if gradient is None]
    if idle:
        return failed(
            f"{listed(idle)} of {len(gradients)} {what} have no gradient from any level.",
            "Leave out the layers after the last level, and whatever else no level depends on.",
        )
    wild = [name for name, grad in gradients.items() if grad is not None and not finite(grad)]
    if wild:
        return failed(
            f"the gradients of {listed(wild)} hold NaN or infinity.",
            "Look for a division, a logarithm or a root of 0 behind them.",
        )
    return None


def finite(values: Tensor) -> bool:
    """Return whether there is neither NaN nor infinity."""
    return bool(values.isfinite().all())


def listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{rest}"
