"""Own results set against each other, query by query: a block per collection, with what its data can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from harness.report.place import column_of, finished, labels_of, obstacle, row_of, system_of, system_order
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.statistics import Interval, Judgement, Paired, adjusted, inside, judgement, mean_interval, paired
from harness.report.verdict import NEAR_BOUND

MARGIN = NEAR_BOUND
"""The margin of equivalence where none is given; configs/report.yaml says why."""
Group = tuple[str, str, str, int, tuple[str, ...]]
"""Dataset, language, measure, number of documents, and the judged queries: what results must share to be compared."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """One system of a block with the interval of its mean."""

    system: str
    """The label of the system, with what tells it apart from the others of the block."""
    result: Result
    interval: Interval
    published: Decimal | None
    """What the card prints for this system on this dataset, where its settings are the registered ones."""

    @property
    def inside(self) -> bool | None:
        """Whether the published value lies in the interval; None where there is none."""
        return None if self.published is None else inside(self.interval, float(self.published))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two systems of a block: the first minus the second."""

    one: str
    other: str
    paired: Paired
    p: float
    """p of the difference after Holm's correction over the block."""
    p_equivalence: float | None
    """The same of the equivalence test; None for a single query."""
    judgement: Judgement
    """Words that allow for all comparisons of the block."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """The results over one set of queries and documents."""

    dataset: str
    language: str | None
    measure: str
    queries: int
    documents: int
    means: tuple[Mean, ...]
    """By model, the widest first."""
    comparisons: tuple[Comparison, ...]
    """Within models, then between them; none where there is one system."""

    @property
    def title(self) -> str:
        """The dataset with its language."""
        return self.dataset if self.language is None else f"{self.dataset} {self.language}"


def compared(
    results: Sequence[Result], tables: Sequence[PublishedTable], known: Registered, margin: float = MARGIN
) -> tuple[Block, ...]:
    """Return a block for every collection that there are results on, in order of their names.

    Of several results of one system the one that finished last counts. Compared are systems of one model that differ in
    one thing, be it the dimension or the settings, and models with each other at the widest of their systems.

    Args:
        results: any results.
        tables: the published tables, for the values beside our means.
        known: the registered datasets and models.
        margin: the difference below which two systems are as good as one another, set beforehand.

    Raises:
        DataError: a result has values that are no fractions or a time that is none, or the margin is no fraction.
    """
    groups: dict[Group, list[Result]] = {}
    for result in sorted(results, key=finished):
        groups.setdefault(_group(result), []).append(result)
    return tuple(_block(groups[group], tables, known, margin) for group in sorted(groups))


def values_of(result: Result) -> Mapping[str, float]:
    """Return the per-query values of the result's own measure."""
    return result.scores.values[result.measure]


def _group(result: Result) -> Group:
    queries = tuple(sorted(values_of(result)))
    return result.dataset, result.language or "", result.measure, result.counts.get("documents", 0), queries


def _block(results: Sequence[Result], tables: Sequence[PublishedTable], known: Registered, margin: float) -> Block:
    last = dict(zip(labels_of(results, known), results, strict=True))
    systems = {label: last[label] for label in sorted(last, key=lambda label: (*system_order(last[label]), label))}
    first = results[0]
    return Block(
        dataset=first.dataset,
        language=first.language,
        measure=first.measure,
        queries=len(values_of(first)),
        documents=first.counts.get("documents", 0),
        means=tuple(_mean(label, result, tables, known) for label, result in systems.items()),
        comparisons=_comparisons(systems, margin),
    )


def _mean(label: str, result: Result, tables: Sequence[PublishedTable], known: Registered) -> Mean:
    interval = mean_interval(list(values_of(result).values()))
    return Mean(system=label, result=result, interval=interval, published=_published(result, tables, known))


def _published(result: Result, tables: Sequence[PublishedTable], known: Registered) -> Decimal | None:
    for table in tables:
        row, column = row_of(table, result), column_of(table, result)
        if row is not None and column is not None and obstacle(table, result, known) is None:
            return row.values[table.columns.index(column)]
    return None


def _comparisons(systems: Mapping[str, Result], margin: float) -> tuple[Comparison, ...]:
    values = {label: values_of(result) for label, result in systems.items()}
    pairs = pairs_of(systems, {label: result.value for label, result in systems.items()})
    return weighed(pairs, [paired(values[one], values[other], margin) for one, other in pairs])


def weighed(pairs: Sequence[tuple[str, str]], found: Sequence[Paired]) -> tuple[Comparison, ...]:
    """Return the comparisons of one block, each with what it comes to when all are allowed for."""
    return tuple(
        Comparison(one=one, other=other, paired=each, p=p, p_equivalence=alike, judgement=judgement(each, p, alike))
        for (one, other), each, (p, alike) in zip(pairs, found, adjusted(found), strict=True)
    )


def pairs_of(systems: Mapping[str, Result], means: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return who is compared: within a model the narrower against the wider, between models the higher with the lower.

    What is compared is fixed before any value is seen; only which of two models is named first is not.
    """
    models: dict[str, list[str]] = {}
    for label, result in systems.items():
        models.setdefault(result.model, []).append(label)
    within = [
        (one, other)
        for labels in models.values()
        for other, one in combinations(labels, 2)
        if _one_thing_differs(systems, one, other)
    ]
    widest = combinations([labels[0] for labels in models.values()], 2)
    return [*within, *((one, other) if means[one] >= means[other] else (other, one) for one, other in widest)]


def _one_thing_differs(systems: Mapping[str, Result], one: str, other: str) -> bool:
    widths = {(systems[label].dim, systems[label].dim_kind) for label in (one, other)}
    settings = {label.removeprefix(system_of(systems[label])) for label in (one, other)}
    return len(widths) == 1 or len(settings) == 1
