"""Exact search and PLAID side by side as plaid.md: a section for each set of vectors that was searched both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from harness.plaid_spec import PlaidSpec
from harness.report import text
from harness.report.ablations import Settings
from harness.report.agreement import PLAID, Approximate, Beside, Spread
from harness.report.comparisons_page import interval_text
from harness.report.rankings import PERSISTENCE
from harness.report.text import markdown_text, row_line

DECIMALS = 4
PAGE = "plaid.md"
ALWAYS = ("nbits", "n_ivf_probe", "n_full_scores", "seed")
"""Settings of an index that are shown whatever they are; the others only where they are not the default."""
HEAD = """# PLAID beside exact search

The same vectors, ranked with every document and by way of an index of fast-plaid, which is approximate. The difference
is that of the index from exact search, query by query; the judgement allows for all lines of its section (Holm), with a
margin of equivalence of {margin:g}.

overlap@k is the share of the exact ranking's first k documents that are among the first k of the index. RBO is
rank-biased overlap, extrapolated (Webber, Moffat and Zobel 2010), with p = {p:g}: 1 is the same order, 0 none in
common. Both need the two runs, which lie beside results where they were made. Equal values can hide other rankings.

The seed decides where k-means begins. With fast-plaid 1.7 on a CPU equal seeds gave equal indexes, byte for byte, so
what differs between seeds is what the index adds by chance.
"""


def agreement_pages(found: Sequence[Beside], margin: float) -> dict[str, str]:
    """Return plaid.md, name -> content; nothing where no index was searched."""
    if not found:
        return {}
    return {PAGE: "\n".join([HEAD.format(margin=margin, p=PERSISTENCE), *map(_section, found)])}


def _section(one: Beside) -> str:
    depths = sorted({depth for line in one.approximate if line.agreement for depth in line.agreement.overlaps})
    heads = ["search", one.measure, "difference", "95 % interval", "judgement"]
    heads += [*(f"overlap@{depth}" for depth in depths), "RBO"]
    lines = [row_line(map(markdown_text, heads)), row_line(["---"] * len(heads))]
    if one.exact is not None:
        lines.append(row_line(["exact", text.number(one.exact.value, DECIMALS), *[""] * (len(heads) - 2)]))
    lines += [
        row_line([markdown_text(settings_text(line.settings)), *_cells(line, depths)]) for line in one.approximate
    ]
    under = [f"- {markdown_text(_spread_text(spread))}" for spread in one.spreads]
    if one.exact is None:
        under.append("- There is no exact result beside it: the same command with search=exact makes one.")
    return "\n".join([f"## {markdown_text(one.title)}", "", *lines, *([""] if under else []), *under, ""])


def settings_text(settings: Settings) -> str:
    """Return the settings of an index in words: `plaid nbits=4 n_ivf_probe=8 n_full_scores=4096 seed=42`."""
    shown = {name.removeprefix(PLAID): value for name, value in settings.items()}
    usual = {name: json.dumps(value) for name, value in vars(PlaidSpec()).items()}
    others = [name for name in shown if name not in ALWAYS and shown[name] != usual.get(name)]
    return " ".join(["plaid", *(f"{name}={shown[name]}" for name in (*ALWAYS, *others) if name in shown)])


def _cells(line: Approximate, depths: Sequence[int]) -> Iterator[str]:
    yield text.number(line.result.value, DECIMALS)
    if line.paired is None:
        yield from [""] * 3
    else:
        yield text.signed(line.paired.difference, DECIMALS)
        yield interval_text(line.paired)
        yield str(line.judgement)
    if line.agreement is None:
        yield from [""] * len(depths)
        yield "no run beside it" if line.paired is not None else ""
        return
    for depth in depths:
        share = line.agreement.overlaps.get(depth)
        yield "" if share is None else text.number(share, DECIMALS)
    yield text.number(line.agreement.rbo, DECIMALS)


def _spread_text(spread: Spread) -> str:
    values = [text.number(value, DECIMALS) for value in (spread.mean, spread.least, spread.greatest, spread.sd)]
    mean, least, greatest, sd = values
    seeds = ", ".join(spread.seeds)
    return (
        f"{len(spread.seeds)} seeds ({seeds}) of {settings_text(spread.settings)}: mean {mean}, {least} to {greatest}, "
        f"standard deviation {sd}"
    )
