"""What can go wrong, as a small tree of exceptions that each know their exit code.

    HarnessError
      ConfigError   exit 2   a setting that cannot be meant: unknown name, wrong type, impossible combination
      DataError     exit 3   a corpus, a query set, judgments, a run or a result file that cannot be trusted
      StorageError  exit 3   a disk that is full, a folder that cannot be written
      ModelError    exit 4   a checkpoint, a tokenizer or a device that does not do what the spec says
      ShardError    exit 5   shards that fail every time, where all others are done

Every error is one line: what, got, expected, remedy. Users see that line and no traceback; anything that is not a
`HarnessError` is a fault of the harness and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import ClassVar, TypeVar

from harness.redact import redacted

T = TypeVar("T")


class HarnessError(Exception):
    """A fault that its reader can mend; its text is one line with what, got, expected and remedy."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, got: object = None, expected: object = None, remedy: str | None = None) -> None:
        """Put the four parts on one line; what is None is left out, control characters are escaped, secrets hidden."""
        details = [f"{word} {value}" for word, value in (("got", got), ("expected", expected)) if value is not None]
        text = f"{what}: {', '.join(details)}" if details else what
        super().__init__(redacted(printable(f"{text}. {remedy}" if remedy else text)))


class ConfigError(HarnessError):
    """A setting that cannot be meant."""

    exit_code: ClassVar[int] = 2


class DataError(HarnessError):
    """Input data that cannot be trusted."""

    exit_code: ClassVar[int] = 3


class StorageError(HarnessError):
    """A disk or folder that does not take what must be written."""

    exit_code: ClassVar[int] = 3


class ModelError(HarnessError):
    """A checkpoint, tokenizer or device that does not do what the spec says."""

    exit_code: ClassVar[int] = 4


class ShardError(HarnessError):
    """Shards that fail every time, where all others are done."""

    exit_code: ClassVar[int] = 5


def printable(text: str) -> str:
    """Return `text` on one line, with every control character (terminal escapes among them) shown as an escape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def short(value: object, width: int = 80) -> str:
    """Return `repr(value)`, cut to `width` characters: how ids and texts from outside are shown in messages."""
    text = repr(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."


def choose(what: str, name: str, choices: Iterable[str]) -> str:
    """Return `name` if it is one of `choices`.

    Raises:
        ConfigError: it is not; the message lists the choices and the nearest one.
    """
    known = list(choices)
    if name in known:
        return name
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    remedy = f"Did you mean {near[0]!r}?" if near else None
    raise ConfigError(f"unknown {what}", got=short(name), expected=f"one of {', '.join(known)}", remedy=remedy)


def lookup(what: str, name: str, table: Mapping[str, T]) -> T:
    """Return `table[name]`.

    Raises:
        ConfigError: there is no such name; the message lists the names and the nearest one.
    """
    return table[choose(what, name, table)]
