"""Comparisons of own results as the page shows them: a block per collection, closed, with what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report import text
from harness.report.comparisons import Block, Comparison, Mean
from harness.report.comparisons_page import interval_text, p_text, ties_text
from harness.report.language_averages import AverageBlock
from harness.report.page.anchors import Anchors
from harness.report.place import in_training_data
from harness.report.statistics import Interval, Kind

DECIMALS = 3
MARK = "†"


@dataclass(frozen=True, kw_only=True)
class MeanLine:
    """One system with the interval of its mean."""

    system: str
    mean: str
    interval: str
    published: str
    ties: str


@dataclass(frozen=True, kw_only=True)
class DifferenceLine:
    """One comparison."""

    one: str
    other: str
    difference: str
    interval: str
    p: str
    shown: str
    """The difference that this many queries show four times out of five."""
    words: str
    told: bool
    """Whether the data tells anything: a difference, or that there is none to speak of."""


@dataclass(frozen=True, kw_only=True)
class ComparedBlock:
    """The systems over one set of queries."""

    id: str
    title: str
    counts: str
    summary: str
    means: tuple[MeanLine, ...]
    differences: tuple[DifferenceLine, ...]
    trained: bool
    """Whether a system was trained on the collection."""


def compared_blocks(
    blocks: Sequence[Block], averages: Sequence[AverageBlock], anchors: Anchors
) -> tuple[ComparedBlock, ...]:
    """Return the averages over languages and then the single collections, each in their order."""
    return (*(_average(block, anchors) for block in averages), *(_block(block, anchors) for block in blocks))


def _average(block: AverageBlock, anchors: Anchors) -> ComparedBlock:
    title = f"{block.dataset}, average over {block.languages} languages"
    return ComparedBlock(
        id=anchors.give("block-compared", title),
        title=title,
        counts=f"{block.measure}, {block.queries:,} queries",
        summary=_summary(block.comparisons),
        means=tuple(_line(system, interval) for system, interval in block.means.items()),
        differences=tuple(map(_difference, block.comparisons)),
        trained=False,
    )


def _line(system: str, interval: Interval, published: str = "", ties: str = "") -> MeanLine:
    return MeanLine(
        system=system,
        mean=text.number(interval.mean, DECIMALS),
        interval=interval_text(interval, DECIMALS),
        published=published,
        ties=ties,
    )


def _block(block: Block, anchors: Anchors) -> ComparedBlock:
    return ComparedBlock(
        id=anchors.give("block-compared", block.title),
        title=block.title,
        counts=f"{block.measure}, {block.queries:,} queries, {block.documents:,} documents",
        summary=_summary(block.comparisons),
        means=tuple(map(_mean, block.means)),
        differences=tuple(map(_difference, block.comparisons)),
        trained=any(in_training_data(mean.result) for mean in block.means),
    )


def _summary(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return "one system"
    kinds = Counter(one.judgement.kind for one in comparisons)
    differ = kinds[Kind.HIGHER] + kinds[Kind.LOWER]
    counted = {"differ": differ, "equivalent": kinds[Kind.EQUIVALENT], "equal": kinds[Kind.EQUAL]}
    counted["cannot be told"] = kinds[Kind.UNTOLD]
    number = len(comparisons)
    words = ", ".join(f"{count} {name}" for name, count in counted.items() if count)
    return f"{number} {'comparison' if number == 1 else 'comparisons'}: {words}"


def _mean(mean: Mean) -> MeanLine:
    beside = ""
    if mean.published is not None:
        beside = f"{mean.published} ({'inside' if mean.inside else 'outside'})"
    system = f"{mean.system} {MARK}" if in_training_data(mean.result) else mean.system
    return _line(system, mean.interval, beside, ties_text(mean.result))


def _difference(one: Comparison) -> DifferenceLine:
    found = one.paired
    could = found.smallest_difference
    return DifferenceLine(
        one=one.one,
        other=one.other,
        difference=text.signed(found.difference, DECIMALS),
        interval=interval_text(found, DECIMALS),
        p=p_text(one.p),
        shown="" if could is None else text.number(could, DECIMALS),
        words=str(one.judgement),
        told=one.judgement.kind is not Kind.UNTOLD,
    )
