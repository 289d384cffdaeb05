"""Which results lie on one line over the dimensions: one model, one set of settings, one way to make a width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.report.place import finished, labels_of, system_of, value_of
from harness.report.record import Result
from harness.report.registered import Registered

BYTES = 2
"""Of a component: vectors are stored as float16."""
OWN = "full"
Results = Mapping[str, Result]
"""Language, empty for a dataset without any -> the result that finished last."""
Widths = dict[int, dict[str, Result]]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One width of one line; means over the languages, where there are several."""

    dim: int
    bytes: float
    """Bytes of a document's vectors: width x 2 x mean tokens."""
    value: float
    results: tuple[Result, ...]
    """One, or one a language."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One system over its widths."""

    label: str
    kind: str
    """`head`: each width has a projection of its own; `prefix`: narrower widths are cut from the widest."""
    points: tuple[Point, ...]
    """Two or more, the narrowest first."""


@dataclass(frozen=True, kw_only=True)
class Curves:
    """The lines of one collection, all over the same languages."""

    dataset: str
    measure: str
    languages: int
    """How many languages a point is a mean over; 0 for a dataset without any."""
    lines: tuple[Line, ...]


def curves(results: Sequence[Result], known: Registered) -> tuple[Curves, ...]:
    """Return every collection on which a system was run at two or more widths, by name.

    A line that covers fewer languages than another of its collection is left out: a mean over other languages is of
    something else.

    Raises:
        DataError: a result has a mean that is no fraction, or a time that is none.
    """
    found: dict[tuple[str, str, str], dict[tuple[str, str], Widths]] = {}
    order = sorted(zip(results, labels_of(results, known), strict=True), key=lambda pair: finished(pair[0]))
    for result, label in order:
        if result.dim is None or result.dim_kind is None or not tokens(result):
            continue
        # The label without its width: settings that are not the registered ones stay.
        system = f"{result.model}{label.removeprefix(system_of(result))}"
        systems = found.setdefault(_collection(result), {})
        widths = systems.setdefault((system, result.dim_kind), {})
        widths.setdefault(result.dim, {})[result.language or ""] = result
    made = (_curves(collection, found[collection]) for collection in sorted(found))
    return tuple(one for one in made if one.lines)


def tokens(result: Result) -> float:
    """Return the mean number of document tokens that were encoded; 0 where it is not recorded."""
    documents = result.search.get("documents", 0)
    return result.search.get("tokens", 0) / documents if documents else 0.0


def _collection(result: Result) -> tuple[str, str, str]:
    counts = "" if result.language is not None else f"{result.counts.get('documents')} {result.counts.get('queries')}"
    return result.dataset, result.measure, counts


def _curves(collection: tuple[str, str, str], systems: Mapping[tuple[str, str], Widths]) -> Curves:
    joined = {
        (system, kind): {**systems.get((system, OWN), {}), **widths}
        for (system, kind), widths in systems.items()
        if kind != OWN
    }
    shared = {line: frozenset.intersection(*map(frozenset, widths.values())) for line, widths in joined.items()}
    languages = max(shared.values(), key=len, default=frozenset())
    lines = tuple(
        Line(label=system, kind=kind, points=_points(widths, sorted(languages)))
        for (system, kind), widths in sorted(joined.items())
        if len(widths) > 1 and languages and shared[system, kind] >= languages
    )
    named = len(languages - {""})
    return Curves(dataset=collection[0], measure=collection[1], languages=named, lines=lines)


def _points(widths: Widths, languages: Sequence[str]) -> tuple[Point, ...]:
    return tuple(_point(dim, [widths[dim][language] for language in languages]) for dim in sorted(widths))


def _point(dim: int, results: Sequence[Result]) -> Point:
    return Point(
        dim=dim,
        bytes=sum(dim * BYTES * tokens(result) for result in results) / len(results),
        value=sum(map(value_of, results)) / len(results),
        results=tuple(results),
    )
