"""One kind of file: what it is damaged from, how the harness reads it, what it says by the definition of its form."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn


class RefusedError(Exception):
    """By the definition of the form this is no such file."""


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    name: str
    cases: int
    whole: tuple[bytes, ...]
    """The files that are damaged."""
    read: Callable[[Path, bytes], Any]
    """Puts the content into an empty folder and has the harness read it."""
    oracle: Callable[[bytes], Any]
    """What the content says, from its definition alone; raises RefusedError where it says nothing."""
    strict: bool = True
    """Whether the harness has to read all that the oracle reads."""
    agree: Callable[[Any, Any], bool] = operator.eq
    """Whether what the oracle says (first) is what the harness read."""


def refuse(*_: object) -> NoReturn:
    raise RefusedError


def plain_json(content: bytes | str) -> Any:
    """Return what a JSON text says: UTF-8, each key once, numbers that are finite."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(pairs) if len({key for key, _ in pairs}) == len(pairs) else refuse()

    def finite(digits: str) -> float:
        return float(digits) if math.isfinite(float(digits)) else refuse()

    try:
        text = content.decode() if isinstance(content, bytes) else content
        if text.startswith("\ufeff"):
            refuse()
        return json.loads(text, object_pairs_hook=once, parse_float=finite, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise RefusedError from error


def split_lines(content: bytes) -> list[str]:
    """Return the lines of a text file: ended by a line feed alone, a byte order mark before the first left out."""
    found = content.split(b"\n")
    if not found[-1]:
        del found[-1]
    if found:
        found[0] = found[0].removeprefix(b"\xef\xbb\xbf")
    try:
        return [line.decode() for line in found]
    except UnicodeDecodeError as error:
        raise RefusedError from error


def plain_id(value: str, *, query: bool) -> str:
    """Return an id that can stand in a run: a word without blanks, controls and halves of letters."""
    odd = [
        letter
        for letter in value
        if letter.isspace() or ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000
    ]
    return refuse() if not value or odd or (query and value.startswith("#")) else value


def as_text(data: Any) -> str:
    """Return plain values as a text: 1 is not True there, and a tuple is a list."""
    return json.dumps(data, sort_keys=True)
