"""What cluster --dry-run prints: the time, memory and disk that a run would take."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.cli import terminal

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dedupe.estimate import Estimate
    from dedupe.read.ledger import OnError
    from dedupe.settings import Settings


def show_estimate(
    inputs: Sequence[str],
    settings: "Settings",
    fields: Mapping[str, str],
    on_error: "OnError",
    *,
    keep: bool,
    against: Path | None,
    json: bool,
) -> None:
    """Estimate a run and print it, for a person or as data."""
    from dedupe.estimate import estimate

    found = estimate(inputs, settings, fields=fields, on_error=on_error, keep=keep, against=against)
    if json:
        terminal.emit_json(dataclasses.asdict(found))
    else:
        terminal.emit_rich(render(found))


def render(found: "Estimate") -> Iterator["RenderableType"]:
    """Yield the stages, then what they come to."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for stage, seconds in found.stages.items():
        table.add_row(stage, f"{seconds:,.1f}")
    table.add_row("in all", f"{found.seconds:,.1f}")
    yield table
    about = "" if found.counted else "about "
    yield Text(f"{about}{found.documents:,} documents, by a sample of {found.sample:,}")
    yield Text(f"peak memory {found.peak_memory_bytes / 1e6:,.0f} MB")
    yield Text(f"the result takes {found.disk_bytes / 1e6:,.1f} MB of disk")
