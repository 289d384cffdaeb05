"""python -m tests.benchmarks.render: reports/performance and reports/scale to reports/tables. Needs no torch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.bars import BARS, SCALE, Bar
from tests.benchmarks.record import FOLDER, REPORTS, SCALE_FOLDER, Record, Report, Value, Variant, read_all, spread

PAGE = REPORTS / "tables" / "performance.md"
REMARKS = "remarks.yaml"
"""Beside the records: what is to be said of a bar, by its place among the bars, written by hand."""
COMMAND = "python -m tests.benchmarks"
INTRODUCTION = f"""# Performance

`{COMMAND}` times, `{COMMAND}.render` makes this page of the records in `reports/performance`.
What is compared was timed by turns in one run (A B C A B C), after each was done once to warm up, but for whole
processes and indexes. A figure is the median of the rounds; in brackets are their quartiles. Peers run in processes of
their own, those whose pins exclude the harness's in environments of their own, on the same texts, the same checkpoint
and as many threads.
"""
SCALE_INTRODUCTION = f"""# Scale

`{COMMAND} scale` measures, `{COMMAND}.render` makes this page of the records in `reports/scale`.
What an evaluation of MS MARCO's size takes without its model: documents are made while they are read, and scores are
looked up in a table. All else is the harness as it is: reading, checking, sharding, top-k, commit, merge, scoring.
"""


@dataclass(frozen=True)
class Page:
    """One page: where its records are, what it begins with, what is promised on it."""

    records: Path
    path: Path
    introduction: str
    bars: Sequence[Bar]


PERFORMANCE = Page(FOLDER, PAGE, INTRODUCTION, BARS)
PAGES = (PERFORMANCE, Page(SCALE_FOLDER, PAGE.with_name("scale.md"), SCALE_INTRODUCTION, SCALE))
UNITS = {"tokens": (1.0, "tokens/s"), "documents": (1.0, "documents/s"), "FLOP": (1e-9, "GFLOP/s")}


def page(reports: Mapping[str, Report], remarks: Mapping[str, str], of: Page = PERFORMANCE) -> str:
    """Return the page: every bar with what was measured, then every benchmark with what it found.

    Raises:
        ValueError: a record is of a small run, or a remark is of no bar.
    """
    small = [name for name, report in reports.items() if report.run["small"]]
    unknown = set(remarks) - {bar.what for bar in of.bars}
    if small or unknown:
        raise ValueError(f"records of small runs: {small}; remarks on no bar: {sorted(unknown)}")
    machines = _machines(reports.values())
    parts = [of.introduction, _bars(reports, remarks, of.bars)]
    for name, report in reports.items():
        parts.append(_benchmark(name, report, 1 + machines.index(_on(report))))
    parts.append(_about(machines))
    return "\n".join(parts)


def _bars(reports: Mapping[str, Report], remarks: Mapping[str, str], bars: Sequence[Bar]) -> str:
    lines = [_row(["what", "measured", "bar", "met"]), _row(["---"] * 4)]
    lines += [_row([bar.what, *_measured(bar, reports)]) for bar in bars]
    said = [f"- {bar.what}: {remarks[bar.what]}" for bar in bars if bar.what in remarks]
    return "\n".join(["## The bars", "", *lines, "", *said, *([""] if said else [])])


def _measured(bar: Any, reports: Mapping[str, Report]) -> list[str]:
    found, met = bar.measured(reports)
    return [found, bar.words, met]


def _benchmark(name: str, report: Report, machine: int) -> str:
    how = report.run
    command = " ".join(_shown(word) for word in how["command"])
    changed = " with changes" if how["dirty"] else ""
    where = f"machine {machine}, load {report.machine['load']} before it"
    when = f"{str(how['finished'])[:10]}, commit {str(how['commit'])[:12]}{changed}"
    if report.not_run is not None:
        return f"## {name}\n\nnot run: {report.not_run} ({where}, {when})\n"
    parts = [f"## {name}", "", f"`{command}`: {how['wall_seconds']:.0f} s on {where}; {when}.", ""]
    for record in report.records:
        parts += _record(record)
    return "\n".join(parts)


def _record(record: Record) -> list[str]:
    first = next(iter(record.variants))
    facts = list(dict.fromkeys(fact for variant in record.variants.values() for fact in variant.facts))
    heads = [record.name, "rounds", "seconds", "rate", *([] if record.parts else [f"times as fast as {first}"]), *facts]
    lines = [f"**{record.name}**: {record.what}.", "", _row(heads), _row(["---"] * len(heads))]
    for name, variant in record.variants.items():
        row = [name, str(len(variant.seconds)), _seconds(variant), _rate(variant)]
        row += [] if record.parts else [_times(record.variants[first], variant)]
        lines.append(_row([*row, *(_value(fact, variant.facts.get(fact, "")) for fact in facts)]))
    values = [f"- {name}: {_value(name, value)}" for name, value in record.values.items()]
    notes = [f"- {note}" for note in record.notes]
    return [*lines, "", *values, *notes, *([""] if values or notes else [])]


def _times(first: Variant, variant: Variant) -> str:
    """Return how many times as much as `first` a variant does in a second, with the quartiles over the rounds."""
    if variant.unit != first.unit:
        return ""
    more = (variant.amount or 1.0) / (first.amount or 1.0)
    found = more * spread(first.seconds).median / spread(variant.seconds).median
    if len(variant.seconds) == 1 or variant is first or len(variant.seconds) != len(first.seconds):
        return f"{found:.2f}"
    by_round = spread([more * one / other for one, other in zip(first.seconds, variant.seconds, strict=True)])
    return f"{found:.2f} [{by_round.low:.2f}, {by_round.high:.2f}]"


def _seconds(variant: Variant) -> str:
    low, middle, high = (f"{number:.3g}" if number < 100 else f"{number:,.0f}" for number in spread(variant.seconds))
    return middle if len(variant.seconds) == 1 else f"{middle} [{low}, {high}]"


def _rate(variant: Variant) -> str:
    if variant.amount is None:
        return ""
    factor, unit = UNITS[variant.unit]
    return f"{factor * variant.amount / spread(variant.seconds).median:,.0f} {unit}"


def _value(name: str, value: Value) -> str:
    if isinstance(value, bool | str):
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    if "share" in name:
        return f"{value:.1%}"
    if "cosine" in name:
        return f"{value:.5f}"
    return f"{value:,}" if isinstance(value, int) or value >= 1e6 else f"{value:.3g}"


def _on(report: Report) -> str:
    """Return the machine and the versions as one text, without what changes from minute to minute."""
    machine = {name: value for name, value in report.machine.items() if name != "load"}
    return json.dumps({**machine, **report.versions}, sort_keys=True)


def _machines(reports: Any) -> list[str]:
    return list(dict.fromkeys(_on(report) for report in reports))


def _about(machines: Sequence[str]) -> str:
    lines = ["## Machines", ""]
    for number, text in enumerate(machines, start=1):
        found = json.loads(text)
        instructions = ", ".join(found.pop("instructions")) or "none of AVX-512, AMX"
        machine = (
            f"{found.pop('processor')}, {found.pop('cores')} cores ({instructions}), {found.pop('memory_gib')} GiB"
        )
        accelerator = found.pop("accelerator") or "no accelerator"
        versions = ", ".join(f"{name} {version}" for name, version in sorted(found.items()))
        lines.append(f"{number}. {machine}, {accelerator}; {versions}.")
    return "\n".join([*lines, ""])


def _shown(word: str) -> str:
    return f"'{word}'" if any(sign in word for sign in " []") else word


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def render(folder: Path, of: Page = PERFORMANCE) -> str:
    """Return a page of the records in a folder."""
    remarks = folder / REMARKS
    said = yaml.safe_load(remarks.read_text(encoding="utf-8")) if remarks.is_file() else {}
    return page(read_all(folder), said, of)


def main() -> None:
    """Write every page that there are records of."""
    argparse.ArgumentParser(prog="python -m tests.benchmarks.render", description=__doc__).parse_args()
    for one in PAGES:
        if any(one.records.glob("*.json")):
            one.path.parent.mkdir(parents=True, exist_ok=True)
            one.path.write_text(render(one.records, one), encoding="utf-8")
            sys.stdout.write(f"{one.path}\n")


if __name__ == "__main__":
    main()
