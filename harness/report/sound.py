"""Whether a mapping that came from a file can be a result: every field of its type, every mean that of its values."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

from harness.errors import short
from harness.score.scores import Scores

KINDS: Mapping[str, tuple[type, ...]] = {
    "key": (str,), "model": (str,), "dim": (int, NoneType), "dim_kind": (str, NoneType), "dataset": (str,),
    "language": (str, NoneType), "measure": (str,), "scores": (dict,), "counts": (dict,), "search": (dict,),
    "spec": (dict,), "provenance": (dict,), "ties": (dict, NoneType), "schema": (int,),
}  # fmt: skip
"""The types of a result's fields in JSON."""
LATER: Mapping[str, None] = {"ties": None}
"""Fields that a result which was written before there were any does not have, and what they then are."""
TIES = ("across", "queries", "least", "greatest")
LARGEST = 1.0 + 1e-9
"""Of a value: the scorers' own sums may be an ulp above 1."""


def fields_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a result, its scores made of theirs.

    Raises:
        KeyError: a part of the spec or of the scores is missing.
        TypeError: a field is missing, unknown or of another type.
        ValueError: a value is none, or a mean is not that of its values.
    """
    data = {**LATER, **data}
    if set(data) != set(KINDS):
        raise TypeError(f"fields that are missing or unknown: {short(sorted(set(data) ^ set(KINDS)))}")
    for name, value in data.items():
        _refuse_kind(name, value, KINDS[name])
    for name in ("counts", "search"):
        for key, value in data[name].items():
            _refuse_kind(f"{name}.{key}", value, (int,))
    for name in ("dataset", "model"):
        _refuse_kind(f"spec.{name}", data["spec"][name], (dict,))
    _refuse_ties(data["ties"])
    scores = _scores(data["scores"])
    if data["measure"] not in scores.values:
        raise ValueError(f"no values of its measure, {short(data['measure'])}")
    return {**data, "scores": scores}


def _scores(data: Mapping[str, Any]) -> Scores:
    if set(data) != {"values", "missing", "means"}:
        raise TypeError(f"scores has {short(sorted(data))}")
    values, missing, means = data["values"], data["missing"], data["means"]
    _refuse_kind("scores.values", values, (dict,))
    _refuse_kind("scores.missing", missing, (list,))
    for measure, per_query in values.items():
        _refuse_kind(f"the values of {measure}", per_query, (dict,))
        for query, value in per_query.items():
            _refuse_kind(f"{measure} of {query}", value, (float, int))
            if not 0.0 <= value <= LARGEST:
                raise ValueError(f"{measure} of {query} is {value}")
    queries = [set(per_query) for per_query in values.values()]
    if not queries or not queries[0] or any(one != queries[0] for one in queries):
        raise ValueError("measures are not of the same queries, one at least")
    if not all(isinstance(query, str) for query in missing) or not queries[0].issuperset(missing):
        raise ValueError("scores.missing names what is no query")
    scores = Scores(values=values, missing=tuple(missing))
    if means != scores.means:
        # A value that was damaged is a number still, but its mean is not the one that was written beside it.
        raise ValueError(f"means are {short(scores.means)}, and {short(means)} stands beside them")
    return scores


def _refuse_ties(ties: Mapping[str, Any] | None) -> None:
    if ties is None:
        return
    for name in TIES:
        _refuse_kind(f"ties.{name}", ties[name], (int, float))
        if ties[name] < 0:
            raise ValueError(f"ties.{name} is {ties[name]}")


def _refuse_kind(name: str, value: object, kinds: tuple[type, ...]) -> None:
    if type(value) not in kinds:
        raise TypeError(f"{name} is {short(value, 40)}")
