"""The command lines that results were made with, as a shell takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from harness.report.record import Result
from harness.report.text import code_text, markdown_text


def command_lines(rows: Mapping[str, Iterable[Result]]) -> Iterator[str]:
    """Yield, as Markdown, the commands that make rows again; rows with the same commands share a line.

    Args:
        rows: a row's label -> the results that it shows.
    """
    labels: dict[tuple[str, ...], list[str]] = {}
    for label, results in rows.items():
        lines = dict.fromkeys(line for result in results if (line := command_line(result)))
        labels.setdefault(tuple(lines), []).append(label)
    for commands, of in labels.items():
        yield f"{markdown_text(', '.join(of))}: {', '.join(map(code_text, commands)) or 'no command is recorded'}"


def command_line(result: Result) -> str:
    """Return the command that made `result`, as a shell takes it; empty where none is recorded."""
    words = result.provenance.get("command")
    return shlex.join(map(str, words)) if isinstance(words, list) else ""
