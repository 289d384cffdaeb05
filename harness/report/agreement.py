"""Results of approximate search beside the exact one of the same vectors: values, rankings, and the spread of seeds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.report.ablations import Settings, collection_of, settings_of
from harness.report.place import finished, system_of
from harness.report.rankings import Agreement, agreement
from harness.report.record import Result
from harness.report.statistics import Judgement, Paired, judged, paired
from harness.retrieve.run import Run
from harness.retrieve.trec import read_run, sidecar_path

PLAID = "search.plaid."
SEED = f"{PLAID}seed"
VECTORS = ("model", "head", "documents", "queries")
"""The fingerprints of what rankings are made from."""


@dataclass(frozen=True, kw_only=True)
class Approximate:
    """One result of approximate search."""

    result: Result
    settings: Settings
    """Those of the index."""
    paired: Paired | None = None
    """Its values minus the exact ones; None where there are none."""
    judgement: Judgement | None = None
    agreement: Agreement | None = None
    """None where one of the runs is not there."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The values of indexes that differ in their seed alone."""

    settings: Settings
    seeds: tuple[str, ...]
    mean: float
    least: float
    greatest: float
    sd: float
    """Of a single index, estimated from these."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Exact and approximate search with one set of vectors."""

    title: str
    measure: str
    exact: Result | None
    approximate: tuple[Approximate, ...]
    spreads: tuple[Spread, ...]


def beside(
    results: Sequence[Result], runs: Sequence[Path], margin: float, depths: Sequence[int] = (10, 100)
) -> tuple[Beside, ...]:
    """Return every set of vectors that was searched by way of an index, by title.

    Of several results with the same settings the one that finished last counts.

    Args:
        results: any results.
        runs: where the run of each of them lies, if it was kept.
        margin: the difference below which two values are as good as one another.
        depths: of the overlaps.

    Raises:
        DataError: a run that is there is damaged, or a result has a time that is none.
    """
    where = {result.key: run for result, run in zip(results, runs, strict=True)}
    groups: dict[str, dict[str, Result]] = {}
    for result in sorted(results, key=finished):
        settings = settings_of(result)
        kind = json.dumps({name: value for name, value in settings.items() if name.startswith("search.")})
        groups.setdefault(_vectors(result, settings), {})[kind] = result
    told = [one for held in groups.values() if (one := _of(list(held.values()), where, margin, depths))]
    return tuple(sorted(_told_apart(told), key=lambda one: one.title))


def _told_apart(found: Sequence[Beside]) -> Iterator[Beside]:
    """Yield `found`; where several have one title, with the settings in it that not all of them have."""
    for one in found:
        others = [settings_of(other.approximate[0].result) for other in found if other.title == one.title]
        apart = [
            f"{name}={value}"
            for name, value in settings_of(one.approximate[0].result).items()
            if not name.startswith("search.") and any(other.get(name) != value for other in others)
        ]
        yield replace(one, title=f"{one.title} ({', '.join(apart)})") if apart else one


def without_indexes(results: Sequence[Result]) -> list[Result]:
    """Return the results whose rankings did not come by way of an index, for the comparisons of a collection.

    The seeds of an index are many of one thing: among those comparisons they would only weaken the others (Holm).
    """
    return [result for result in results if _kind(result) != "plaid"]


def _vectors(result: Result, settings: Settings) -> str:
    """Return what two results have in common that rank the same vectors, as a text."""
    prints = result.provenance.get("fingerprints") or {}
    others = {name: value for name, value in settings.items() if not name.startswith("search.")}
    return json.dumps([collection_of(result), others, [prints.get(name) for name in VECTORS]], sort_keys=True)


def _of(held: Sequence[Result], where: Mapping[str, Path], margin: float, depths: Sequence[int]) -> Beside | None:
    found = [result for result in held if _kind(result) == "plaid"]
    if not found:
        return None
    exact = next((result for result in held if _kind(result) == "exact"), None)
    found.sort(key=lambda one: [(len(value), value) for value in _index(one).values()])
    return Beside(
        title=f"{system_of(found[0])} on {found[0].row}",
        measure=found[0].measure,
        exact=exact,
        approximate=_compared(found, exact, where, margin, depths),
        spreads=tuple(_spreads(found)),
    )


def _compared(
    found: Sequence[Result], exact: Result | None, where: Mapping[str, Path], margin: float, depths: Sequence[int]
) -> tuple[Approximate, ...]:
    if exact is None:
        return tuple(Approximate(result=one, settings=_index(one)) for one in found)
    base = exact.scores.values[exact.measure]
    pairs = [paired(one.scores.values[one.measure], base, margin) for one in found]
    truth = _run(where[exact.key])
    told = []
    for one, each, words in zip(found, pairs, judged(pairs), strict=True):
        run = None if truth is None else _run(where[one.key])
        depth = min(result.spec["search"]["depth"] for result in (one, exact))
        agrees = None if truth is None or run is None else agreement(truth, run, depth, depths)
        told.append(Approximate(result=one, settings=_index(one), paired=each, judgement=words, agreement=agrees))
    return tuple(told)


def _run(path: Path) -> Run | None:
    return read_run(path) if path.is_file() and sidecar_path(path).is_file() else None


def _spreads(found: Sequence[Result]) -> Iterator[Spread]:
    groups: dict[str, list[Result]] = {}
    for result in found:
        groups.setdefault(json.dumps({**_index(result), SEED: ""}), []).append(result)
    for group in groups.values():
        if len(group) > 1:
            values = [result.value for result in group]
            yield Spread(
                settings={name: value for name, value in _index(group[0]).items() if name != SEED},
                seeds=tuple(_index(result)[SEED] for result in group),
                mean=statistics.fmean(values),
                least=min(values),
                greatest=max(values),
                sd=statistics.stdev(values),
            )


def _index(result: Result) -> Settings:
    return {name: value for name, value in settings_of(result).items() if name.startswith(PLAID)}


def _kind(result: Result) -> object:
    return (result.spec.get("search") or {}).get("kind")
