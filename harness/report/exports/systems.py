"""Under which name and revision a leaderboard may show a result, and what has to be told beside them.

A hub repository lends its name only to results of the registered checkpoint at the registered commit. Everything else
is called `local/<name>` at a revision that is the fingerprint of the weights themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model_spec import HUB_ID
from harness.report.exports.labels import WEIGHTS, safe_name
from harness.report.record import Result
from harness.report.registered import Registered, differences, unregistered

COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST = re.compile(r"[0-9a-f]{64}")
LOCAL = "local"
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class System:
    """One system as a leaderboard names it."""

    name: str
    """`owner/repository`, or `local/<name>`."""
    revision: str
    """The commit of the repository, or the fingerprint of the weights."""
    variant: Mapping[str, str]
    """What sets it apart from the system of that name and revision; empty for that system itself."""

    @property
    def published(self) -> bool:
        """Whether it is a repository of the hub."""
        return not self.name.startswith(f"{LOCAL}/")


def systems(results: Sequence[Result], known: Registered) -> list[System]:
    """Return the system of each result; two results of equal systems have no known setting that tells them apart."""
    plain = [_system(result, known) for result in results]
    settings = [unregistered(result, known) for result in results]
    met: dict[tuple[object, ...], set[str]] = {}
    for system, values in zip(plain, settings, strict=True):
        for name, value in values.items():
            met.setdefault((system.name, system.revision, name), set()).add(value)
    return [
        System(name=one.name, revision=one.revision, variant={**one.variant, **_several(one, values, met)})
        for one, values in zip(plain, settings, strict=True)
    ]


def _several(system: System, values: Mapping[str, str], met: Mapping[tuple[object, ...], set[str]]) -> dict[str, str]:
    return {name: value for name, value in values.items() if len(met[system.name, system.revision, name]) > 1}


def _system(result: Result, known: Registered) -> System:
    found = {one.name: one.value for one in differences(result, known)}
    place = None if result.model not in known.models or found.keys() & set(WEIGHTS) else _repository(result)
    variant = {name: value for name, value in found.items() if name not in WEIGHTS}
    if result.dim_kind == "prefix" or (place is None and result.dim_kind == "head"):
        variant |= {"dim": str(result.dim), "dim_kind": str(result.dim_kind)}
    name, revision = place or (f"{LOCAL}/{result.model}", _fingerprint(result))
    return System(name=name, revision=revision, variant=dict(sorted(variant.items())))


def _repository(result: Result) -> tuple[str, str] | None:
    """Return the hub repository, with its commit, whose weights made the result; None where there is none."""
    model = result.spec["model"]
    path, revision = model.get("path"), model.get("revision")
    if result.dim_kind == "head":
        head: dict[str, Any] = next((one for one in model.get("heads") or () if one.get("dim") == result.dim), {})
        path, revision = str(head.get("path", "")).replace("{path}", str(path)), head.get("revision")
    pinned = isinstance(revision, str) and COMMIT.fullmatch(revision)
    return (str(path), str(revision)) if pinned and HUB_ID.fullmatch(str(path)) else None


def _fingerprint(result: Result) -> str:
    prints = result.provenance.get("fingerprints")
    found = str((prints.get("model") if isinstance(prints, dict) else None) or UNKNOWN)
    # Of weights it is a digest; of BM25 it names the analysers.
    return found[:40] if DIGEST.fullmatch(found) else safe_name(found)
