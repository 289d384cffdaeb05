"""The blocks of comparisons as CSV: a line per mean and per comparison; what is not there is an empty field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from harness.report import text
from harness.report.comparisons import Block, Comparison, Mean
from harness.report.language_averages import AverageBlock
from harness.report.statistics import Interval, Paired

CSV_HEAD = (
    "dataset", "language", "measure", "queries", "documents", "system", "against", "value", "low", "high", "level",
    "published", "p", "p_holm", "p_equivalence", "p_equivalence_holm", "margin", "smallest_difference", "judgement",
    "method", "ties_across", "ties_queries", "ties_least", "ties_greatest", "key", "key_against",
)  # fmt: skip
DECIMALS = 6
AVERAGE = "avg"
"""Stands for the language of an average over languages."""


def comparisons_csv(blocks: Sequence[Block], averages: Sequence[AverageBlock] = ()) -> str:
    """Return one CSV of all blocks, then of the averages over languages."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    writer.writerows(line for block in blocks for line in _lines(block))
    writer.writerows(line for average in averages for line in _average_lines(average))
    return file.getvalue()


def _lines(block: Block) -> Iterator[list[str]]:
    about = [block.dataset, block.language or "", block.measure, str(block.queries), str(block.documents)]
    keys = {mean.system: mean.result.key for mean in block.means}
    for mean in block.means:
        yield _csv_line(about, mean.system, _mean_cells(mean))
    for one in block.comparisons:
        cells = _comparison_cells(one) | {"key": keys[one.one], "key_against": keys[one.other]}
        yield _csv_line(about, one.one, cells)


def _average_lines(average: AverageBlock) -> Iterator[list[str]]:
    about = [average.dataset, AVERAGE, average.measure, str(average.queries), ""]
    for label, interval in average.means.items():
        yield _csv_line(about, label, {**_ends(interval.mean, interval), "method": interval.method})
    for one in average.comparisons:
        yield _csv_line(about, one.one, _comparison_cells(one))


def _csv_line(about: Sequence[str], system: str, cells: dict[str, str]) -> list[str]:
    known = dict(zip(CSV_HEAD, about, strict=False)) | {"system": system} | cells
    numeric = {"value", "low", "high"}
    return [known.get(head, "") if head in numeric else text.csv_text(known.get(head, "")) for head in CSV_HEAD]


def _mean_cells(mean: Mean) -> dict[str, str]:
    ties = {f"ties_{name}": _csv_number(value) for name, value in (mean.result.ties or {}).items()}
    published = "" if mean.published is None else str(mean.published)
    return {
        **_ends(mean.interval.mean, mean.interval),
        "published": published,
        "method": mean.interval.method,
        "key": mean.result.key,
        **ties,
    }


def _comparison_cells(one: Comparison) -> dict[str, str]:
    found = one.paired
    return {
        **_ends(found.difference, found),
        "against": one.other,
        "p": _csv_number(found.p),
        "p_holm": _csv_number(one.p),
        "p_equivalence": _csv_number(found.p_equivalence),
        "p_equivalence_holm": _csv_number(one.p_equivalence),
        "margin": f"{found.margin:g}",
        "smallest_difference": _csv_number(found.smallest_difference),
        "judgement": str(one.judgement),
        "method": found.method,
    }


def _ends(value: float, of: Interval | Paired) -> dict[str, str]:
    return {
        "value": _csv_number(value),
        "low": _csv_number(of.low),
        "high": _csv_number(of.high),
        "level": f"{of.level:g}",
    }


def _csv_number(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.{DECIMALS}f}"
