"""What a benchmark found: raw seconds of every round, kept as JSON; medians and ratios are worked out from them.

Nothing here needs torch, so that the page is rendered anywhere.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1
REPORTS = Path(__file__).resolve().parents[2] / "reports"
FOLDER = REPORTS / "performance"
"""Where the records of full runs are kept."""
SCALE_FOLDER = REPORTS / "scale"
"""Where those are kept that are about scale."""
Value = float | int | str | bool
Seconds = Mapping[str, Sequence[float]]


class NotRunError(RuntimeError):
    """This machine cannot run a benchmark; the message says why."""


class Spread(NamedTuple):
    """A median and the quartiles beside it."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One of the things that were timed, round by round, by turns with the others."""

    seconds: tuple[float, ...]
    amount: float | None = None
    """How much one round does, in `unit`."""
    unit: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """What else is known of it, as columns of the table."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Variants that were timed by turns in one run, the one that the others are compared with first."""

    name: str
    what: str
    """One sentence: what was done, on how much of what."""
    variants: Mapping[str, Variant]
    values: Mapping[str, Value] = field(default_factory=dict)
    """What was checked or counted beside the timing."""
    notes: tuple[str, ...] = ()
    parts: bool = False
    """Whether the variants after the first are parts of it, and no other way to do the same."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One benchmark as it was run: how, on what, and what came of it."""

    benchmark: str
    run: Mapping[str, Any]
    """rounds, small, command, commit, finished, wall seconds."""
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    records: tuple[Record, ...]
    not_run: str | None = None
    """Why there are no records; None where there are."""


def timed(seconds: Seconds, amount: float | None = None, unit: str = "") -> dict[str, Variant]:
    """Return variants that all do the same amount."""
    return {name: Variant(seconds=tuple(rounds), amount=amount, unit=unit) for name, rounds in seconds.items()}


def spread(numbers: Sequence[float]) -> Spread:
    """Return the median and the quartiles; all three are equal for one number."""
    if len(numbers) == 1:
        return Spread(numbers[0], numbers[0], numbers[0])
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return Spread(low, middle, high)


def ratio(record: Record, slow: str, fast: str) -> float:
    """Return how many times the median of `fast` goes into that of `slow`."""
    seconds = record.variants
    return statistics.median(seconds[slow].seconds) / statistics.median(seconds[fast].seconds)


def write(path: Path, report: Report) -> None:
    """Write a report; one that was measured is never replaced by one that was not run."""
    if report.not_run is not None and path.is_file() and read(path).not_run is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, **asdict(report)}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Report:
    """Return the report in a file.

    Raises:
        ValueError: it is of another schema.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("schema") != SCHEMA:
        raise ValueError(f"{path}: another schema, expected {SCHEMA}")
    records = tuple(_record(one) for one in content.pop("records"))
    return Report(records=records, **content)


def read_all(folder: Path) -> dict[str, Report]:
    """Return the reports in a folder by the name of their benchmark."""
    return {report.benchmark: report for report in map(read, sorted(folder.glob("*.json")))}


def _record(content: dict[str, Any]) -> Record:
    variants = {
        name: Variant(**{**one, "seconds": tuple(one["seconds"])}) for name, one in content.pop("variants").items()
    }
    notes = tuple(content.pop("notes"))
    return Record(variants=variants, notes=notes, **content)
