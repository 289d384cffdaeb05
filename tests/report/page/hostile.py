"""Results, a card and a run in which everything that can be a text is one text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.report.published import Average, Column, Note, PublishedTable, Row, Source
from harness.report.record import Result
from harness.score.scores import Scores

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "tag": "</td></table><img src=x onerror=alert(1)><h1>",
    "attribute": '" onmouseover="alert(1)" \' style=\'x',
    "end of style": "</style></title><!-- ",
    "entity": "&lt;b&gt;&#x3c;i&#x3e;",
    "template": "{{ 7 * 7 }}{% raw %}{#",
    "latex": "\\input{/etc/passwd}$x_1^2$%&#~",
    "formula": "=cmd|'/C calc'!A1,+1,@SUM(A1)",
    "escape": "\x1b[2J\x1b]8;;https://example.com\x07x\x1b[31m\x9b1m",
    "direction": "a\u202egnp.exe\u2066b\u2069\u200f\u061c",
    "line": "x\r\nnDCG@10 = 0.999\u2028y\u2029z\x85\x00",
    "unseen": "a\u200bb\ufeffc\u00add\U000e0041",
    "surrogate": "a\ud800b",
}


def word(text: str) -> str:
    """Return `text` as a query id: a column of a run has no room for spaces."""
    return re.sub(r"\s", "_", text)


def result(text: str, make_result: Callable[..., Result], **changes: Any) -> Result:
    """Return a result in which everything that can be a text is `text`."""
    made = make_result(0.5, command=["python", text], **changes)
    values = {f"{word(text)}{number}": number / 8 for number in range(9)}
    return replace(
        made,
        key=text,
        measure=text,
        scores=Scores({text: values, f"also {text}": values}, missing=(f"{word(text)}0",)),
        counts={**made.counts, text: 3},
        search={"documents": 3, "tokens": 9, "truncated": 1},
        spec={**made.spec, "engine": {text: text}, "search": {text: [text, {text: text}]}},
        provenance={
            **made.provenance, "commit": text, "device": text, "dtype": text, "platform": text,
            "libraries": {text: text}, "fingerprints": {"head": text, "documents": text},
            "model": {"name": text, text: text},
            "stages": {"encode and search": {"documents": 3, "seconds": 1.5, "tokens": 9}},
        },
    )  # fmt: skip


def table(text: str, made: PublishedTable) -> PublishedTable:
    """Return a published table in which everything that can be a text is `text`, but for an address."""
    return replace(
        made,
        title=text,
        group=text,
        measure=text,
        measure_label=text,
        source=Source(card=text, url='https://example.org/a"b', read=text, section=text),
        columns=(Column(label=f"A{text}", model="alpha"), Column(label=f"B{text}", model="beta", dim=8)),
        rows=tuple(
            Row(label=f"{at}{text}", dataset=row.dataset, language=row.language, values=row.values)
            for at, row in enumerate(made.rows)
        ),
        average=Average(label=text, of=(f"0{text}", f"1{text}", f"2{text}"), values=made.rows[0].values),
        notes=(Note(text=text, column=f"B{text}"),),
    )


def run(path: Path, text: str) -> Path:
    """Write a run in which ids are `text`, as far as a column has room for it, and return its path."""
    name = word(text)
    lines = [f"{name}{query} Q0 {name}{rank} {rank} 1 x\n" for query in range(9) for rank in (1, 2, 3)]
    path.write_bytes("".join(lines).encode("utf-8", "surrogatepass"))
    path.with_name(f"{path.name}.json").write_text("{}")
    return path
