"""The protocol fields that may explain a gap, each with the values that others have used.

A field is one function and one line in `FIELDS`. A change is either of the job's settings, which then is a job of its
own, or of how the stored run is scored (harness.why.rescore), which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.errors import ConfigError, choose, short
from harness.keys import bm25_parameters, dim_kind
from harness.plaid_spec import PlaidSpec
from harness.retrieve import plaid_package
from harness.spec import PRECISIONS, EncoderSpec, LexicalSpec, SearchSpec
from harness.why.change import Base, Change

Values = Mapping[str, Sequence[Any]]
"""The values to try, by field, as far as they are not the only other one."""


def changes(base: Base, values: Values, wanted: Sequence[str] | None = None) -> tuple[Change, ...]:
    """Return the changes to try, the cheapest first.

    Args:
        base: the measured job.
        values: as the configuration names them.
        wanted: names of fields; None for all that the model and the dataset have.

    Raises:
        ConfigError: a field or a value cannot be meant.
    """
    for name in wanted or ():
        choose("field", name, FIELDS)
    for name in values:
        choose("key of values", name, FIELDS)
    found = [
        change
        for name, make in FIELDS.items()
        if wanted is None or name in wanted
        for change in make(base, values.get(name, ()))
    ]
    return tuple(sorted(found, key=lambda change: change.passes))


def absent() -> Mapping[str, str]:
    """Return the fields that cannot be changed here, with the reason."""
    return {} if plaid_package.is_there() else {"search": "exact against PLAID: it needs fast-plaid (extra plaid)"}


def _drop_self(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    # What was dropped is not in the stored run; what was left in can be dropped from it.
    if base.spec.dataset.drop_self:
        if base.result.search.get("dropped_self"):
            yield _run("drop_self", "true", "false", {"dataset.drop_self": False})
        return
    yield Change(field="drop_self", was="false", becomes="true", scoring="drop_self")


def _ties(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    yield Change(field="ties", was="higher id first", becomes="lower id first", scoring="lower id first")


def _queries(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    for rule in ("with a document found", "with a relevant document"):
        yield Change(field="queries", was="all judged", becomes=rule, scoring=rule)


def _query_length(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    yield from _lengths(base, "query_length", values)


def _document_length(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    # Where no document is cut, a greater length is the same documents.
    grows = bool(base.result.search.get("truncated", 1))
    for change in _lengths(base, "document_length", values):
        was, becomes = int(change.was), int(change.becomes)
        if becomes < was or grows:
            yield replace(change, passes=becomes / was)


def _expand_queries(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    yield from _flag(base, "expand_queries")


def _attend_to_expansion(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    model = base.spec.model
    if isinstance(model, EncoderSpec) and model.expand_queries:
        yield from _flag(base, "attend_to_expansion")


def _skiplist(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    model = base.spec.model
    if isinstance(model, EncoderSpec) and model.pooling == "none":
        now = model.skiplist or "none"
        yield from (_run("skiplist", now, one, {"model.skiplist": one}) for one in _texts(values) if one != now)


def _join(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    dataset = base.spec.dataset
    if len(dataset.fields) > 1:
        others = (one for one in _texts(values) if one != dataset.join)
        yield from (_run("join", repr(dataset.join), repr(one), {"dataset.join": one}) for one in others)


def _text(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    dataset = base.spec.dataset
    if len(dataset.fields) > 1 and "text" in dataset.fields:
        was = " and ".join(dataset.fields)
        yield _run("text", was, "text alone", {"dataset.fields": ("text",)})


def _precision(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    if isinstance(base.spec.model, EncoderSpec):
        now = base.spec.precision
        yield from (_run("precision", now, one, {"precision": one}) for one in PRECISIONS if one != now)


def _dim_kind(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    now = dim_kind(base.spec, base.spec.dims[0])
    if now in ("head", "prefix"):
        other = "prefix" if now == "head" else "head"
        yield _run("dim_kind", now, other, {"model.dim_kind": other})


def _search(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    search = base.spec.search
    if isinstance(base.spec.model, EncoderSpec) and search.kind == "exact" and not absent():
        index = SearchSpec(kind="plaid", depth=search.depth, plaid=PlaidSpec())
        yield _run("search", "exact", "plaid", {"search": index})


def _bm25(base: Base, values: Sequence[Any]) -> Iterator[Change]:
    model = base.spec.model
    if isinstance(model, LexicalSpec):
        now = bm25_parameters(base.spec, model)
        for pair in values:
            if not isinstance(pair, Sequence) or len(pair) != 2 or not all(type(one) in (int, float) for one in pair):
                raise ConfigError("values.bm25", got=short(pair), expected="pairs of k1 and b")
            k1, b = float(pair[0]), float(pair[1])
            if (k1, b) != now:
                yield _run("bm25", f"k1={now[0]} b={now[1]}", f"k1={k1} b={b}", {"model.k1": k1, "model.b": b})


FIELDS: Mapping[str, Callable[[Base, Sequence[Any]], Iterator[Change]]] = {
    "drop_self": _drop_self,
    "ties": _ties,
    "queries": _queries,
    "query_length": _query_length,
    "expand_queries": _expand_queries,
    "attend_to_expansion": _attend_to_expansion,
    "bm25": _bm25,
    "skiplist": _skiplist,
    "join": _join,
    "text": _text,
    "document_length": _document_length,
    "precision": _precision,
    "dim_kind": _dim_kind,
    "search": _search,
}
"""Field -> the changes of it; of those that cost the same, the first is tried first."""


def _run(field: str, was: str, becomes: str, settings: Mapping[str, Any]) -> Change:
    return Change(field=field, was=was, becomes=becomes, settings=tuple(settings.items()), passes=1.0)


def _flag(base: Base, name: str) -> Iterator[Change]:
    model = base.spec.model
    if isinstance(model, EncoderSpec) and model.pooling == "none":
        now = bool(getattr(model, name))
        yield _run(name, str(now).lower(), str(not now).lower(), {f"model.{name}": not now})


def _lengths(base: Base, name: str, values: Sequence[Any]) -> Iterator[Change]:
    model = base.spec.model
    now = getattr(model, name) if isinstance(model, EncoderSpec) else None
    if now is None:
        return
    for length in dict.fromkeys(_length(name, value, now) for value in values):
        if length != now:
            yield _run(name, str(now), str(length), {f"model.{name}": length})


def _length(name: str, value: Any, now: int) -> int:
    if value in ("half", "double"):
        return max(4, now // 2) if value == "half" else now * 2
    if type(value) is not int:
        raise ConfigError(f"values.{name}", got=short(value), expected="whole numbers, half or double")
    return value


def _texts(values: Sequence[Any]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise ConfigError("values", got=short(list(values)), expected="texts")
    return list(values)
