"""The blocks of comparisons as comparisons.md, for readers, beside comparisons.csv, with every number there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.report import text
from harness.report.comparisons import Block, Comparison, Mean
from harness.report.comparisons_csv import comparisons_csv
from harness.report.language_averages import AverageBlock
from harness.report.place import in_training_data
from harness.report.record import Result
from harness.report.statistics import Interval, Paired
from harness.report.text import markdown_text, row_line

DECIMALS = 4
MARK = "†"
HEAD = """# How sure the values are, and which of them differ

A block per collection. The interval of a mean says where it would lie, 95 times in 100, on other queries of the same
kind. Two runs of one system over the same queries differ by far less: whether a value is reproduced is for the verdicts
of the card's tables to say. A published value outside of the interval is further off than a choice of queries explains.

Compared are systems of one model that differ in one thing (dimension, precision, a setting), the narrower against the
wider, and models at their own width. A difference is taken query by query. Beside its mean and the interval of that
stand the p-value of the two-sided randomisation test and the smallest true difference that so many queries would show
four times out of five. p and judgement allow for all comparisons of a block (Holm), each interval is for itself.
"Equivalent" is what two one-sided tests put within {margin:g}, a margin set before anything was compared. "Cannot be
told" is neither equal nor different. In an average over languages the languages are fixed and only the queries are a
sample; queries of the same ids in all languages are taken for translations and count once. Nothing is tested over
several collections.

Ties: what the mean could be, at least and at most, with documents of equal score in another order.
"""


def comparison_pages(blocks: Sequence[Block], margin: float, averages: Sequence[AverageBlock] = ()) -> dict[str, str]:
    """Return comparisons.md and comparisons.csv, name -> content; nothing where there are no blocks.

    Args:
        blocks: in the order of the page.
        margin: what the blocks were compared with.
        averages: over the languages of a dataset; each stands before the dataset's first language.
    """
    if not blocks:
        return {}
    of = {(one.dataset, one.measure): one for one in averages}
    titles = Counter((block.title, block.measure) for block in blocks)
    sections = [HEAD.format(margin=margin)]
    for block in blocks:
        if (average := of.pop((block.dataset, block.measure), None)) is not None:
            sections.append(_average_section(average))
        sections.append(_section(block, titles[block.title, block.measure] > 1))
    return {"comparisons.md": "\n".join(sections), "comparisons.csv": comparisons_csv(blocks, averages)}


def ties_text(result: Result) -> str:
    """Return what is known of the order of tied documents in a result's value, for a cell or a line."""
    ties = result.ties
    if ties is None:
        return "not recorded"
    if not ties["queries"]:
        return "none"
    bounds = " to ".join(text.number(ties[end], DECIMALS) for end in ("least", "greatest"))
    return f"{bounds} ({ties['queries']:,} queries)"


def interval_text(interval: Interval | Paired, decimals: int = DECIMALS) -> str:
    """Return an interval as `0.6712 to 0.7605`."""
    return " to ".join(f"{end:.{decimals}f}" for end in (interval.low, interval.high))


def p_text(p: float) -> str:
    """Return a p-value with four decimals; one that would show as none of them is `under 0.0001`."""
    return "under 0.0001" if p < 0.00005 else text.number(p, 4)


def _section(block: Block, repeated: bool) -> str:
    counts = f"{block.queries:,} queries, {block.documents:,} documents"
    title = f"{block.title}, {counts}" if repeated else block.title
    lines = [f"## {markdown_text(title)}", "", f"{counts}.", "", *_means(block)]
    if any(in_training_data(mean.result) for mean in block.means):
        lines += ["", f"- {MARK} trained on it: a score on training text"]
    return "\n".join([*lines, *([""] if block.comparisons else []), *_differences(block.comparisons), ""])


def _average_section(average: AverageBlock) -> str:
    title = f"{average.dataset}, average over {average.languages} languages"
    lines = [f"## {markdown_text(title)}", "", f"{average.queries:,} queries, each language of equal weight.", ""]
    lines.append(row_line([markdown_text(average.measure), "mean of means", "95 % interval"]))
    lines.append(row_line(["---"] * 3))
    for label, interval in average.means.items():
        lines.append(
            row_line(map(markdown_text, [label, text.number(interval.mean, DECIMALS), interval_text(interval)]))
        )
    return "\n".join([*lines, *([""] if average.comparisons else []), *_differences(average.comparisons), ""])


def _means(block: Block) -> Iterator[str]:
    published = any(mean.published is not None for mean in block.means)
    heads = [block.measure, "mean", "95 % interval", *(["published"] if published else []), "ties"]
    yield row_line(map(markdown_text, heads))
    yield row_line(["---"] * len(heads))
    for mean in block.means:
        label = f"{mean.system} {MARK}" if in_training_data(mean.result) else mean.system
        cells = [label, text.number(mean.interval.mean, DECIMALS), interval_text(mean.interval)]
        yield row_line(map(markdown_text, [*cells, *([_beside(mean)] if published else []), ties_text(mean.result)]))


def _beside(mean: Mean) -> str:
    if mean.published is None:
        return ""
    return f"{mean.published} ({'inside' if mean.inside else 'outside'})"


def _differences(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if not comparisons:
        return
    heads = ["comparison", "difference", "95 % interval", "p", "smallest shown", "judgement"]
    yield row_line(heads)
    yield row_line(["---"] * len(heads))
    for one in comparisons:
        found = one.paired
        could = "" if found.smallest_difference is None else text.number(found.smallest_difference, DECIMALS)
        cells = [text.signed(found.difference, DECIMALS), interval_text(found), p_text(one.p), could]
        yield row_line([markdown_text(f"{one.one} against {one.other}"), *cells, str(one.judgement)])
