"""Plain mappings, as composed from `configs/`, to specs: the border where every key and every type is checked.

In a dataset's texts `{language}` is the language chosen and `{code}` what its source calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from harness.errors import ConfigError, choose, lookup, short
from harness.spec import (
    CrossEncoderSpec,
    DatasetSpec,
    EncoderSpec,
    EngineSpec,
    LexicalSpec,
    ModelSpec,
    RunSpec,
    SearchSpec,
)
from harness.typed import checked, require

Spec = TypeVar("Spec", bound=DatasetSpec | ModelSpec | EngineSpec | SearchSpec)
MODEL_KINDS: Mapping[str, type[ModelSpec]] = {
    "late-interaction": EncoderSpec,
    "single-vector": EncoderSpec,
    "bm25": LexicalSpec,
    "cross-encoder": CrossEncoderSpec,
}
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def run_specs(data: Mapping[str, Any]) -> tuple[RunSpec, ...]:
    """Return the jobs that a composed configuration asks for: one per language of the dataset.

    Raises:
        ConfigError: a key, a type, a name or a combination that cannot be meant.
    """
    known = ("dataset", "model", "search", "engine", "language", "dim", "precision", "out", "force")
    for key in data:
        choose("key", key, known)
    require("", data, known)
    model = model_spec(data["model"])
    search = _build(SearchSpec, "search", data["search"])
    engine = _build(EngineSpec, "engine", data["engine"])
    dims = _dims(data["dim"], model)
    out = checked(data["out"], str, "out")
    if not out:
        raise ConfigError("out is empty", expected="a folder, as in out=runs")
    force = checked(data["force"], bool, "force")
    precision = checked(data["precision"], str, "precision")
    datasets = dataset_specs(data["dataset"], data["language"])
    if search.run and len(datasets) > 1 and "{language}" not in search.run:
        expected = "{language} in its name: a run is of one language"
        raise ConfigError(f"search.run for {len(datasets)} languages", got=short(search.run), expected=expected)
    return tuple(
        RunSpec(
            dataset=dataset,
            model=model,
            dims=dims,
            search=search,
            engine=engine,
            precision=precision,
            out=out,
            force=force,
        )
        for dataset in datasets
    )


def dataset_specs(data: Mapping[str, Any], language: str | Sequence[str] | None) -> tuple[DatasetSpec, ...]:
    """Return the dataset's spec in each language asked for.

    Args:
        data: a configuration of the group `dataset`.
        language: codes of the card, `all`, or None for the dataset's own choice.

    Raises:
        ConfigError: the dataset has no languages, not this one, or several and none was chosen.
    """
    require("dataset.", data, ("name", "source", "id", "path", "languages", "default_languages"))
    table = checked(data["languages"], dict | None, "dataset.languages")
    given = {key: value for key, value in data.items() if key not in {"languages", "default_languages"}}
    if not table:
        if language is not None:
            remedy = "Leave language out (dataset.text_language says what language the texts are in)"
            raise ConfigError(f"dataset {_title(data)} has no languages", got=f"language={language}", remedy=remedy)
        return (_dataset(given, None, {}),)
    entries = {code: checked(table[code] or {}, dict, f"dataset.languages.{code}") for code in table}
    return tuple(_dataset(given, code, dict(entries[code])) for code in _languages(data, table, language))


def model_spec(data: Mapping[str, Any]) -> ModelSpec:
    """Return the spec of a configuration of the group `model`."""
    require("model.", data, ("kind",))
    given = {key: value for key, value in data.items() if key != "kind"}
    kind = lookup("model kind", data["kind"], MODEL_KINDS)
    spec = _build(kind, "model", given)
    _check_name("model.name", spec.name)
    return spec


def _title(data: Mapping[str, Any]) -> str:
    return str(data["name"] or data["path"] or data["id"])


def _languages(data: Mapping[str, Any], table: Mapping[str, Any], language: str | Sequence[str] | None) -> list[str]:
    asked = data["default_languages"] if language is None else language
    if asked is None:
        raise ConfigError(
            f"dataset {data['name']} has {len(table)} languages and none was chosen",
            expected=f"language= one or more of {', '.join(table)}, or all",
        )
    if asked == "all":
        return list(table)
    codes = (
        checked(asked, tuple[str, ...], "language")
        if isinstance(asked, list | tuple)
        else (checked(asked, str, "language"),)
    )
    if not codes or len(set(codes)) != len(codes):
        raise ConfigError("language", got=short(list(codes)), expected=f"different ones of {', '.join(table)}, or all")
    return [choose(f"language of dataset {data['name']}", code, table) for code in codes]


def _dataset(given: Mapping[str, Any], language: str | None, entry: dict[str, Any]) -> DatasetSpec:
    if language is not None:
        _check_name("dataset.languages", language)
    names = {"{language}": language or "", "{code}": str(entry.pop("code", language or ""))}
    merged = {key: _filled(value, names) for key, value in {**given, **entry}.items()}
    if "language" in merged:
        raise ConfigError("dataset.language cannot be set", remedy="Write language=CODE")
    if merged["name"] is None:
        merged["name"] = _own_name(merged)
    spec = _build(DatasetSpec, "dataset", merged)
    _check_name("dataset.name", spec.name)
    return replace(spec, language=language)


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    """Return a text with the placeholders of `names` filled; any other value as it is."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(name, text)
    return value


def _own_name(given: Mapping[str, Any]) -> str:
    if given["source"] == "irds":
        return str(given["id"]).replace("/", "-")
    return Path(str(given["path"])).resolve().name


def _check_name(key: str, name: str) -> None:
    if not SAFE_NAME.fullmatch(name):
        remedy = f"Give it one, as in {key}=my-collection"
        raise ConfigError(
            f"{key} cannot name a folder", got=short(name), expected="letters, digits, . _ -", remedy=remedy
        )


def _dims(dim: Any, model: ModelSpec) -> tuple[int | None, ...]:
    if not isinstance(model, EncoderSpec):
        if dim not in (None, "all"):
            raise ConfigError(f"model {model.name} has no vectors", got=f"dim={dim}", remedy="Leave dim out")
        return (None,)
    if dim == "all":
        return model.dims
    if dim is None:
        return model.dims[:1]
    return tuple(checked(one, int, "dim") for one in (dim if isinstance(dim, list | tuple) else [dim]))


def _build(spec: type[Spec], group: str, given: Mapping[str, Any]) -> Spec:
    hints = get_type_hints(spec)
    names = [item.name for item in fields(spec)]
    for key in given:
        choose(f"key of {group}", key, names)
    require(f"{group}.", given, [item.name for item in fields(spec) if item.default is MISSING])
    values = {key: checked(value, hints[key], f"{group}.{key}") for key, value in given.items()}
    return spec(**values)
