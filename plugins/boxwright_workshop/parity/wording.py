"""How the graph's answer to an image differs from torch's, in words."""

from collections.abc import Sequence

from boxwright_workshop.parity.matching import STRICT, Answer, Tolerance, distances

SHOWN = 2
"""Detections of each sort that are told of."""


def worded(
    torch: Answer,
    graph: Answer,
    missing: Sequence[int],
    extra: Sequence[int],
    tolerance: Tolerance = STRICT,
) -> str:
    """Return what is wrong with an answer of the graph.

    Args:
        torch: The reference.
        graph: What it is compared with.
        missing: Detections of torch that the graph does not have within the tolerances.
        extra: Detections of the graph that torch does not have within them.
        tolerance: These.
    """
    box_px, score = distances(torch, graph)
    in_place = {i: j for i in missing for j in extra if box_px[i, j] <= tolerance.box_px}
    lost = [i for i in missing if i not in in_place]
    added = [j for j in extra if j not in in_place.values()]
    told = []
    if in_place:
        worst = max(score[pair] for pair in in_place.items())
        told.append(
            f"{len(in_place)} of torch's {len(torch.scores)} detections matched in place, but the "
            f"score differs by {worst:.1e}, over the tolerance of {tolerance.score:.0e}"
        )
    if lost or added:
        told.append(
            f"{len(lost)} of torch's {len(torch.scores)} detections and {len(added)} of the "
            f"graph's {len(graph.scores)} have no counterpart"
        )
    told += [f"torch has {torch.described(i)}" for i in [*in_place, *lost][:SHOWN]]
    told += [f"the graph has {graph.described(j)}" for j in [*in_place.values(), *added][:SHOWN]]
    return "; ".join(told)


def worded_proposals(torch: Answer, graph: Answer, pairs: Sequence[tuple[int, int]]) -> str:
    """Return which detections of the graph come from other proposals than torch's do.

    Args:
        torch: The reference.
        graph: What it is compared with.
        pairs: Such detections of both, one or more.
    """
    assert torch.comes_from is not None
    assert graph.comes_from is not None
    i, j = pairs[0]
    return (
        f"{len(pairs)} of the graph's {len(graph.scores)} detections come from other proposals "
        f"than torch's; that with {graph.described(j)} from proposal {graph.comes_from[j]}, "
        f"torch's from proposal {torch.comes_from[i]}"
    )
