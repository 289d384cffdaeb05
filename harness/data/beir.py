"""A folder in BEIR's layout: corpus.jsonl, queries.jsonl and qrels/<split>.tsv, read line by line.

The package `beir` reads the same layout into one dictionary, with a `csv` reader that takes a quotation mark in an id
for the start of a quoted field, and keeps the last of two documents with one id; none of that is done here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.data.collection import Document, Query
from harness.data.lines import JsonLines, Place
from harness.data.qrels import read_judgments
from harness.data.source import Judgment, joined
from harness.errors import ConfigError, DataError, short
from harness.placeholders import located
from harness.spec import DatasetSpec


class BeirFolder:
    """A `Source` over a BEIR folder."""

    def __init__(self, spec: DatasetSpec) -> None:
        """Find the three files.

        Raises:
            ConfigError: `spec.path` is no folder.
            DataError: one of the files is not there.
        """
        self._spec = spec
        self._folder = located(spec.path or "")
        if not self._folder.is_dir():
            raise ConfigError("dataset.path is no folder", got=short(spec.path), expected="a folder in BEIR's layout")
        self._corpus = JsonLines(self._file("corpus.jsonl"))
        self._queries = JsonLines(self._file("queries.jsonl"))
        self._qrels = self._file(f"qrels/{spec.split}.tsv")

    @property
    def remedy(self) -> str:
        """Where to look when the content is not the expected one."""
        return f"Look at {self._folder}: a file may have been cut short, or be another version of the data"

    def documents(self, start: int) -> Iterator[Document]:
        """Yield the documents from record `start` on.

        Raises:
            DataError: a record cannot be read, or its id or text is of the wrong type.
        """
        wanted = self._spec.fields
        for number, record in enumerate(self._corpus.records(start), start + 1):
            where = Place(self._corpus.path, number)
            values = [_text(record, name, where, optional=name != "text") for name in wanted]
            if not any(name in record for name in wanted):
                raise DataError(
                    f"{where} has none of dataset.fields={list(wanted)}", got=f"fields {short(sorted(record))}"
                )
            yield Document(_id(record, where), joined(values, self._spec.join))

    def queries(self) -> Iterator[Query]:
        """Yield every query.

        Raises:
            DataError: a record cannot be read, or its id or text is of the wrong type.
        """
        for number, record in enumerate(self._queries.records(), 1):
            where = Place(self._queries.path, number)
            yield Query(_id(record, where), _text(record, self._spec.query_field, where, optional=False))

    def judgments(self) -> Iterator[Judgment]:
        """Yield every judgment.

        Raises:
            DataError: a line is no judgment.
        """
        return read_judgments(self._qrels)

    def place(self, part: str, number: int) -> Place:
        """Return file and line."""
        return Place({"corpus": self._corpus.path, "queries": self._queries.path, "qrels": self._qrels}[part], number)

    def _file(self, name: str) -> Path:
        path = self._folder / name
        if path.is_file():
            return path
        splits = sorted(file.stem for file in self._folder.glob("qrels/*.tsv"))
        there = f"the splits {', '.join(splits)}" if splits else "no qrels/*.tsv at all"
        got = there if name.startswith("qrels/") else short(sorted(file.name for file in self._folder.iterdir()), 200)
        remedy = f"Choose one with dataset.split={splits[0]}" if splits and name.startswith("qrels/") else None
        raise DataError(f"{self._folder} has no {name}", got=got, expected="a folder in BEIR's layout", remedy=remedy)


def _id(record: dict[str, Any], where: Place) -> str:
    """Return the id; a whole number is taken as its digits, since collections in the wild have such ids."""
    value = record.get("_id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        got = short(value, 60) if "_id" in record else f"fields {short(sorted(record))}"
        raise DataError(f"{where}: _id", got=got, expected="a string")
    return value


def _text(record: dict[str, Any], name: str, where: Place, *, optional: bool) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    if optional and value is None:
        return ""
    got = short(value, 60) if name in record else f"fields {short(sorted(record))}"
    raise DataError(f"{where}: {name}", got=got, expected="a string")
