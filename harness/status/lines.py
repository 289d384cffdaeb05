"""A listing as text: a table of what is finished, then one line for everything that is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.table import Column, Table

from harness.report.record import Result
from harness.status.found import Code, Listing, Part, shown


def table(listing: Listing, code: Code) -> Table:
    """Return the finished results, a row each."""
    finished = Column("finished (UTC)", no_wrap=True)
    found = Table("model", "dataset", "language", "dim", finished, "harness", "commit", box=box.SIMPLE_HEAD)
    for result in listing.results:
        found.add_row(*_cells(result, code))
    return found


def _cells(result: Result, code: Code) -> list[str]:
    made: dict[str, Any] = dict(result.provenance)
    marks = ["dirty"] * bool(made.get("dirty")) + ["other code"] * (not code.made(result))
    commit = ", ".join([shown(made.get("commit")), *marks])
    finished = str(made.get("finished", ""))[:16].replace("T", " ")
    dim = "" if result.dim is None else str(result.dim)
    version = str(made.get("harness", ""))
    return [result.model, result.dataset, result.language or "", dim, finished, version, commit]


def lines(listing: Listing, code: Code) -> Iterator[str]:
    """Yield one line for every count, then for everything that is missing, broken or from other code."""
    other = sum(not code.made(one) for one in listing.results)
    yield f"results: {len(listing.results)} finished, {len(listing.broken)} broken, {other} from other code"
    yield f"passes: {listing.passes}, of which {len({part.folder for part in listing.parts})} have results missing"
    for broken in listing.broken:
        yield f"broken: {broken.folder}: {broken.why}"
    for part in listing.parts:
        yield f"missing: {_title(part)}: {_progress(part)}, go on with: {part.command}"
        differs = code.differs(part.about)
        if differs:
            yield f"  begun by other code: {differs}"
    for folder in listing.unnamed:
        yield f"unnamed: {folder}: it does not say what it is about (begun by an older version)"
    for why in listing.damaged:
        yield f"damaged: {why}"


def _title(part: Part) -> str:
    about = part.about
    return f"{about.model} on {about.dataset} {about.language or ''}".rstrip() + f" dim={','.join(part.missing)}"


def _progress(part: Part) -> str:
    return f"{part.done} of {len(part.about.shards)} shards done"
