"""Systems set against each other on the average over the languages of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.report.comparisons import Block, Comparison, pairs_of, values_of, weighed
from harness.report.record import Result
from harness.report.registered import Registered
from harness.report.statistics import Interval, average_interval, paired_average


@dataclass(frozen=True, kw_only=True)
class AverageBlock:
    """The systems that have a result in every language of a dataset."""

    dataset: str
    measure: str
    languages: int
    queries: int
    """Different ones, of all languages together."""
    means: Mapping[str, Interval]
    """A system's label -> its average with the interval."""
    comparisons: tuple[Comparison, ...]


def averaged(blocks: Sequence[Block], known: Registered, margin: float) -> tuple[AverageBlock, ...]:
    """Return a block for every dataset that has several languages and a system with a result in each of them."""
    groups: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        if block.language is not None:
            groups.setdefault((block.dataset, block.measure), []).append(block)
    made = [_average(group, known, margin) for group in groups.values()]
    return tuple(one for one in made if one is not None)


def _average(blocks: Sequence[Block], known: Registered, margin: float) -> AverageBlock | None:
    languages = [str(block.language) for block in blocks]
    wanted = {language for dataset, language in known.datasets if dataset == blocks[0].dataset} - {None}
    # Of two collections of one language nobody can say which belongs in the average.
    if len(languages) < 2 or len(set(languages)) < len(languages) or not wanted.issubset(languages):
        return None
    found: dict[str, list[Result]] = {}
    for block in blocks:
        for mean in block.means:
            found.setdefault(mean.system, []).append(mean.result)
    full = {label: results for label, results in found.items() if len(results) == len(blocks)}
    return _block(blocks, full, margin) if full else None


def _block(blocks: Sequence[Block], systems: Mapping[str, Sequence[Result]], margin: float) -> AverageBlock:
    values = {
        label: {str(result.language): values_of(result) for result in results} for label, results in systems.items()
    }
    means = {label: average_interval(of) for label, of in values.items()}
    pairs = pairs_of({label: results[0] for label, results in systems.items()}, _centres(means))
    return AverageBlock(
        dataset=blocks[0].dataset,
        measure=blocks[0].measure,
        languages=len(blocks),
        queries=next(iter(means.values())).n,
        means=means,
        comparisons=weighed(pairs, [paired_average(values[one], values[other], margin) for one, other in pairs]),
    )


def _centres(means: Mapping[str, Interval]) -> dict[str, float]:
    return {label: interval.mean for label, interval in means.items()}
