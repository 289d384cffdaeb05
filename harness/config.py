"""Plain mappings, as composed from `configs/`, to specs: the border where every key and every type is checked.

Strings may hold placeholders: `{language}` (the language chosen), `{code}` (what its source calls it), `{package}` (the
folder of this package) and `{package:NAME}` (the folder of an installed package).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from harness.errors import ConfigError, choose, lookup, short
from harness.paths import PACKAGE
from harness.spec import DatasetSpec, EncoderSpec, EngineSpec, LexicalSpec, RunSpec, SearchSpec

Spec = TypeVar("Spec", bound=DatasetSpec | EncoderSpec | EngineSpec | LexicalSpec | SearchSpec)
MODEL_KINDS: Mapping[str, type[EncoderSpec] | type[LexicalSpec]] = {
    "late-interaction": EncoderSpec,
    "bm25": LexicalSpec,
}
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TYPE_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "null"}


def run_specs(data: Mapping[str, Any]) -> tuple[RunSpec, ...]:
    """Return the jobs that a composed configuration asks for: one per language of the dataset.

    Raises:
        ConfigError: a key, a type, a name or a combination that cannot be meant.
    """
    known = {"dataset", "model", "search", "engine", "language", "dim", "out", "force"}
    for key in data:
        choose("key", key, known)
    model = model_spec(data["model"])
    search = _build(SearchSpec, "search", data["search"])
    engine = _build(EngineSpec, "engine", data["engine"])
    dims = _dims(data["dim"], model)
    out = _checked(data["out"], str, "out")
    force = _checked(data["force"], bool, "force")
    return tuple(
        RunSpec(dataset=dataset, model=model, dims=dims, search=search, engine=engine, out=out, force=force)
        for dataset in dataset_specs(data["dataset"], data["language"])
    )


def dataset_specs(data: Mapping[str, Any], language: str | Sequence[str] | None) -> tuple[DatasetSpec, ...]:
    """Return the dataset's spec in each language asked for.

    Args:
        data: a configuration of the group `dataset`.
        language: codes of the card, `all`, or None for the dataset's own choice.

    Raises:
        ConfigError: the dataset has no languages, not this one, or several and none was chosen.
    """
    table = data["languages"]
    given = {key: value for key, value in data.items() if key not in {"languages", "default_languages"}}
    if not table:
        if language is not None:
            remedy = "Leave language out (dataset.text_language says what language the texts are in)"
            raise ConfigError(f"dataset {_title(data)} has no languages", got=f"language={language}", remedy=remedy)
        return (_dataset(given, None, {}),)
    return tuple(_dataset(given, code, dict(table[code] or {})) for code in _languages(data, table, language))


def registered_counts(folder: Path) -> dict[tuple[str, str | None], tuple[int, int]]:
    """Return the registered (documents, judged queries) of every dataset and language configured under `folder`.

    Datasets without registered numbers are left out: nothing can be checked against them.
    """
    counts: dict[tuple[str, str | None], tuple[int, int]] = {}
    for path in sorted((folder / "dataset").glob("**/*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for language, entry in (data["languages"] or {None: {}}).items():
            found = {**data, **(entry or {})}
            if found["documents"] is not None and found["queries"] is not None:
                counts[data["name"], language] = (int(found["documents"]), int(found["queries"]))
    return counts


def model_spec(data: Mapping[str, Any]) -> EncoderSpec | LexicalSpec:
    """Return the spec of a configuration of the group `model`."""
    given = {key: _filled(value, {}) for key, value in data.items() if key != "kind"}
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
    codes = [asked] if isinstance(asked, str) else list(asked)
    return [choose(f"language of dataset {data['name']}", str(code), table) for code in codes]


def _dataset(given: Mapping[str, Any], language: str | None, entry: dict[str, Any]) -> DatasetSpec:
    names = {"language": language or "", "code": str(entry.pop("code", language or ""))}
    merged = {key: _filled(value, names) for key, value in {**given, **entry}.items()}
    if merged["name"] is None:
        merged["name"] = _own_name(merged)
    _check_name("dataset.name", merged["name"])
    return replace(_build(DatasetSpec, "dataset", merged), language=language)


def _own_name(given: Mapping[str, Any]) -> str:
    if given["source"] == "irds":
        return str(given["id"]).replace("/", "-")
    return Path(str(given["path"])).resolve().name


def _check_name(key: str, name: object) -> None:
    if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
        remedy = f"Give it one, as in {key}=my-collection"
        raise ConfigError(
            f"{key} cannot name a folder", got=short(name), expected="letters, digits, . _ -", remedy=remedy
        )


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    for name, text in names.items():
        value = value.replace(f"{{{name}}}", text)
    value = value.replace("{package}", str(PACKAGE))
    return re.sub(r"\{package:([a-z0-9_]+)\}", lambda match: _package_folder(match[1]), value)


def _package_folder(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        remedy = f"Install it: pip install {name.replace('_', '-')}"
        raise ConfigError("model.path names a package that is not installed", got=name, remedy=remedy)
    return next(iter(found.submodule_search_locations))


def _dims(dim: Any, model: EncoderSpec | LexicalSpec) -> tuple[int | None, ...]:
    if isinstance(model, LexicalSpec):
        if dim not in (None, "all"):
            raise ConfigError(f"model {model.name} has no vectors", got=f"dim={dim}", remedy="Leave dim out")
        return (None,)
    if dim == "all":
        return model.dims
    if dim is None:
        return model.dims[:1]
    return tuple(_checked(one, int, "dim") for one in (dim if isinstance(dim, Sequence) else [dim]))


def _build(spec: type[Spec], group: str, given: Mapping[str, Any]) -> Spec:
    hints = get_type_hints(spec)
    names = [item.name for item in fields(spec)]
    for key in given:
        choose(f"key of {group}", key, names)
    checked = {key: _checked(value, hints[key], f"{group}.{key}") for key, value in given.items()}
    return spec(**checked)


def _checked(value: Any, hint: Any, key: str) -> Any:
    """Return `value` as `hint` wants it (a list becomes a tuple, a whole number a float)."""
    if get_origin(hint) is tuple and isinstance(value, list | tuple):
        return tuple(_checked(one, get_args(hint)[0], key) for one in value)
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if float in kinds and type(value) is int:
        return float(value)
    if type(value) in kinds:
        return value
    expected = " or ".join(TYPE_NAMES.get(kind, "a list") for kind in kinds)
    remedy = "Put it in quotes" if str in kinds and isinstance(value, bool | int | float) else None
    raise ConfigError(key, got=f"{short(value)} ({type(value).__name__})", expected=expected, remedy=remedy)
