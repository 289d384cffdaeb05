"""One cell: the label or the number that it shows, without what only dresses it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from harness.errors import printable

DRESS = (
    (re.compile(r"\\\|"), "|"),
    (re.compile(r"<sup>.*?</sup>", re.IGNORECASE), ""),
    (re.compile(r"<[^<>]*>"), " "),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)"), r"\1"),
    (re.compile(r"\[\^[^\[\]]*\]"), ""),
    (re.compile(r"\*\*|__|~~|`|(?<!\\)\*"), ""),
    (re.compile(r"(?<!\w)_([^_]+)_(?!\w)"), r"\1"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)
"""What is taken away or put in place of it, in this order: escaped pipes, notes, tags, links, emphasis, escapes."""
MISSING = ("", "-", "--", "—", "\N{EN DASH}", "/", "?", "x", "n/a", "na", "n.a.", "none", "tbd", "…", "...")
NUMBER = re.compile(r"([+-]?)(\d[\d.,]*|[.,]\d+)\s*(%?)\s*[*†‡§¶^↑↓]*\s*(?:(?:±|\+/-)\s*[\d.,%]+|\(.*\)|\[.*\])?")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
DECIMAL_COMMA = re.compile(r"(?<![\d.,])(?:0?,\d+|0,\d+|\d+,(?:\d{1,2}|\d{4,}))(?![\d.,])")
POINT = re.compile(r"\d\.\d")


@dataclass(frozen=True)
class Number:
    """A number with the decimals that it is printed with."""

    value: Decimal
    """A percentage is a fraction here: 50.1 % is 0.501."""
    text: str
    """As it is printed, without dress."""


def plain(cell: str) -> str:
    r"""Return the text of a cell on one line, without emphasis, links, footnotes and tags.

    >>> plain(r"**[BM25](https://e.org)** [^1]"), plain(r"a\|b"), plain("trec_covid")
    ('BM25', 'a|b', 'trec_covid')
    """
    text = cell
    for what, instead in DRESS:
        text = what.sub(instead, text)
    return printable(" ".join(html.unescape(text).split()))


def is_missing(cell: str) -> bool:
    """Return whether a cell says that there is no number."""
    return plain(cell).casefold() in MISSING


def number(cell: str, *, comma: bool = False) -> Number | None:
    """Return the number that a cell shows; None where it shows none, or more than one.

    Args:
        cell: as it is written. A mark, a deviation (± 0.1) or a remark in brackets may follow the number.
        comma: whether a comma begins the decimals; otherwise it stands between thousands where it can.

    >>> str(number("**50.1%**").value), number("137M"), str(number("0,346", comma=True).value)
    ('0.501', None, '0.346')
    """
    text = plain(cell).replace("\N{MINUS SIGN}", "-")
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    digits = _decimals(found[2], comma=comma)
    if digits is None:
        return None
    value = Decimal(f"{found[1]}{digits}")
    return Number(value.scaleb(-2) if found[3] else value, f"{found[1]}{found[2]}{found[3]}")


def decimal_comma(cells: Iterable[str]) -> bool:
    """Return whether the numbers of a table have a comma before their decimals."""
    texts = [plain(cell) for cell in cells]
    return any(DECIMAL_COMMA.search(text) for text in texts) and not any(POINT.search(text) for text in texts)


def _decimals(digits: str, *, comma: bool) -> str | None:
    """Return digits with a point before the decimals and nothing between thousands; None where that is not clear."""
    if comma or re.fullmatch(r"0?,\d+|\d+,(?:\d{1,2}|\d{4,})", digits):
        # So few, or so many digits behind it are no thousands, whatever the other numbers look like.
        digits = digits.translate(str.maketrans(",.", ".,"))
    if "," in digits and not THOUSANDS.fullmatch(digits):
        return None
    bare = digits.replace(",", "")
    return bare if re.fullmatch(r"\d*\.?\d+", bare) else None
