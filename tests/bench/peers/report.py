"""The measured rows as Markdown."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.peers.comparison import CLIENTS, SIZES, Cell, Row
from tests.bench.peers.handlers.assignment import Execution
from tests.bench.peers.limit import Limit
from tests.bench.peers.roster import BOXWRIGHT
from tests.bench.peers.standing import best_peer, own_rate
from tests.bench.readme_parts import table

from boxwright.device import cores

NOT_COMPARED = (
    "Not compared: Triton's native ONNX Runtime backend (the wheel has only the Python one, so "
    "beating it is not beating Triton), OpenVINO Model Server and TorchServe (no wheel that runs "
    "this graph by itself), any GPU, more than one machine, and replicas of one server."
)


def report(rows: Sequence[Row], limits: Sequence[Limit], seconds: float, machine: str) -> str:
    """Return the tables, and what must be known to read them."""
    parts = [
        f"Images a second (p50 ms, p99 ms) on {machine}, {seconds:g} s a cell; clients and server "
        "share its cores. The answers to all 50 sizes were held against the model's own first: at "
        "float32 each box, at bfloat16 what is sure. Boxwright may use larger canvases than the "
        "peers, so that sizes batch.",
        _rates(rows),
        _ratios(rows),
        _batching(rows),
    ]
    if limits:
        parts.append("No server at all: the same session in a loop, photos of one size.")
        parts.append(_limits(limits, rows))
    return "\n\n".join(part for part in [*parts, NOT_COMPARED] if part)


def machine() -> str:
    """Return what the processor is, and how many cores of it there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = " with AMX" if any("amx_bf16" in line for line in lines) else ""
    return f"{cores.available()} cores of {models[0] if models else 'a processor'}{flags}"


def _rates(rows: Sequence[Row]) -> str:
    columns = [(sizes, clients) for sizes in SIZES for clients in CLIENTS]
    named = {"fixed": "one size", "mixed": "50 sizes"}
    heads = [f"{named[sizes]}, {clients}" for sizes, clients in columns]
    lines = []
    for row in rows:
        cells = {(cell.sizes, cell.clients): _cell(cell) for cell in row.cells}
        memory = f"{row.memory_mb:.0f}" if row.cells else "-"
        who = f"{row.server.name} {row.version}{f', {row.when}' if row.when else ''}"
        shown = [cells.get(column, "-") for column in columns]
        if row.reason:
            shown[0] = f"not measured: {row.reason.replace('|', '/')}"
        lines.append([who, row.execution, *shown, memory])
    return table(["server", "runs on", *heads, "MiB"], lines)


def _cell(cell: Cell) -> str:
    load = cell.load
    if not load.latencies_ms:
        return f"all {len(load.failures)} failed"
    failed = f", {len(load.failures)} failed" if load.failures else ""
    p50_ms, p99_ms = load.percentile_ms(50), load.percentile_ms(99)
    return f"**{load.rate:.1f}** ({p50_ms:.0f}, {p99_ms:.0f}){failed}"


def _ratios(rows: Sequence[Row]) -> str:
    """Return the best rates of Boxwright over those of the best peer."""
    of_peers = dict.fromkeys(row.execution for row in rows if row.server is not BOXWRIGHT)
    everything = dict.fromkeys(row.execution for row in rows)
    lines = [_ratio("whatever it runs on", list(everything), rows)]
    lines += [_ratio(execution, [execution], rows) for execution in of_peers]
    return table(["Boxwright over the best peer", "one size", "50 sizes"], lines)


def _ratio(what: str, executions: Sequence[Execution], rows: Sequence[Row]) -> list[str]:
    line = [what]
    for sizes in SIZES:
        ours = max(own_rate(rows, execution, sizes) for execution in executions)
        best = best_peer(rows, executions, sizes)
        line.append(f"{ours / best.rate(sizes):.2f} x {best.server.name}" if ours and best else "-")
    return line


def _batching(rows: Sequence[Row]) -> str:
    servers = dict.fromkeys(row.server.name for row in rows)
    by_name = {row.server.name: row.server for row in rows}
    lines = [[name, by_name[name].wire.name, by_name[name].batching] for name in servers]
    return table(["server", "asked over", "batching"], lines)


def _limits(limits: Sequence[Limit], rows: Sequence[Row]) -> str:
    lines = []
    for limit in limits:
        own = own_rate(rows, limit.execution, "fixed")
        lines.append(
            [
                limit.execution,
                f"{limit.session_rate:.1f} (batch {limit.session_batch})",
                f"{limit.whole_rate:.1f} (batch {limit.whole_batch})",
                f"{limit.used:.0%}",
                f"{own / limit.session_rate:.2f}" if own else "-",
            ]
        )
    heads = ["runs on", "session alone", "with decoding", "of the matrix-multiply peak"]
    return table([*heads, "Boxwright over session alone"], lines)
