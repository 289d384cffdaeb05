"""What many results have in common, said once: the way they were made, and the collection they were made on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.report.commands import command_line
from harness.report.page.anchors import Anchors
from harness.report.page.plain import Pairs, inner, pairs
from harness.report.record import Result

MACHINE = ("device", "dtype", "attention", "threads", "cores", "processor", "platform", "python")
COLLECTION = ("documents", "queries", "qrels")
NO_COMMIT = "not recorded (an installed package)"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Facts under one heading, with an id that results point to."""

    id: str
    title: str
    command: str
    """The command line that does it again; empty where none is recorded, or none belongs here."""
    groups: tuple[tuple[str, Pairs], ...]
    """Headings with their facts; none is empty."""


class Shelf:
    """Blocks of one page, in the order in which they are first needed; equal ones are one."""

    def __init__(self, anchors: Anchors, kind: str) -> None:
        """Begin empty; ids are `kind` and a number."""
        self._anchors, self._kind = anchors, kind
        self._blocks: dict[str, Block] = {}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks."""
        return tuple(self._blocks.values())

    def put(self, title: str, command: str, groups: Mapping[str, Pairs]) -> Block:
        """Return the block with these facts, a new one if there is none yet."""
        full = tuple((name, facts) for name, facts in groups.items() if facts)
        key = json.dumps([title, command, full])
        if key not in self._blocks:
            numbered = f"{len(self._blocks) + 1}"
            self._blocks[key] = Block(
                id=self._anchors.give(self._kind, numbered), title=title, command=command, groups=full
            )
        return self._blocks[key]


def put_way(shelf: Shelf, result: Result) -> Block:
    """Return the block of how `result` was made: command, code, settings, machine, libraries."""
    made = result.provenance
    settled = inner(made, "model") or inner(result.spec, "model")
    where = [str(made[name]) for name in ("device", "dtype") if made.get(name) is not None]
    groups = {
        "Code": _code(made),
        "Model": pairs(settled),
        "Search": pairs(inner(result.spec, "search")),
        "Engine": (("precision", str(result.precision)), *pairs(inner(result.spec, "engine"))),
        "Machine": pairs(made, MACHINE),
        "Libraries": pairs(inner(made, "libraries")),
        "Weights": pairs(inner(made, "fingerprints"), ("model",)),
    }
    return shelf.put(" ".join([result.model, *(["on", *where] if where else [])]), command_line(result), groups)


def put_collection(shelf: Shelf, result: Result) -> Block:
    """Return the block of what `result` was measured on: how it was read, what was found, fingerprints."""
    groups = {
        "Read as": pairs(inner(result.spec, "dataset")),
        "Found": pairs(result.counts),
        "Fingerprints": pairs(inner(result.provenance, "fingerprints"), COLLECTION),
    }
    return shelf.put(result.row, "", groups)


def _code(made: Mapping[str, Any]) -> Pairs:
    commit = made.get("commit")
    known = {True: "yes", False: "no"}
    dirty = known.get(bool(made["dirty"]), "") if made.get("dirty") is not None else "not recorded"
    return (("commit", str(commit) if commit else NO_COMMIT), ("uncommitted changes", dirty), *pairs(made, ["harness"]))
