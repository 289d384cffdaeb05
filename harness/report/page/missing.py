"""Cells of the card that nobody has run, and the command that runs them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.published import Column, PublishedTable, Row
from harness.report.registered import Registered
from harness.report.table import JoinedTable
from harness.spec import EncoderSpec
from harness.yaml_file import read_yaml

NO_MODEL = "no configuration is registered under the model's name"
NO_DATASET = "no configuration is registered under the dataset's name"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the command line calls registered datasets and models."""

    datasets: Mapping[str, str]
    models: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """The cells of one column that were not run."""

    table: str
    heading: str
    column: str
    rows: tuple[str, ...]
    of: int
    commands: tuple[str, ...]
    reason: str
    """Why there is no command for some of them; empty where there is one for all."""


def choices(folder: Path) -> Choices:
    """Return how the datasets and models configured under `folder` are chosen: name -> the choice.

    Raises:
        DataError: a file is no YAML.
    """
    return Choices(datasets=_names(folder / "dataset"), models=_names(folder / "model"))


def missing(
    tables: Sequence[JoinedTable], ids: Sequence[str], known: Registered, named: Choices
) -> tuple[Missing, ...]:
    """Return the columns of the card with cells that were not run, in the card's order.

    Args:
        tables: the card.
        ids: the id of each table on the page.
        known: what is registered.
        named: what the command line calls it.
    """
    return tuple(one for table, at in zip(tables, ids, strict=True) for one in _table(table, at, known, named))


def _names(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("**/*.yaml")):
        data = read_yaml(path)
        if isinstance(data, dict) and isinstance(data.get("name"), str):
            found[data["name"]] = path.relative_to(folder).with_suffix("").as_posix()
    return found


def _table(joined: JoinedTable, at: str, known: Registered, named: Choices) -> Iterator[Missing]:
    table = joined.published
    for position, column in enumerate(table.columns):
        cells = [line[position] for line in joined.rows]
        rows = [row for row, cell in zip(table.rows, cells, strict=True) if cell.measured is None]
        if rows:
            reason = _obstacle(column, rows, named)
            yield Missing(
                table=at,
                heading=table.heading,
                column=column.label,
                rows=tuple(row.label for row in rows),
                of=len(table.rows),
                commands=tuple(_commands(table, column, rows, known, named)),
                reason=reason,
            )


def _obstacle(column: Column, rows: Sequence[Row], named: Choices) -> str:
    if column.model not in named.models:
        return NO_MODEL
    return NO_DATASET if any(row.dataset not in named.datasets for row in rows) else ""


def _commands(
    table: PublishedTable, column: Column, rows: Sequence[Row], known: Registered, named: Choices
) -> Iterator[str]:
    if column.model not in named.models:
        return
    plain = [named.datasets[row.dataset] for row in rows if row.language is None and row.dataset in named.datasets]
    model = [f"model={named.models[column.model]}", *_dim(column, known)]
    if plain:
        sweep = ["-m"] if len(plain) > 1 else []
        yield shlex.join(["python", "-m", "harness", *sweep, *model, f"dataset={','.join(plain)}"])
    for dataset in dict.fromkeys(row.dataset for row in rows if row.language is not None):
        if dataset in named.datasets:
            codes = [row.language for row in rows if row.dataset == dataset and row.language is not None]
            everything = {code for name, code in known.datasets if name == dataset}
            language = "all" if set(codes) == everything else codes[0] if len(codes) == 1 else f"[{','.join(codes)}]"
            words = [*model, f"dataset={named.datasets[dataset]}", f"language={language}"]
            yield shlex.join(["python", "-m", "harness", *words])


def _dim(column: Column, known: Registered) -> list[str]:
    """Return the width to ask for: the column's, else the model's own where it has several."""
    spec = known.models.get(column.model)
    if column.dim is not None:
        return [f"dim={column.dim}"]
    return [f"dim={spec.dims[0]}"] if isinstance(spec, EncoderSpec) and len(spec.dims) > 1 else []
