"""Runs of other tools, runs of the harness with their sidecars, and what judgments and runs score."""

from __future__ import annotations

import hashlib
import math
import re
import struct
import tempfile
from pathlib import Path
from typing import Any

from harness.data.qrels import read_qrels
from harness.retrieve.run import Run, ranking
from harness.retrieve.trec import read_foreign_run, read_run, sidecar_path, write_run
from harness.score.evaluate import evaluate
from tests.faults.fuzz.data import plain_grades
from tests.faults.fuzz.kind import Kind, plain_json, refuse

FOREIGN = (
    b"q1 Q0 d1 1 12.5 bm25\nq1 Q0 d2 2 12.5 bm25\nq1\tQ0\td-3\t3\t-0.25\tbm25\n"
    b"q2 Q0 \xc3\xa9-4 1 1e-3 bm25\r\nq2 Q0 d1 2 0.000999999 bm25\n4 Q0 d5 1 3 bm25\n4 Q0 31 2 2 bm25\n"
)
SCORE = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
FOUND = {
    "q1": [("d1", 2.5), ("d2", 2.5), ("31", -0.125)],
    "q2": [("é-4", 1e-7)],
    "4": [("d5", 16777216.0), ("d1", 0.1)],
    "q9": [],
}
NAME = "mini-dim128"


def rounded(score: float) -> float:
    """Return a score in float32."""
    if not math.isfinite(score):
        refuse()
    try:
        return float(struct.unpack("<f", struct.pack("<f", score))[0])
    except OverflowError:
        return refuse()


def as_values(run: Run) -> Any:
    return run.name, {
        query: list(zip(one.doc_ids, one.scores.tolist(), strict=True)) for query, one in run.rankings.items()
    }


def read_foreign(folder: Path, content: bytes) -> Any:
    (folder / "run.trec").write_bytes(content)
    return as_values(read_foreign_run(folder / "run.trec"))


def plain_run(content: bytes) -> Any:
    content = content.removeprefix(b"\xef\xbb\xbf")
    names: list[str] = []
    found: dict[str, dict[str, float]] = {}
    pieces = content.split(b"\n")
    for number, piece in enumerate(pieces):
        line = piece.removesuffix(b"\r") if number < len(pieces) - 1 else piece
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            refuse()
        columns = [one for one in re.split(rb"[ \t]+", line) if one]
        if columns and (len(columns) != 6 or not SCORE.fullmatch(columns[4])):
            refuse()
        if columns:
            query, _, doc, _, score, name = (decoded(one) for one in columns)
            scores = found.setdefault(query, {})
            if doc in scores:
                refuse()
            scores[doc] = rounded(float(score))
            names.append(name)
    ordered = {query: in_order(scores) for query, scores in found.items()}
    tag = re.sub(r"[^A-Za-z0-9._=+-]", "-", names[0]).lstrip("._=+-")[:100] if names else refuse()
    return tag or "foreign", ordered


def decoded(column: bytes) -> str:
    try:
        return column.decode()
    except UnicodeDecodeError:
        return refuse()


def in_order(scores: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda one: (one[1], one[0].encode()), reverse=True)


def written() -> tuple[bytes, bytes]:
    """Return a run of the harness and its sidecar."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.trec")
        write_run(path, Run(NAME, {query: ranking(found) for query, found in FOUND.items()}), depth=3)
        return path.read_bytes(), sidecar_path(path).read_bytes()


OWN, SIDECAR = written()


def read_own(folder: Path, content: bytes) -> Any:
    (folder / "run.trec").write_bytes(content)
    (folder / "run.trec.json").write_bytes(SIDECAR)
    return as_values(read_run(folder / "run.trec"))


def plain_own(content: bytes) -> Any:
    return told_by_sidecar(SIDECAR) if content == OWN else refuse()


def read_sidecar(folder: Path, content: bytes) -> Any:
    (folder / "run.trec").write_bytes(OWN)
    (folder / "run.trec.json").write_bytes(content)
    return as_values(read_run(folder / "run.trec"))


def told_by_sidecar(content: bytes) -> Any:
    told = plain_json(content)
    if not isinstance(told, dict):
        refuse()
    name, found = plain_run(OWN)
    empty = told.get("empty")
    if not isinstance(empty, list) or not all(isinstance(one, str) for one in empty):
        refuse()
    if not all(empty) or re.search(r"[\x00-\x20\x7f\ud800-\udfff]", "".join(empty)):
        refuse()
    whole = {**{query: [] for query in empty}, **found}
    wanted = {"name": name, "rows": 6, "queries": len(whole), "sha256": hashlib.sha256(OWN).hexdigest()}
    if any(type(told.get(key)) is not type(value) or told[key] != value for key, value in wanted.items()):
        refuse()
    if type(told.get("depth")) is not int or told["depth"] < 3:
        refuse()
    return name, whole


QRELS = b"q1 0 d2 1\nq1 0 d1 0\nq1 0 x 2\nq2 0 \xc3\xa9-4 3\nq2 0 d1 1\n4 0 d5 0\n4 0 31 1\n"
MEASURES = ("nDCG@10", "RR@10", "R@2")


def read_scores(folder: Path, content: bytes) -> Any:
    """Score a damaged run by whole judgments, or a whole run by damaged judgments."""
    head, _, body = content.partition(b"\n")
    grades, run = (QRELS, body) if head == b"run" else (body, FOREIGN)
    (folder / "qrels.txt").write_bytes(grades)
    (folder / "run.trec").write_bytes(run)
    scores = evaluate(read_foreign_run(folder / "run.trec"), read_qrels(folder / "qrels.txt"), MEASURES)
    return {name: {query: round(value, 9) for query, value in values.items()} for name, values in scores.values.items()}


def plain_scores(content: bytes) -> Any:
    head, _, body = content.partition(b"\n")
    grades, run = (QRELS, body) if head == b"run" else (body, FOREIGN)
    judged, found = plain_grades(grades), plain_run(run)[1]
    if set(judged) != set(found) or any(abs(grade) > 1000 for one in judged.values() for grade in one.values()):
        refuse()
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for query in sorted(judged):
        gains = [max(0, judged[query].get(doc, 0)) for doc, _ in found[query]]
        ideal = sorted((max(0, grade) for grade in judged[query].values()), reverse=True)
        relevant = sum(gain > 0 for gain in ideal)
        first = next((rank for rank, gain in enumerate(gains[:10], 1) if gain > 0), None)
        values["nDCG@10"][query] = round(discounted(gains) / discounted(ideal), 9) if relevant else 0.0
        values["RR@10"][query] = round(1 / first, 9) if first else 0.0
        values["R@2"][query] = round(sum(gain > 0 for gain in gains[:2]) / relevant, 9) if relevant else 0.0
    return values


def discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:10], 1))


KINDS = (
    Kind("run of another tool", 1200, (FOREIGN,), read_foreign, plain_run),
    Kind("run", 300, (OWN,), read_own, plain_own),
    Kind("sidecar", 400, (SIDECAR,), read_sidecar, told_by_sidecar),
    Kind("score", 600, (b"run\n" + FOREIGN, b"qrels\n" + QRELS), read_scores, plain_scores),
)
