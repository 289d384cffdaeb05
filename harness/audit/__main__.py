"""`python -m harness.audit card=README.md`: what the tables of a model card say against themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from harness import paths
from harness.audit.card import CardAudit, audit_card
from harness.audit.convert import Origin, convert
from harness.audit.known import Known, known
from harness.audit.lines import lines
from harness.audit.values import subject
from harness.cli import command
from harness.errors import ConfigError, DataError, printable, short
from harness.report.reading import read_published, read_table
from harness.report.registered import registered
from harness.score.measures import measure_name
from harness.storage import read_capped, write_atomically

LARGEST = 4 * 1024 * 1024
"""Bytes of a card; the longest on the hub have some hundred thousand."""


def main() -> NoReturn:
    """Audit one card; the exit code is 0 whatever is found, or 3 with `fail`."""
    command("audit", _job)


def _job(settings: Mapping[str, Any]) -> None:
    path = Path(_text(settings, "card") or "")
    folder, fail = _text(settings, "yaml", optional=True), settings["fail"]
    if not isinstance(fail, bool):
        raise ConfigError("fail", got=short(fail), expected="true or false")
    origin = _origin(settings, path) if folder is not None else None
    meanings = known(registered(paths.configs()), read_published(paths.published()))
    found = audit_card(_read(path), meanings)
    _say(lines(path.name, found))
    if folder is not None and origin is not None:
        _say(_written(Path(folder), found, meanings, origin))
    if fail and found.findings:
        raise DataError(f"{path} contradicts itself", got=f"{len(found.findings)} findings", remedy="They stand above")


def _origin(settings: Mapping[str, Any], path: Path) -> Origin:
    url = _text(settings, "url", optional=True)
    if url is None or not url.startswith("https://"):
        remedy = "Give it, as in url=https://huggingface.co/jinaai/jina-colbert-v2"
        raise ConfigError("yaml needs the address of the card", got=f"url={url}", expected="https://...", remedy=remedy)
    measure = _text(settings, "measure", optional=True)
    name = url.removeprefix("https://").removeprefix("huggingface.co/").strip("/") or path.stem
    today = datetime.now(UTC).date().isoformat()
    return Origin(card=name, url=url, read=today, measure=measure and measure_name(measure))


def _written(folder: Path, found: CardAudit, meanings: Known, origin: Origin) -> Iterator[str]:
    """Write the tables, see that they can be read, and yield a line each."""
    for table in convert(found.grids, meanings, origin, subject(found.grids)):
        if table.text is not None:
            path = folder / f"{table.name}.yaml"
            write_atomically(path, table.text.encode())
            read_table(path)
            yield f"written: {path}"
        for said in table.said:
            yield f"{'not written' if table.text is None else 'in it'}: {table.name}: {said}"


def _read(path: Path) -> str:
    if not path.is_file():
        raise ConfigError("card is no file", got=short(str(path)), remedy="Name a Markdown file, as in card=README.md")
    try:
        return read_capped(path, LARGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read", got=short(str(error)), expected="text in UTF-8") from error


def _text(settings: Mapping[str, Any], key: str, *, optional: bool = False) -> str | None:
    value = settings[key]
    if optional and value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ConfigError(key, got=short(value), expected="text")
    return value


def _say(told: Iterator[str]) -> None:
    for line in told:
        sys.stdout.write(f"{printable(line)}\n")


if __name__ == "__main__":
    main()
