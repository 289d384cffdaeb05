"""The lines of a TREC run file, read into one `Ranking` a query: `qid Q0 docid rank score name`.

Columns stand apart by ASCII spaces and tabs and nothing else, lines end with a line feed (after a carriage return or
not): an id may hold a no-break space or U+2028, at which `str.split` and `str.splitlines` would cut it. The rank column
is not read; the order is the one of `harness.retrieve.run.ranking`, as in trec_eval.

What lies in memory is the ids, eight bytes of score and eight of line number a line (measured: 100 bytes a line, two
seconds a million lines).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

import numpy as np

from harness.errors import DataError, short
from harness.retrieve.run import Ranking, ranking

COLUMNS = "qid Q0 docid rank score name"
BATCH_BYTES = 1 << 20
LONGEST = 1 << 24
"""Bytes of the longest line that is read: a file without line breaks must not fill the memory."""
TOO_LARGE = float(2**128 - 2**103)
"""The smallest number that rounds to infinity in float32 (IEEE 754: the midpoint above the largest one)."""
PLAIN = bytes([*b"\t\n\r", *range(0x20, 0x7F), *range(0x80, 0x100)])
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class _Rows:
    """What the file says about one query, in the order of its lines."""

    doc_ids: list[str] = field(default_factory=list)
    scores: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("Q"))


@dataclass(slots=True)
class _Reading:
    """A file being read: the name that its first line gives the run, and the rows of each query by its bytes."""

    label: str
    name: str = ""
    rows: dict[bytes, _Rows] = field(default_factory=dict)

    def fault(self, line: int, what: str, got: object = None, expected: object = None) -> DataError:
        return DataError(f"{self.label}: line {line}: {what}", got=got, expected=expected)


def read_lines(file: BinaryIO, label: str, *, mark: bool) -> tuple[str, dict[str, Ranking]]:
    """Return the run's name (last column of the first line) and the ranking of every query in `file`.

    Args:
        file: opened for bytes.
        label: how messages call the file.
        mark: leave out a byte order mark at the start; else it is a part of the first id.

    Raises:
        DataError: a line cannot be trusted (the message has its number), or there is no line.
    """
    reading = _Reading(label)
    for first, lines in _batches(reading, file, mark=mark):
        _refuse_odd_bytes(reading, first, lines)
        for number, line in enumerate(lines, start=first):
            columns = line.split()
            if columns:
                _take(reading, number, columns)
    if not reading.rows:
        raise DataError(f"{label} is empty", expected="a TREC run with at least one line")
    return reading.name, {query.decode(): _ranked(reading, query, rows) for query, rows in reading.rows.items()}


def _batches(reading: _Reading, file: BinaryIO, *, mark: bool) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines, each with its line break, and the number of the first of them."""
    first, begun = 1, file.read(len(BOM)) if mark else b""
    begun = begun.removeprefix(BOM)
    while chunk := file.read(BATCH_BYTES):
        whole, end, rest = chunk.rpartition(b"\n")
        if end:
            lines = BytesIO(begun + whole + end).readlines()
            yield first, lines
            first += len(lines)
            begun = b""
        begun += rest
        if len(begun) > LONGEST:
            raise reading.fault(first, "a line too long", f"more than {LONGEST:,} bytes", COLUMNS)
    if begun:
        yield first, BytesIO(begun).readlines()


def _refuse_odd_bytes(reading: _Reading, first: int, lines: list[bytes]) -> None:
    # A whole batch is tested at once; lines are looked at one by one only when it fails.
    if _odd(b"".join(lines)) is None:
        return
    for number, line in enumerate(lines, start=first):
        reason = _odd(line)
        if reason is not None:
            raise reading.fault(number, reason, short(line))


def _odd(text: bytes) -> str | None:
    if text.translate(None, PLAIN) or text.count(b"\r") != text.count(b"\r\n"):
        return "a control character"
    try:
        text.decode()
    except UnicodeDecodeError:
        return "not valid UTF-8"
    return None


def _take(reading: _Reading, number: int, columns: list[bytes]) -> None:
    if len(columns) != 6:
        raise reading.fault(
            number, "not a line of a TREC run", f"{len(columns)} columns", "qid Q0 docid rank score name"
        )
    query, _, document, _, text, name = columns
    try:
        score = float(text)
    except ValueError:
        score = float("nan")
    # The comparison is false for NaN too; Python reads 1_0 as 10 and no other tool does.
    if not -TOO_LARGE < score < TOO_LARGE or b"_" in text:
        raise reading.fault(number, "the score", short(text.decode()), "a finite number that float32 can hold")
    rows = reading.rows.get(query)
    if rows is None:
        rows = reading.rows[query] = _Rows()
        reading.name = reading.name or name.decode()
    rows.doc_ids.append(document.decode())
    rows.scores.append(score)
    rows.lines.append(number)


def _ranked(reading: _Reading, query: bytes, rows: _Rows) -> Ranking:
    if len(set(rows.doc_ids)) != len(rows.doc_ids):
        doc_id = Counter(rows.doc_ids).most_common(1)[0][0]
        lines = [line for line, found in zip(rows.lines, rows.doc_ids, strict=True) if found == doc_id]
        pair = f"query {short(query.decode())}, document {short(doc_id)} on line {lines[0]} too"
        raise reading.fault(lines[1], "a document twice for one query", pair)
    scores = np.array(rows.scores, dtype=np.float32)
    if bool((scores[:-1] > scores[1:]).all()):
        return Ranking(tuple(rows.doc_ids), scores)
    return ranking(zip(rows.doc_ids, rows.scores, strict=True))


def first_unordered(rankings: Mapping[str, Ranking]) -> str | None:
    """Return the first query whose ranking is not in the total order; None where all are."""
    for query_id, found in rankings.items():
        falling = bool((found.scores[:-1] > found.scores[1:]).all())
        if not falling and ranking(zip(found.doc_ids, found.scores.tolist(), strict=True)) != found:
            return query_id
    return None
