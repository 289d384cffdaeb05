"""What must hold of every collection, whatever it was read from: ids, judgments, queries, counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.data.collection import Qrels, Query
from harness.data.lines import Place
from harness.data.source import Judgment, Source
from harness.errors import DataError, short
from harness.spec import DatasetSpec

UNUSABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What an id cannot hold, because no line of a TREC run could: white space, control characters, lone surrogates."""


def check_id(value: str, what: str, where: Place) -> str:
    """Return `value`, an id that can stand in a TREC run.

    Raises:
        DataError: it is empty or has white space, a control character or a lone surrogate in it, or a query's begins
            with "#", which trec_eval takes for a comment.
    """
    comment = what == "query" and value.startswith("#")
    if value and UNUSABLE.search(value) is None and not comment:
        return value
    expected = "one word without spaces, line breaks and control characters, as in a run file"
    expected += ", not beginning with #" if comment else ""
    raise DataError(f"{where}: {what} id", got=short(value), expected=expected)


def check_text(text: str, where: Place) -> bytes:
    """Return `text` in UTF-8.

    Raises:
        DataError: it has a lone surrogate, which stands for no character.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: lone surrogate in the text", got=short(text[error.start])) from error


def gather(judgments: Iterable[Judgment], place: Callable[[int], Place]) -> Qrels:
    """Return the judgments by query, then document.

    Raises:
        DataError: an id cannot stand in a run, a pair is judged twice (trec_eval refuses that too; other tools take
            the first or the last without a word), or there are none.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, query_id, doc_id, grade in judgments:
        if query_id not in qrels:
            qrels[check_id(query_id, "query", place(number))] = {}
        grades = qrels[query_id]
        if doc_id in grades:
            pair = f"query {short(query_id)} and document {short(doc_id)} are judged twice"
            got = f"grades {grades[doc_id]} and {grade}"
            raise DataError(f"{place(number)}: {pair}", got=got, remedy="Keep one line of the two")
        grades[check_id(doc_id, "document", place(number))] = grade
    if not qrels:
        raise DataError(f"{place(1)}: no judgments")
    return qrels


def judged_queries(source: Source, qrels: Qrels) -> tuple[tuple[Query, ...], int]:
    """Return the queries that have judgments, in the order of the source, and how many have none.

    Raises:
        DataError: there are no queries, a judged one has no text or two, or an id cannot stand in a run.
    """
    kept: dict[str, Query] = {}
    unjudged = number = 0
    for number, query in enumerate(source.queries(), 1):
        where = source.place("queries", number)
        check_id(query.query_id, "query", where)
        if query.query_id not in qrels:
            unjudged += 1
            continue
        check_text(query.text, where)
        if not query.text.strip():
            raise DataError(f"{where}: query {short(query.query_id)} has no text")
        if kept.setdefault(query.query_id, query).text != query.text:
            raise DataError(f"{where}: query id {short(query.query_id)} comes twice, with different texts")
    if not number:
        raise DataError(f"{source.place('queries', 1)}: no queries", remedy=source.remedy)
    _refuse_unknown(source, qrels, kept)
    return tuple(kept.values()), unjudged


def _refuse_unknown(source: Source, qrels: Qrels, kept: Mapping[str, Query]) -> None:
    unknown = [query_id for query_id in qrels if query_id not in kept]
    if unknown:
        got = f"{len(unknown):,} of {len(qrels):,}: {few(unknown)}"
        there = (query.query_id for query in source.queries())
        remedy = other_form(unknown, there) or source.remedy
        raise DataError("the qrels judge queries that have no text", got=got, remedy=remedy)


def few(ids: Sequence[str], most: int = 5) -> str:
    """Return the first ids for a message."""
    more = ", ..." if len(ids) > most else ""
    return ", ".join(short(item) for item in ids[:most]) + more


def other_form(missing: Iterable[str], there: Iterable[str]) -> str | None:
    """Return a sentence about the first missing id that is there in another Unicode form; None if none is.

    Ids are compared code point by code point: two forms of one accented letter are two ids.
    """
    forms = {unicodedata.normalize("NFC", item): item for item in missing if not item.isascii()}
    for item in there if forms else ():
        found = forms.get(unicodedata.normalize("NFC", item))
        if found is not None:
            return f"{found!a} is there as {item!a}, another Unicode form of it: write both the same way"
    return None


def check_count(spec: DatasetSpec, what: str, found: int, source: Source, more: int = 0) -> None:
    """Check one count against `spec.<what>`; `more` repeated ones may be in the published count or not.

    Raises:
        DataError: they differ.
    """
    expected: int | None = getattr(spec, what)
    if expected is not None and expected not in (found, found + more):
        remedy = f"{source.remedy}. If these data are meant, set dataset.{what}={found}"
        raise DataError(f"{spec.name}: number of {what}", got=f"{found:,}", expected=f"{expected:,}", remedy=remedy)
