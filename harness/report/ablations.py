"""Results of one model on one collection that differ in one setting and in nothing else, found in the records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.place import finished
from harness.report.record import Result
from harness.report.registered import DATASET_FIELDS, NO_SETTINGS, Registered, differences
from harness.report.statistics import Interval, Judgement, Paired, adjusted, judgement, mean_interval, paired

Settings = Mapping[str, str]
"""A setting as the command line spells it -> its value, as a configuration spells it."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """One value of the setting."""

    value: str
    result: Result
    interval: Interval
    paired: Paired | None
    """This value against the default; None for the default itself."""
    judgement: Judgement | None


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """The results that differ in one setting alone."""

    setting: str
    model: str
    dataset: str
    language: str | None
    measure: str
    others: Settings
    """Settings that tell this ablation from others of the same setting on the same dataset."""
    levels: tuple[Level, ...]
    """The default first, then by value."""


@dataclass(frozen=True)
class Default:
    """Which of several results is the default."""

    known: Registered
    own: Mapping[tuple[str, str], str]
    """Model and setting -> what the checkpoint itself says, where a result left it to the checkpoint."""

    def order(self, settings: Settings, result: Result) -> tuple[object, ...]:
        """Return what results are ordered by: how many settings are not the registered ones, then the widest first."""
        others = [one for one in differences(result, self.known) if self._is_other(settings, result, one.name)]
        return len(others), -(result.dim or 0), *finished(result)

    def _is_other(self, settings: Settings, result: Result, name: str) -> bool:
        # Naming what the checkpoint says anyway is no other setting.
        return name not in settings or settings[name] != self.own.get((result.model, name))


def ablations(results: Sequence[Result], known: Registered, margin: float) -> tuple[Ablation, ...]:
    """Return every ablation that the results hold, by model, dataset, setting and language.

    The default is the value with the fewest differences from what is registered; of a width, the widest. Of several
    results with the same settings the one that finished last counts. What the checkpoint says itself counts as a
    setting with that value.

    Args:
        results: any results.
        known: the registered datasets and models.
        margin: the difference below which two values are as good as one another, set beforehand.

    Raises:
        DataError: a result has a time that is none or a value that is no fraction, or the margin is none.
    """
    collections: dict[tuple[object, ...], dict[str, tuple[Settings, Result]]] = {}
    for result in sorted(results, key=finished):
        settings = settings_of(result)
        collections.setdefault(collection_of(result), {})[_key(settings)] = settings, result
    default = Default(known, _own(results))
    found = [one for held in collections.values() for one in _of(list(held.values()), default, margin)]
    return tuple(
        sorted(found, key=lambda one: (one.model, one.dataset, one.setting, _key(one.others), one.language or ""))
    )


def settings_of(result: Result) -> Settings:
    """Return every setting of a result that can change it, with what the checkpoint says filled in."""
    dataset = dict(result.spec["dataset"])
    model = {**result.spec["model"], **(result.provenance.get("model") or {})}
    search = dict(result.spec.get("search") or {})
    for name in ("k1", "b"):
        own = dataset.pop(f"bm25_{name}", None)
        if name in model and model[name] is None:
            model[name] = own
    if search.get("kind") != "rerank":
        # However deep a run is kept, what is above stays where it is.
        search.pop("depth", None)
    given = {f"model.{name}": value for name, value in model.items() if name not in NO_SETTINGS}
    given |= {
        f"dataset.{name}": dataset[name] for name in DATASET_FIELDS if name in dataset and name != "text_language"
    }
    given |= {f"search.plaid.{name}": value for name, value in (search.pop("plaid", None) or {}).items()}
    given |= {f"search.{name}": value for name, value in search.items()}
    given |= {"precision": result.precision, "dim": result.dim}
    return {name: _shown(value) for name, value in given.items()}


def _own(results: Sequence[Result]) -> Mapping[tuple[str, str], str]:
    found = {}
    for result in results:
        settled = result.provenance.get("model") or {}
        for name in (name for name, value in result.spec["model"].items() if value is None and name in settled):
            found[result.model, f"model.{name}"] = _shown(settled[name])
    return found


def collection_of(result: Result) -> tuple[object, ...]:
    """Return what results are of that can be compared: model, dataset, language, measure, documents and queries."""
    queries = tuple(sorted(result.scores.values[result.measure]))
    return result.model, result.dataset, result.language, result.measure, result.counts.get("documents"), queries


def _of(held: Sequence[tuple[Settings, Result]], default: Default, margin: float) -> Iterator[Ablation]:
    for setting in dict.fromkeys(name for settings, _ in held for name in settings):
        groups: dict[str, list[tuple[Settings, Result]]] = {}
        for settings, result in held:
            if setting in settings and not _without_effect(setting, result):
                groups.setdefault(_key({**settings, setting: ""}), []).append((settings, result))
        several = [group for group in groups.values() if len(group) > 1]
        for group in several:
            yield _ablation(setting, group, _apart([one[0][0] for one in several]), default, margin)


def _without_effect(setting: str, result: Result) -> bool:
    """Return whether the setting says nothing of this result: how a width is cut that is the model's own."""
    return setting == "model.dim_kind" and result.dim_kind == "full"


def _apart(several: Sequence[Settings]) -> set[str]:
    """Return the settings in which groups of one setting differ from one another."""
    names = {name for settings in several for name in settings}
    return {name for name in names if len({settings.get(name) for settings in several}) > 1}


def _ablation(
    setting: str, group: Sequence[tuple[Settings, Result]], apart: set[str], which: Default, margin: float
) -> Ablation:
    ordered = sorted(group, key=lambda one: which.order(*one))
    (first, default), *rest = ordered
    base = default.scores.values[default.measure]
    others = sorted(rest, key=lambda one: _order(one[0][setting]))
    pairs = [paired(one.scores.values[one.measure], base, margin) for _, one in others]
    levels = [_level(first[setting], default, None, None)]
    for (settings, one), each, (p, alike) in zip(others, pairs, adjusted(pairs), strict=True):
        levels.append(_level(settings[setting], one, each, judgement(each, p, alike)))
    return Ablation(
        setting=setting,
        model=default.model,
        dataset=default.dataset,
        language=default.language,
        measure=default.measure,
        others={name: first[name] for name in sorted(apart - {setting}) if name in first},
        levels=tuple(levels),
    )


def _level(value: str, result: Result, against: Paired | None, words: Judgement | None) -> Level:
    interval = mean_interval(list(result.scores.values[result.measure].values()))
    return Level(value=value, result=result, interval=interval, paired=against, judgement=words)


def _key(settings: Settings) -> str:
    return json.dumps(dict(settings), sort_keys=True)


def _order(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return 0.0, value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
