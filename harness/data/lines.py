r"""Reading files line by line as bytes, so that a fault is told with its line and no text can pass for a line break.

Lines end at `\n` alone: `str.splitlines` also ends them at U+2028 and five other characters that are legal inside a
JSON string and would cut one record into several.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from harness.errors import DataError, short
from harness.json_text import parse_json

LONGEST = 64 * 2**20
"""Bytes of the longest line that is read: a file without line breaks must not fill the memory."""
BOM = b"\xef\xbb\xbf"
EVERY = 256
"""Records between two remembered places of a file."""


class Place(NamedTuple):
    """A place that messages name; it is put into words only when there is something to tell."""

    where: object
    number: int
    unit: str = "line"

    def __str__(self) -> str:
        """Return the words."""
        return f"{self.where}, {self.unit} {self.number:,}"


def raw_lines(file: IO[bytes], path: Path, first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes, line break included, of every line from where `file` stands; that line is `first`.

    Raises:
        DataError: a line is longer than `LONGEST`, the file cannot be read, or it is compressed and damaged.
    """
    number = first
    try:
        while line := file.readline(LONGEST + 1):
            if len(line) > LONGEST:
                raise DataError(
                    str(Place(path, number)), got="a line of more than 64 MiB", expected="one record a line"
                )
            yield number, line
            number += 1
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip file", got=str(error), remedy="Fetch it again") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read", got=error.strerror) from error


def open_file(path: Path) -> IO[bytes]:
    """Return the file, opened for reading bytes, unpacked if its name ends in `.gz`.

    Raises:
        DataError: it cannot be opened.
    """
    try:
        return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read", got=error.strerror) from error


def decode(line: bytes, path: Path, number: int) -> str:
    """Return the text of one line without its line break; a byte order mark before the first line is dropped.

    Raises:
        DataError: the line is not UTF-8.
    """
    if number == 1:
        line = line.removeprefix(BOM)
    try:
        return line.removesuffix(b"\n").decode()
    except UnicodeDecodeError as error:
        wrong = line[error.start : error.start + 4].hex(" ")
        raise DataError(f"{Place(path, number)}: invalid UTF-8", got=f"bytes {wrong} at {error.start:,}") from error


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of every line of a file, which may be gzipped (by its name, `.gz`).

    Raises:
        DataError: a line is too long or not UTF-8, or the gzip file is damaged.
    """
    with open_file(path) as file:
        for number, line in raw_lines(file, path):
            yield number, decode(line, path, number)


class JsonLines:
    """A file of one JSON object a line, readable from any record on: places of some records are remembered."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is read yet."""
        self.path = path
        self._marks = array("Q", [0])
        self._version: tuple[int, int] | None = None

    def records(self, start: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the objects from record `start` (the first is 0) on, without reading all before it.

        Raises:
            DataError: a line is no JSON object in UTF-8, or the file has changed since it was first read.
        """
        mark = min(start // EVERY, len(self._marks) - 1)
        with open_file(self.path) as file:
            self._refuse_change(os.fstat(file.fileno()))
            offset = self._marks[mark]
            file.seek(offset)
            for number, line in raw_lines(file, self.path, mark * EVERY + 1):
                if number - 1 == len(self._marks) * EVERY:
                    self._marks.append(offset)
                offset += len(line)
                if number > start:
                    yield parse(decode(line, self.path, number), self.path, number)

    def _refuse_change(self, found: os.stat_result) -> None:
        version = (found.st_size, found.st_mtime_ns)
        if self._version not in (None, version):
            raise DataError(f"{self.path} has changed while it was being evaluated", remedy="Start again")
        self._version = version


def parse(line: str, path: Path, number: int) -> dict[str, Any]:
    """Return the JSON object that `line` holds.

    Raises:
        DataError: the line is blank, no JSON, or none that is an object.
    """
    if not line.strip():
        raise DataError(str(Place(path, number)), got="a blank line", expected="a JSON object")
    try:
        record = parse_json(line)
    except json.JSONDecodeError as error:
        got = f"{error.msg} at letter {error.pos + 1:,} of {short(line, 60)}"
        raise DataError(f"{Place(path, number)}: invalid JSON", got=got) from error
    except ValueError as error:
        raise DataError(f"{Place(path, number)}: JSON that no record needs", got=short(str(error), 60)) from error
    if not isinstance(record, dict):
        raise DataError(str(Place(path, number)), got=short(record, 60), expected="a JSON object")
    return record
