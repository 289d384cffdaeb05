"""A protocol field at another value, and the job that is to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from harness.report.record import Result
from harness.spec import RunSpec


@dataclass(frozen=True, kw_only=True)
class Change:
    """One protocol field at another value."""

    field: str
    was: str
    becomes: str
    settings: tuple[tuple[str, Any], ...] = ()
    """Settings of the job with their new values, as `model.query_length`; none for a change of the scoring."""
    scoring: str | None = None
    """The rule of harness.why.rescore, for a change of the scoring."""
    passes: float = 0.0
    """What it costs, in readings of the corpus such as the measured one; about."""

    @property
    def text(self) -> str:
        """The change in words."""
        return f"{self.field} {self.was} -> {self.becomes}"


class Base(NamedTuple):
    """What is to be explained: a job with one dimension and its result."""

    asked: RunSpec
    """As it was asked for: changes are made to it."""
    spec: RunSpec
    """With every setting filled in that the checkpoint says."""
    result: Result


def changed(spec: RunSpec, settings: Sequence[tuple[str, Any]]) -> RunSpec:
    """Return `spec` with settings as `model.query_length` or `precision` at new values.

    Raises:
        ConfigError: the job cannot have such a value.
    """
    for name, value in settings:
        group, _, inner = name.rpartition(".")
        changes: dict[str, Any] = {inner: value}
        if group:
            changes = {group: replace(getattr(spec, group), **changes)}
        spec = replace(spec, **changes)
    return spec
