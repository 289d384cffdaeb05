"""Results: a number, and everything that made it."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.report.record import Result, read_result, write_result
from harness.score.scores import Scores
from tests.faults.fuzz.kind import Kind, RefusedError, as_text, plain_json, refuse

VALUES = {
    "nDCG@10": {"q1": 0.6309297535714575, "q2": 1.0, "q3": 0.0},
    "RR@10": {"q1": 0.5, "q2": 1.0, "q3": 0.3333333333333333},
}
RESULT = Result(
    key="0123456789abcdef",
    model="mini",
    dim=128,
    dim_kind="full",
    dataset="scifact",
    language=None,
    measure="nDCG@10",
    scores=Scores(VALUES, missing=("q3",)),
    counts={"documents": 5183, "queries": 3, "qrels": 339},
    search={"documents": 5183, "tokens": 1048576, "empty": 0},
    spec={"dataset": {"name": "scifact", "bm25_k1": 0.9}, "model": {"name": "mini", "dims": [128, 64]}, "out": "runs"},
    provenance={"harness": "0.1.0", "commit": None, "finished": "2026-01-02T03:04:05+00:00", "stages": {"read": 0.5}},
)


def written() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_result(Path(folder, "result.json"), RESULT)
        return Path(folder, "result.json").read_bytes()


WHOLE = written()
OLD = b"\n".join(line for line in WHOLE.split(b"\n") if not line.startswith(b' "sha256"'))
"""As it was written before results had a SHA-256."""


def read_one(folder: Path, content: bytes) -> Any:
    (folder / "result.json").write_bytes(content)
    return as_text(asdict(read_result(folder / "result.json")))


def plain_result(content: bytes) -> Any:
    data = plain_json(content)
    try:
        check = data.pop("sha256", None)
        if check not in (None, hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()):
            refuse()
        # A record may be older than its field `ties`.
        data.setdefault("ties", None)
        if set(data) != {*KINDS_OF, "scores", "schema"}:
            refuse()
        if data["schema"] != 1 or any(type(data[name]) not in kinds for name, kinds in KINDS_OF.items()):
            refuse()
        values, means = data["scores"]["values"], data["scores"].pop("means")
        for measure, found in values.items():
            if not all(type(one) in (int, float) and 0 <= one <= 1 for one in found.values()):
                refuse()
            if means[measure] != math.fsum(found.values()) / len(found):
                refuse()
        queries = set(values[data["measure"]])
        if not queries or any(set(found) != queries for found in values.values()) or set(means) != set(values):
            refuse()
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise RefusedError from error
    return as_text(data)


KINDS_OF = {"dim": (int, type(None)), "dim_kind": (str, type(None)), "language": (str, type(None))}
KINDS_OF |= {"ties": (dict, type(None))}
KINDS_OF |= dict.fromkeys(("key", "model", "dataset", "measure"), (str,))
KINDS_OF |= dict.fromkeys(("counts", "search", "spec", "provenance"), (dict,))
KINDS = (
    Kind("result", 600, (WHOLE,), read_one, plain_result),
    Kind("result of an older version", 350, (OLD,), read_one, plain_result, strict=False),
)
