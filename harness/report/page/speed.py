"""Throughput as the records tell it: documents and tokens a second of reading a corpus once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.page.plain import duration, inner
from harness.report.record import Result

STAGES = ("encode and search", "index and search")
"""The stages that the documents of a corpus go through."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """One system on one collection and one machine; languages are added up."""

    system: str
    collection: str
    machine: str
    documents: str
    tokens: str
    per_second: str
    tokens_per_second: str
    spent: str
    memory: str
    share: str
    """The length of its bar, of 100: documents a second beside the fastest on the collection."""


@dataclass
class _Sum:
    documents: float = 0
    tokens: float = 0
    seconds: float = 0
    memory: int = 0
    passes: int = 0


def speeds(results: Sequence[Result]) -> tuple[Speed, ...]:
    """Return the throughput of every pass that recorded it, by collection and system; the widths of a pass are one."""
    sums: dict[tuple[str, str, str], _Sum] = {}
    seen: set[tuple[object, ...]] = set()
    for result in results:
        stage = _stage(result)
        if stage is None:
            continue
        place = (result.dataset, result.model, _machine(result))
        of = sums.setdefault(place, _Sum())
        # Every width of a pass records the pass.
        this = (place, result.language, stage["seconds"], stage.get("tokens"))
        if this not in seen:
            seen.add(this)
            of.documents += stage["documents"]
            of.tokens += _number(stage.get("tokens")) or _number(result.search.get("tokens")) or 0
            of.seconds += stage["seconds"]
            of.passes += 1
        of.memory = max(of.memory, int(_number(result.provenance.get("peak_memory_mib")) or 0))
    fastest: dict[str, float] = {}
    for (dataset, _, _), one in sums.items():
        fastest[dataset] = max(fastest.get(dataset, 0.0), one.documents / one.seconds)
    return tuple(_speed(place, sums[place], fastest[place[0]]) for place in sorted(sums))


def _stage(result: Result) -> Mapping[str, Any] | None:
    stages = inner(result.provenance, "stages")
    for name in STAGES:
        stage = inner(stages, name)
        if _number(stage.get("documents")) and _number(stage.get("seconds")):
            return stage
    return None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _machine(result: Result) -> str:
    made = result.provenance
    words = [made.get("device"), made.get("dtype"), f"precision {result.precision}"]
    if (threads := made.get("threads")) is not None:
        words.append(f"{threads} {'thread' if threads == 1 else 'threads'}")
    return ", ".join(str(word) for word in words if word is not None)


def _speed(place: tuple[str, str, str], of: _Sum, fastest: float) -> Speed:
    dataset, model, machine = place
    rate = of.documents / of.seconds
    return Speed(
        system=model,
        collection=f"{dataset}, {of.passes} passes" if of.passes > 1 else dataset,
        machine=machine,
        documents=f"{of.documents:,.0f}",
        tokens=f"{of.tokens:,.0f}",
        per_second=_rounded(rate),
        tokens_per_second=_rounded(of.tokens / of.seconds),
        spent=duration(of.seconds),
        memory=f"{of.memory:,} MiB" if of.memory else "not recorded",
        share=f"{max(0.5, 100 * rate / fastest):.1f}",
    )


def _rounded(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
