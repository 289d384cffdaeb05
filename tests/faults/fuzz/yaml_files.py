"""YAML: configurations, and published tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from harness import paths
from harness.config import dataset_specs, model_spec
from harness.errors import ConfigError
from harness.foreign import refuse_code
from harness.report.reading import read_table
from harness.yaml_file import ALIASES, LARGEST, read_yaml
from tests.faults.fuzz.kind import Kind, RefusedError, refuse

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, where it is there: another program than the one that the harness reads with."""
CONFIGS = ("dataset/miracl", "dataset/msmarco", "model/jina-colbert-v2", "model/bm25", "model/jina-reranker-v2")


def plain_yaml(content: bytes) -> Any:
    if len(content) > LARGEST:
        refuse()
    try:
        text = content.decode()
        events = list(yaml.parse(text, Loader=Loader))
        if sum(isinstance(event, yaml.AliasEvent) for event in events) > ALIASES:
            refuse()
        refuse_repeated(yaml.compose(text, Loader=Loader), set())
        return yaml.load(text, Loader=Loader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RefusedError from error


def refuse_repeated(node: yaml.Node | None, seen: set[int]) -> None:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) != len(keys):
            refuse()
        for pair in node.value:
            for one in pair:
                refuse_repeated(one, seen)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            refuse_repeated(one, seen)


def read_plain(folder: Path, content: bytes) -> Any:
    (folder / "x.yaml").write_bytes(content)
    # As a text, for True is 1 and NaN is not NaN.
    return repr(read_yaml(folder / "x.yaml", ConfigError))


def read_specs(folder: Path, content: bytes) -> Any:
    """Build what a configuration of a dataset or of a model says, as Hydra would hand it on."""
    (folder / "x.yaml").write_bytes(content)
    data = read_yaml(folder / "x.yaml", ConfigError)
    refuse_code(data)
    if not isinstance(data, dict):
        raise ConfigError("no mapping")
    named = {str(key): value for key, value in data.items()}
    if "kind" in named:
        return [asdict(model_spec(named))]
    return [asdict(one) for one in dataset_specs(named, "all" if named.get("languages") else None)]


def plain_specs(content: bytes) -> Any:
    data = plain_yaml(content)
    if not isinstance(data, dict):
        refuse()
    given = {str(key): value for key, value in data.items() if key not in ("kind", "languages", "default_languages")}
    if "kind" in data or not data.get("languages"):
        return [given]
    try:
        return [in_language(given, code, dict(entry or {})) for code, entry in data["languages"].items()]
    except (TypeError, ValueError, AttributeError) as error:
        raise RefusedError from error


def in_language(given: Mapping[str, Any], language: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return a dataset's settings in one language: those of its entry, `{language}` and `{code}` filled."""
    code = str(entry.pop("code", language))
    return {
        name: value.replace("{language}", language).replace("{code}", code) if isinstance(value, str) else value
        for name, value in {**given, **entry, "language": language}.items()
    }


def says(given: Any, found: Any) -> bool:
    """Return whether a spec has every setting that was given, whatever else it has."""
    if isinstance(given, dict):
        return isinstance(found, dict) and all(name in found and says(one, found[name]) for name, one in given.items())
    if isinstance(given, list | tuple):
        return len(given) == len(found) and all(map(says, given, found))
    return given is found or (type(found) is not bool and type(given) in {type(found), int} and given == found)


def read_published(folder: Path, content: bytes) -> Any:
    (folder / "x.yaml").write_bytes(content)
    table = read_table(folder / "x.yaml")
    columns = [(column.label, column.model, column.dim) for column in table.columns]
    rows = [(row.label, row.dataset, row.language, row.values) for row in table.rows]
    return table.title, table.measure, columns, rows, table.average and (table.average.label, table.average.values)


def plain_published(content: bytes) -> Any:
    data = plain_yaml(content)
    try:
        columns = [(one["label"], one["model"], one.get("dim")) for one in data["columns"]]
        rows = [(one["label"], one["dataset"], one.get("language"), numbers(data, one)) for one in data["rows"]]
        average = data.get("average")
        told = average and (average["label"], numbers(data, average))
        return data["title"], data["measure"], columns, rows, told
    except (TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise RefusedError from error


def numbers(table: dict[str, Any], row: dict[str, Any]) -> tuple[Decimal, ...]:
    """Return the numbers of a row: one a column, fractions with no more decimals than the table has."""
    found = tuple(Decimal(str(value)) for value in row["values"] if type(value) is float)
    whole = len(found) == len(row["values"]) == len(table["columns"])
    return found if whole and all(0 <= one <= 1 and one == round(one, table["decimals"]) for one in found) else refuse()


def files(*names: str) -> tuple[bytes, ...]:
    return tuple((paths.configs() / f"{name}.yaml").read_bytes() for name in names)


TABLES = tuple((paths.published() / f"{name}.yaml").read_bytes() for name in ("msmarco", "matryoshka-beir"))
KINDS = (
    Kind("yaml", 600, files(*CONFIGS), read_plain, lambda content: repr(plain_yaml(content)), strict=False),
    Kind("configuration", 500, files(*CONFIGS), read_specs, plain_specs, strict=False, agree=says),
    Kind("published table", 400, TABLES, read_published, plain_published, strict=False),
)
