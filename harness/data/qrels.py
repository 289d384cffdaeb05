"""Judgments and topics in the forms in which they are published: BEIR's TSV, TREC qrels, Anserini's topics.

The form of a qrels file is told from its first line: three columns between tabs are BEIR's (query, document, grade,
with or without a header line), four between blanks or tabs TREC's (query, iteration, document, grade). Nothing is
unquoted: a quotation mark in an id is part of the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.data.checks import check_id, gather
from harness.data.collection import Qrels
from harness.data.lines import Place, text_lines
from harness.data.source import Judgment
from harness.errors import DataError, short

HEADERS = ("query-id", "query_id", "qid", "query")
GRADE = re.compile(r"[+-]?[0-9]{1,9}")
BLANKS = re.compile(r"[ \t]+")


def read_qrels(path: Path) -> Qrels:
    """Return the judgments of a BEIR or TREC qrels file.

    Raises:
        DataError: a line is no judgment, an id cannot stand in a run, a pair is judged twice, or there is no judgment.
    """
    return gather(read_judgments(path), lambda number: Place(path, number))


def read_judgments(path: Path) -> Iterator[Judgment]:
    """Yield every judgment of a BEIR or TREC qrels file (gzipped, if its name ends in `.gz`).

    Raises:
        DataError: a line does not have the columns of the first, or its grade is no integer.
    """
    width = 0
    for number, text in text_lines(path):
        line = text.removesuffix("\r")
        width = width or _width(line, Place(path, number))
        columns = line.split("\t") if width == 3 else BLANKS.split(line.strip(" \t"))
        if number == 1 and width == 3 and columns[0].strip().lower() in HEADERS and not GRADE.fullmatch(columns[2]):
            continue
        if len(columns) != width:
            expected = f"{width} columns as in the first line"
            raise DataError(str(Place(path, number)), got=short(line), expected=expected)
        if not GRADE.fullmatch(columns[-1]):
            raise DataError(f"{Place(path, number)}: grade", got=short(columns[-1]), expected="an integer")
        yield Judgment(number, columns[0], columns[-2], int(columns[-1]))


def read_topics(path: Path) -> dict[str, str]:
    """Return query id -> text of a topics file with an id, a tab and a text a line (gzipped, if named `.gz`).

    Raises:
        DataError: a line has no tab, an id cannot stand in a run, or an id comes twice.
    """
    topics: dict[str, str] = {}
    for number, line in text_lines(path):
        query_id, tab, text = line.removesuffix("\r").partition("\t")
        if not tab:
            raise DataError(str(Place(path, number)), got=short(line), expected="an id, a tab and a text")
        if check_id(query_id, "query", Place(path, number)) in topics:
            raise DataError(f"{Place(path, number)}: query id {short(query_id)} comes twice")
        topics[query_id] = text
    return topics


def _width(line: str, where: Place) -> int:
    if line.count("\t") == 2:
        return 3
    if len(BLANKS.split(line.strip(" \t"))) == 4:
        return 4
    expected = "query, document and grade between tabs, or the four columns of TREC qrels"
    raise DataError(str(where), got=short(line), expected=expected)
