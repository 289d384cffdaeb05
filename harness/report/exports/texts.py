"""JSON, YAML and CSV as exports write them: ASCII, one form for equal values, every value whole.

Whatever a text from outside holds (terminal escapes, letters that turn the direction, tags, anchors), it is escaped by
the format itself: the file is inert to look at and to load, and reading it gives the very text back.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

import yaml

from harness.report.text import csv_text

WIDE = 1 << 30


def json_text(data: object) -> bytes:
    """Return `data` as JSON; keys stay in their order, floats have all their digits, NaN is an error."""
    return (json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def yaml_text(data: object) -> str:
    """Return `data` as YAML of plain values in block style, a scalar a line, without anchors or tags."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=False, default_flow_style=False, width=WIDE)


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows under a head as CSV: floats with all their digits, None empty, texts made inert for spreadsheets."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_field(value) for value in row] for row in rows)
    return file.getvalue().encode()


def _field(value: object) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, int | float) else csv_text(str(value))


class _Dumper(yaml.SafeDumper):
    """Plain values alone; one list that stands in two places is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_scalar(self, tag: str, value: str, style: str | None = None) -> yaml.ScalarNode:
        # A text of several lines would otherwise be written on several.
        plain = value.isascii() and value.isprintable()
        return super().represent_scalar(tag, value, style=style if plain else '"')
