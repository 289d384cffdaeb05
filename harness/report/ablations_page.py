"""The ablations as ablations.md: a section per model, dataset and setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from harness.report import text
from harness.report.ablations import Ablation, Level
from harness.report.comparisons_page import interval_text
from harness.report.text import markdown_text, row_line

DECIMALS = 4
HEAD = """# What one setting does

Results of one model on one collection that differ in one setting and in nothing else. The first line is the default:
what is registered, or the widest. The difference from it is taken query by query; the judgement allows for all lines of
its language (Holm), with a margin of equivalence of {margin:g}.
"""


def ablation_pages(found: Sequence[Ablation], margin: float) -> dict[str, str]:
    """Return ablations.md, name -> content; nothing where there are no ablations."""
    if not found:
        return {}
    groups = [list(group) for _, group in groupby(found, key=_title)]
    return {"ablations.md": "\n".join([HEAD.format(margin=margin), *map(_section, groups)])}


def _title(one: Ablation) -> str:
    others = ", ".join(f"{name}={value}" for name, value in one.others.items())
    return f"{one.setting}: {one.model} on {one.dataset}{f' ({others})' if others else ''}"


def _section(group: Sequence[Ablation]) -> str:
    first = group[0]
    languages = any(one.language is not None for one in group)
    heads = [*(["language"] if languages else []), first.setting, first.measure, "95 % interval"]
    heads += ["difference", "95 % interval", "judgement", "queries"]
    lines = [row_line(map(markdown_text, heads)), row_line(["---"] * len(heads))]
    for one in group:
        for level in one.levels:
            language = [one.language or ""] if languages else []
            lines.append(row_line([*map(markdown_text, [*language, level.value]), *_cells(level)]))
    return "\n".join([f"## {markdown_text(_title(first))}", "", *lines, ""])


def _cells(level: Level) -> Iterator[str]:
    yield text.number(level.interval.mean, DECIMALS)
    yield interval_text(level.interval)
    if level.paired is None:
        yield from ("", "", "default")
    else:
        yield text.signed(level.paired.difference, DECIMALS)
        yield interval_text(level.paired)
        yield str(level.judgement)
    yield f"{level.interval.n:,}"
