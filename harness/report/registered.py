"""What is registered under `configs/`, and where a result's settings differ from it.

A published value stands for one way of reading a dataset with one model. A result made in another way is of something
else, whatever its names: it may be looked at, but not set against that value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.config import dataset_specs, model_spec
from harness.errors import ConfigError, short
from harness.model_spec import HUB_ID
from harness.plaid_spec import PlaidSpec
from harness.report.record import Result
from harness.spec import PRECISIONS, STRICT, DatasetSpec, ModelSpec, SearchSpec
from harness.yaml_file import read_yaml

DATASET_FIELDS = ("text_language", "fields", "join", "query_field", "drop_self", "bm25_k1", "bm25_b")
"""What decides how a dataset is read; where it lies does not, and its counts are compared on their own."""
NO_SETTINGS = ("name", "path", "revision", "dims", "heads", "trained_on")
"""What of a model says nothing about how it reads a text."""
SEARCH = "exact"
"""The search that published values are set against; its depth may be any."""
SHOWN = 3
"""Differences that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The datasets and models that have a configuration."""

    datasets: Mapping[tuple[str, str | None], DatasetSpec] = field(default_factory=dict)
    """(dataset, language) -> its spec; `path` means nothing here."""
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    """name -> its spec; `path` means nothing here unless it is a hub id."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A setting of a result that is not the registered one."""

    name: str
    """As the command line spells it: `model.k1`."""
    value: str
    registered: str

    def __str__(self) -> str:
        """Return the difference as part of a sentence."""
        return f"{self.name} is {self.value}, registered {self.registered}"


def registered(folder: Path) -> Registered:
    """Return the datasets and models configured under `folder`.

    Files that leave the name or a setting to the command line register nothing. No path is resolved: a model counts
    whether or not its weights are there.

    Raises:
        ConfigError: a file is no configuration, or two have one name.
    """
    datasets = [
        spec
        for data in _configurations(folder / "dataset")
        for spec in dataset_specs(data, "all" if data.get("languages") else None)
    ]
    models = [model_spec(data) for data in _configurations(folder / "model")]
    _refuse_repeated([f"dataset {spec.name} {spec.language or ''}".rstrip() for spec in datasets])
    _refuse_repeated([f"model {spec.name}" for spec in models])
    return Registered(
        datasets={(spec.name, spec.language): spec for spec in datasets},
        models={spec.name: spec for spec in models},
    )


def differences(result: Result, known: Registered) -> tuple[Difference, ...]:
    """Return the settings in which `result` differs from what is registered under its model's and dataset's names.

    A name that is not registered has nothing to differ from but the search and the precision. BM25's k1 and b count
    only where BM25 is the model, and naming the dataset's own is no difference.
    """
    given = {group: dict(result.spec.get(group) or {}) for group in ("dataset", "model", "search")}
    _settle_bm25(given["model"], given["dataset"])
    wanted: dict[str, dict[str, Any]] = {"model": {}, "dataset": {}, "search": {"kind": SEARCH}}
    if given["search"].get("run") is not None:
        # What was reranked, and how much of it, makes another system of the same cross-encoder.
        wanted["search"] |= {"run": None, "depth": SearchSpec().depth}
    # An index is another search whatever its settings; those that are not the usual ones tell it from others.
    index = given["search"].get("plaid") or {}
    given["search"] |= {f"plaid.{name}": value for name, value in index.items()}
    wanted["search"] |= {f"plaid.{name}": value for name, value in vars(PlaidSpec()).items() if name in index}
    if (model := known.models.get(result.model)) is not None:
        # Where a folder lies says nothing; what stands in for a hub's repository may be other weights.
        wanted["model"] = asdict(model)
        if not HUB_ID.fullmatch(wanted["model"].get("path", "")):
            wanted["model"].pop("path", None)
        # A fact about the model that readers are told, and no setting.
        wanted["model"].pop("trained_on", None)
    if (dataset := known.datasets.get((result.dataset, result.language))) is not None:
        names = [name for name in DATASET_FIELDS if name in given["dataset"] or not name.startswith("bm25_")]
        wanted["dataset"] = {name: getattr(dataset, name) for name in names}
    found = tuple(
        Difference(name=f"{group}.{name}", value=_shown(given[group], name), registered=_shown(values, name))
        for group, values in wanted.items()
        for name in values
        if _shown(given[group], name) != _shown(values, name)
    )
    return (*found, *_precision(result))


def unregistered(result: Result, known: Registered) -> dict[str, str]:
    """Return the settings of `result` that nothing is registered for, so that `differences` cannot tell them apart.

    Where its files lie, which widths it offers and, among several languages, the language are no settings here.
    """
    given = {group: dict(result.spec.get(group) or {}) for group in ("dataset", "model")}
    _settle_bm25(given["model"], given["dataset"])
    names: dict[str, list[str]] = {"model": [], "dataset": []}
    if result.model not in known.models:
        names["model"] = [name for name in given["model"] if name not in NO_SETTINGS]
    if (result.dataset, result.language) not in known.datasets:
        own = ("text_language",) if result.language is not None else ()
        names["dataset"] = [name for name in DATASET_FIELDS if name in given["dataset"] and name not in own]
    return {f"{group}.{name}": _shown(given[group], name) for group in names for name in names[group]}


def told(found: Sequence[Difference]) -> str:
    """Return differences as one sentence without its end; the first few, and how many more there are."""
    more = len(found) - SHOWN
    return "; ".join([*map(str, found[:SHOWN]), *([f"and {more} more"] if more > 0 else [])])


def _configurations(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield every configuration that leaves nothing to the command line, with any path replaced by a word."""
    for path in sorted(folder.glob("**/*.yaml")):
        data = read_yaml(path, ConfigError)
        if not isinstance(data, dict):
            raise ConfigError(str(path), got=short(data), expected="a mapping")
        open_to_the_command_line = data.get("name") is None or "???" in data.values()
        if data.get("path") is not None and not HUB_ID.fullmatch(str(data["path"])):
            data["path"] = "anywhere"
        if not open_to_the_command_line:
            yield data


def _refuse_repeated(names: Sequence[str]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ConfigError("two configurations have one name", got=short(name), expected="each name once")


def _precision(result: Result) -> Iterator[Difference]:
    """Yield the precision of a result that is not strict, whatever its names: what is registered is strict."""
    if result.precision != STRICT:
        value = result.precision if result.precision in PRECISIONS else _shown(result.spec, "precision")
        yield Difference(name="precision", value=str(value), registered=STRICT)


def _settle_bm25(model: dict[str, Any], dataset: dict[str, Any]) -> None:
    """Drop the dataset's k1 and b where the model has none, and the model's where they repeat the dataset's."""
    for name in ("k1", "b"):
        if name not in model:
            dataset.pop(f"bm25_{name}", None)
        elif model[name] == dataset.get(f"bm25_{name}"):
            model[name] = None


def _shown(values: Mapping[str, Any], name: str) -> str:
    """Return a value as a configuration spells it; a tuple and the list it became on disk look the same."""
    if name not in values:
        return "not recorded"
    return json.dumps(values[name], ensure_ascii=False, separators=(",", ":"))
